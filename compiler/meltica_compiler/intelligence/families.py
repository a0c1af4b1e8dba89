"""Names of declarations, and of the members of families that `for` makes of one."""

from __future__ import annotations

from collections.abc import Iterator

from meltica_compiler.graph.graph import Graph
from meltica_compiler.intelligence.suggestion import Knowledge, Shape, Suggestion
from meltica_compiler.intelligence.values import describe, local_names
from meltica_dsl import syntax
from meltica_dsl.intelligence.cursor import Caret
from meltica_dsl.intelligence.occurrences import modifiers_of
from meltica_dsl.resolve.scope import Noun


def node_names(caret: Caret, known: Knowledge, *nouns: Noun) -> Iterator[Suggestion]:
    """Declared names, those of whole families among them, and the members of families."""
    for noun in nouns:
        for name in known.index.names(noun):
            yield from members(noun, name, caret, known)
            yield _named(noun, name, name, known)


def single_names(caret: Caret, known: Knowledge, *nouns: Noun) -> Iterator[Suggestion]:
    """Names where exactly one thing is wanted: of a family its members."""
    for noun in nouns:
        for name in known.index.names(noun):
            found = tuple(members(noun, name, caret, known))
            yield from found or (_named(noun, name, name, known),)


def members(noun: Noun, name: str, caret: Caret, known: Knowledge) -> Iterator[Suggestion]:
    """The members of a family as the last sound graph has them, and the one that a `for` around the caret
    picks; none for a name that is no family's."""
    declaration = known.index.declaration(noun, name)
    count = _repeats(declaration) if declaration is not None else 0
    if not count:
        return
    variables = local_names(caret)
    if len(variables) == count and caret.keyword != "stage":
        yield _named(noun, name, f"{name}[{', '.join(variables)}]", known)
    for full in _full_names(known.graph, noun):
        if full.startswith(f"{name}["):
            yield _named(noun, name, full, known)


def index_suggestions(name: str, caret: Caret, known: Knowledge) -> Iterator[Suggestion]:
    """What may stand between the brackets behind the name of a family."""
    for noun in Noun:
        if name in known.index.names(noun):
            for member in members(noun, name, caret, known):
                key = member.label.partition("[")[2].removesuffix("]")
                yield Suggestion(key, Shape.VALUE, member.label, rank=1)


def _repeats(declaration: syntax.Declaration) -> int:
    return sum(isinstance(modifier, syntax.Repeat) for modifier in modifiers_of(declaration))


def _full_names(graph: Graph | None, noun: Noun) -> tuple[str, ...]:
    if graph is None:
        return ()
    names = {
        Noun.PROVIDER: (node.name for node in graph.providers),
        Noun.ROUTE: (node.name for node in graph.routes),
        Noun.STRATEGY: (node.name for node in graph.strategies),
        Noun.SINK: (node.name for node in graph.sinks),
        Noun.POOL: (edge.pool for edge in graph.edges),
        Noun.RISK: (node.risk.name for node in graph.strategies if node.risk is not None),
    }
    return tuple(dict.fromkeys(names.get(noun, ())))


def _named(noun: Noun, name: str, label: str, known: Knowledge) -> Suggestion:
    return Suggestion(label, Shape.CONSTANT, describe(known.index, noun, name), rank=1)
