"""Names of declarations, and of the members of families that `for` makes of one."""

from __future__ import annotations

from collections.abc import Iterator

from meltica_compiler.graph.graph import Graph
from meltica_compiler.intelligence.suggestion import Knowledge, Shape, Suggestion
from meltica_compiler.intelligence.values import describe, local_names
from meltica_dsl import syntax
from meltica_dsl.intelligence.cursor import Cursor
from meltica_dsl.intelligence.occurrences import modifiers_of
from meltica_dsl.resolve.scope import DeclKind


def node_names(cursor: Cursor, known: Knowledge, *decl_kinds: DeclKind) -> Iterator[Suggestion]:
    """Declared names, those of whole families among them, and the members of families."""
    for decl_kind in decl_kinds:
        for name in known.index.names(decl_kind):
            yield from members(decl_kind, name, cursor, known)
            yield _named(decl_kind, name, name, known)


def single_names(cursor: Cursor, known: Knowledge, *decl_kinds: DeclKind) -> Iterator[Suggestion]:
    """Names where exactly one thing is wanted: of a family its members."""
    for decl_kind in decl_kinds:
        for name in known.index.names(decl_kind):
            found = tuple(members(decl_kind, name, cursor, known))
            yield from found or (_named(decl_kind, name, name, known),)


def members(decl_kind: DeclKind, name: str, cursor: Cursor, known: Knowledge) -> Iterator[Suggestion]:
    """The members of a family as the last sound graph has them, and the one that a `for` around the cursor
    picks; none for a name that is no family's."""
    declaration = known.index.declaration(decl_kind, name)
    count = _repeats(declaration) if declaration is not None else 0
    if not count:
        return
    variables = local_names(cursor)
    if len(variables) == count and cursor.keyword != "stage":
        yield _named(decl_kind, name, f"{name}[{', '.join(variables)}]", known)
    for full in _full_names(known.graph, decl_kind):
        if full.startswith(f"{name}["):
            yield _named(decl_kind, name, full, known)


def index_suggestions(name: str, cursor: Cursor, known: Knowledge) -> Iterator[Suggestion]:
    """What may stand between the brackets behind the name of a family."""
    for decl_kind in DeclKind:
        if name in known.index.names(decl_kind):
            for member in members(decl_kind, name, cursor, known):
                key = member.label.partition("[")[2].removesuffix("]")
                yield Suggestion(key, Shape.VALUE, member.label, rank=1)


def _repeats(declaration: syntax.Declaration) -> int:
    return sum(isinstance(modifier, syntax.Repeat) for modifier in modifiers_of(declaration))


def _full_names(graph: Graph | None, decl_kind: DeclKind) -> tuple[str, ...]:
    if graph is None:
        return ()
    names = {
        DeclKind.PROVIDER: (node.name for node in graph.providers),
        DeclKind.ROUTE: (node.name for node in graph.routes),
        DeclKind.STRATEGY: (node.name for node in graph.strategies),
        DeclKind.SINK: (node.name for node in graph.sinks),
        DeclKind.POOL: (edge.pool for edge in graph.edges),
        DeclKind.RISK: (node.risk.name for node in graph.strategies if node.risk is not None),
    }
    return tuple(dict.fromkeys(names.get(decl_kind, ())))


def _named(decl_kind: DeclKind, name: str, label: str, known: Knowledge) -> Suggestion:
    return Suggestion(label, Shape.CONSTANT, describe(known.index, decl_kind, name), rank=1)
