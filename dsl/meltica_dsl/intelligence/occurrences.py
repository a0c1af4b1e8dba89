"""Where each name is declared and where it is used, by syntax alone and so also in files with errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from meltica_dsl import syntax
from meltica_dsl.intelligence.vocabulary import KEYS
from meltica_dsl.model.fields import EVENT_BY_NAME, EVENTS, EventType
from meltica_dsl.model.scenario import VERBS
from meltica_dsl.resolve.scope import TARGETS, DeclKind, declares
from meltica_dsl.syntax import Expr, Name
from meltica_dsl.syntax.walk import amount_of, walk
from meltica_dsl.text.source import Span


class Local(Enum):
    """Names that count within one declaration only; the value is how people are told."""

    PARAMETER = "parameter"
    VARIABLE = "variable"


class Binding(NamedTuple):
    """What a name stands for. `home` is the declaration of a local name, None for others."""

    kind: DeclKind | Local
    name: str
    home: Span | None = None


class Occurrence(NamedTuple):
    binding: Binding
    span: Span
    is_definition: bool


class Index(Struct, frozen=True, dict=True):
    """Every occurrence in a family of files, in the order of the files and their text."""

    files: tuple[syntax.File, ...]
    occurrences: tuple[Occurrence, ...]

    @cached_property
    def _by_binding(self) -> Mapping[Binding, tuple[Occurrence, ...]]:
        found: dict[Binding, list[Occurrence]] = {}
        for occurrence in self.occurrences:
            found.setdefault(occurrence.binding, []).append(occurrence)
        return {binding: tuple(items) for binding, items in found.items()}

    def at(self, path: str, offset: int) -> Occurrence | None:
        """The name at a place; right behind its last letter is still at it."""
        return next(
            (o for o in self.occurrences if o.span.path == path and o.span.start <= offset <= o.span.end),
            None,
        )

    def of(self, binding: Binding) -> tuple[Occurrence, ...]:
        return self._by_binding.get(binding, ())

    def definition(self, binding: Binding) -> Occurrence | None:
        return next((o for o in self.of(binding) if o.is_definition), None)

    def names(self, decl_kind: DeclKind) -> tuple[str, ...]:
        """The declared names of a kind, each once."""
        return tuple(
            t.name for t, items in self._by_binding.items() if t.kind is decl_kind and items[0].is_definition
        )

    def declaration(self, decl_kind: DeclKind, name: str) -> syntax.Declaration | None:
        return self._declarations.get((decl_kind, name))

    @cached_property
    def _declarations(self) -> Mapping[tuple[DeclKind, str], syntax.Declaration]:
        found: dict[tuple[DeclKind, str], syntax.Declaration] = {}
        for file in self.files:
            for declaration in file.declarations:
                declared = declares(declaration)
                if declared is not None:
                    found.setdefault((declared[0], declared[1].text), declaration)
        return found

    def event_of(self, route: syntax.RouteDecl) -> EventType | None:
        """What a route carries at its beginning, as its first source says."""
        return _event_of(route, self._declarations, frozenset())


def index(files: Iterable[syntax.File]) -> Index:
    files = tuple(files)
    definitions = [found for file in files for found in _definitions(file)]
    # Definitions come first, so that a binding's first occurrence tells whether it is declared at all.
    finder = _Finder(Index(files, tuple(definitions)))
    uses = [use for file in files for d in file.declarations for use in finder.uses(d)]
    return Index(files, (*definitions, *uses))


def _definitions(file: syntax.File) -> Iterator[Occurrence]:
    for declaration in file.declarations:
        if isinstance(declaration, syntax.UnreadableDecl):
            decl_kind = next(
                (decl_kind for decl_kind in DeclKind if decl_kind.value == declaration.keyword), None
            )
            if decl_kind is not None and declaration.name is not None:
                yield Occurrence(Binding(decl_kind, declaration.name.text), declaration.name.span, True)
            continue
        declared = declares(declaration)
        if declared is not None:
            yield Occurrence(Binding(declared[0], declared[1].text), declared[1].span, True)
        for name, kind in _locals(declaration):
            yield Occurrence(Binding(kind, name.text, declaration.span), name.span, True)


def _locals(declaration: syntax.Declaration) -> Iterator[tuple[Name, Local]]:
    if isinstance(declaration, syntax.StageDecl):
        yield from ((parameter, Local.PARAMETER) for parameter in declaration.parameters)
    for modifier in modifiers_of(declaration):
        if isinstance(modifier, syntax.Repeat):
            yield modifier.variable, Local.VARIABLE


def modifiers_of(declaration: syntax.Declaration) -> tuple[syntax.Modifier, ...]:
    return declaration.modifiers if isinstance(declaration, syntax.RepeatableDecl) else ()


def _event_of(
    route: syntax.RouteDecl, declared: Mapping[tuple[DeclKind, str], syntax.Declaration], seen: frozenset[str]
) -> EventType | None:
    if any(isinstance(call, syntax.KlineStage) for call in route.calls) and seen:
        return EVENT_BY_NAME["kline"]
    for source in route.sources:
        if source.event is not None:
            return EVENT_BY_NAME.get(source.event.text)
        upstream = declared.get((DeclKind.ROUTE, source.owner.name.text))
        if isinstance(upstream, syntax.RouteDecl) and source.owner.name.text not in seen:
            return _event_of(upstream, declared, seen | {source.owner.name.text})
    return None


_SUBJECTS = (DeclKind.STRATEGY, DeclKind.SINK, DeclKind.ROUTE, DeclKind.PROVIDER)
"""What an expectation may be about, in the order in which a name is taken."""

_ALL_FIELDS = frozenset(field.name for event in EVENTS for field in event.fields if not field.hidden)

_NAMING = {
    (decl_kind, key.name): key.decl_kinds
    for decl_kind, keys in KEYS.items()
    for key in keys
    if key.decl_kinds
}
"""Keys whose value names a declaration."""


class _ExprScope(Struct, frozen=True):
    """Where an expression stands: the names of its declaration, the fields that hide others, and whether
    other bare names are most likely those of providers, as in conditions, lists of `for` and indexes."""

    locals: Mapping[str, Binding]
    fields: frozenset[str] = frozenset()
    names_providers: bool = False


class _Finder:
    def __init__(self, declared: Index) -> None:
        self._declared = declared
        self._bindings = {occurrence.binding for occurrence in declared.occurrences}

    def uses(self, declaration: syntax.Declaration) -> Iterator[Occurrence]:
        scope = _ExprScope(
            {n.text: Binding(kind, n.text, declaration.span) for n, kind in _locals(declaration)}
        )
        for modifier in modifiers_of(declaration):
            expr = modifier.items if isinstance(modifier, syntax.Repeat) else modifier.condition
            yield from self._expression(expr, _ExprScope(scope.locals, names_providers=True))
        match declaration:
            case syntax.LetDecl():
                yield from self._expression(declaration.value, scope)
            case syntax.PipelineDecl() | syntax.ProviderDecl() | syntax.PoolDecl() | syntax.RiskDecl():
                yield from self._block(declaration.body, _keyword(declaration), scope)
            case syntax.PlaceDecl() | syntax.SinkDecl():
                yield from self._block(declaration.body, _keyword(declaration), scope)
            case syntax.StrategyDecl():
                yield from self._expression(declaration.selector, scope)
                yield from self._block(declaration.body, "strategy", scope)
            case syntax.StageDecl():
                fields = _ALL_FIELDS - scope.locals.keys()
                yield from self._stages(declaration.calls, _ExprScope(scope.locals, fields, True))
            case syntax.RouteDecl():
                yield from self._route(declaration, scope)
            case syntax.TestDecl():
                for step in declaration.steps:
                    yield from self._step(step, scope)
            case _:
                return

    def _route(self, route: syntax.RouteDecl, scope: _ExprScope) -> Iterator[Occurrence]:
        yield from self._node(route.pool, scope, DeclKind.POOL)
        for source in route.sources:
            decl_kinds = (DeclKind.PROVIDER,) if source.event else (DeclKind.ROUTE, DeclKind.PROVIDER)
            yield from self._node(source.owner, scope, *decl_kinds)
        event = self._declared.event_of(route)
        fields = frozenset(field.name for field in event.fields if not field.hidden) if event else _ALL_FIELDS
        yield from self._stages(route.calls, _ExprScope(scope.locals, fields - scope.locals.keys(), True))
        for target in route.targets:
            yield from self._node(target, scope, *TARGETS)

    def _stages(self, calls: Iterable[syntax.StageCall], scope: _ExprScope) -> Iterator[Occurrence]:
        constant = _ExprScope(scope.locals)
        for call in calls:
            match call:
                case syntax.WhereStage():
                    yield from self._expression(call.condition, scope)
                case syntax.NamedStage():
                    yield from self._named(call.name, DeclKind.STAGE)
                    for argument in call.arguments:
                        yield from self._expression(argument, scope)
                case syntax.MergeStage():
                    continue
                case _:
                    yield from self._expression(amount_of(call), constant)

    def _step(self, step: syntax.TestStep, scope: _ExprScope) -> Iterator[Occurrence]:
        if not isinstance(step, syntax.ExpectStep):
            yield from self._expression(step.time, scope)
        match step:
            case syntax.EventStep():
                yield from self._node(step.provider, scope, DeclKind.PROVIDER)
                yield from self._block(step.body, "event", scope)
            case syntax.FaultStep() | syntax.RecordingStep():
                yield from self._node(step.provider, scope, DeclKind.PROVIDER)
            case syntax.ExpectStep():
                # Where a name means several things, the first that can do what the verb says is meant.
                able = [s for s, verbs in VERBS.items() if step.verb.text in {verb.value for verb in verbs}]
                decl_kinds = sorted((DeclKind(subject.value) for subject in able), key=_SUBJECTS.index)
                yield from self._node(step.node, scope, *decl_kinds)
                for phrase in step.phrases:
                    for match in phrase.fields if isinstance(phrase, syntax.Matches) else ():
                        yield from self._expression(match.value, replace(scope, names_providers=True))

    def _block(
        self, body: syntax.ObjectLiteral | None, keyword: str, scope: _ExprScope
    ) -> Iterator[Occurrence]:
        for entry in body.entries if body is not None else ():
            decl_kinds = _NAMING.get((keyword, entry.key.text), ())
            if not decl_kinds:
                yield from self._expression(entry.value, scope)
                continue
            for part in walk(entry.value):
                if isinstance(part, syntax.Indexed):
                    yield from self._named(part.name, *decl_kinds)
                elif isinstance(part, syntax.Reference):
                    yield from self._reference(part, scope) or self._named(
                        Name(part.name, part.span), *decl_kinds
                    )

    def _expression(self, expr: Expr, scope: _ExprScope) -> Iterator[Occurrence]:
        for part in walk(expr):
            if isinstance(part, syntax.Indexed):
                yield from self._named(part.name, DeclKind.PROVIDER, *TARGETS)
            if isinstance(part, syntax.Reference) and part.name not in scope.fields:
                found = self._reference(part, scope)
                if not found and scope.names_providers:
                    found = list(self._named(Name(part.name, part.span), DeclKind.PROVIDER))
                yield from found

    def _reference(self, part: syntax.Reference, scope: _ExprScope) -> list[Occurrence]:
        """A bare name as a local name or a constant; nothing where it is neither."""
        binding = scope.locals.get(part.name) or Binding(DeclKind.LET, part.name)
        return [Occurrence(binding, part.span, False)] if binding in self._bindings else []

    def _node(self, node: syntax.NodeRef, scope: _ExprScope, *decl_kinds: DeclKind) -> Iterator[Occurrence]:
        name = node.name
        local = scope.locals.get(name.text)
        if local is not None:
            yield Occurrence(local, name.span, False)
        else:
            yield from self._named(name, *decl_kinds)
        for key in node.keys:
            yield from self._expression(key, _ExprScope(scope.locals, names_providers=True))

    def _named(self, name: Name, *decl_kinds: DeclKind) -> Iterator[Occurrence]:
        """A name where one of these kinds is wanted: of the first that declares it, if any does."""
        known = [decl_kind for decl_kind in decl_kinds if Binding(decl_kind, name.text) in self._bindings]
        if known:
            yield Occurrence(Binding(known[0], name.text), name.span, False)


def _keyword(declaration: syntax.Declaration) -> str:
    declared = declares(declaration)
    return declared[0].value if declared is not None else "pipeline"
