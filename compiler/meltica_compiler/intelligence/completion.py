"""Completion: for each kind of place, what may stand there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from meltica_compiler.adapters.adapters import ADAPTERS
from meltica_compiler.adapters.sinks import SINK_KINDS
from meltica_compiler.intelligence.blocks import block_keys
from meltica_compiler.intelligence.conditions import operand_suggestions, route_event
from meltica_compiler.intelligence.expectations import expectation_suggestions, step_suggestions
from meltica_compiler.intelligence.families import index_suggestions, node_names, single_names
from meltica_compiler.intelligence.suggestion import Knowledge, Shape, Suggestion, words
from meltica_compiler.intelligence.values import (
    constants,
    events_of,
    key_suggestion,
    symbols,
    unit_suggestions,
    value_suggestions,
)
from meltica_dsl import syntax
from meltica_dsl.intelligence.completion_context import (
    CompletionContext,
    Role,
    completion_context,
    given_keys,
)
from meltica_dsl.intelligence.cursor import Cursor
from meltica_dsl.intelligence.vocabulary import DECLARATIONS, STAGES, Key, ValueKind
from meltica_dsl.model.fields import EVENT_BY_NAME
from meltica_dsl.model.scenario import FaultKind
from meltica_dsl.resolve.scope import TARGETS, DeclKind

_AMOUNTS = {
    "dedupe": Key("within", (ValueKind.DURATION,), "", "60s"),
    "conflate": Key("every", (ValueKind.DURATION,), "", "100ms"),
    "sample": Key("sample", (ValueKind.WHOLE,), "", "10"),
    "depth": Key("depth", (ValueKind.WHOLE,), "", "10"),
    "throttle": Key("throttle", (ValueKind.RATE,), "", "100/s"),
    "kline": Key("kline", (ValueKind.DURATION,), "", "1m"),
}
_AT = Key("at", (ValueKind.DURATION,), "", "0ms")

_ONLY_FOR = {"depth": "book", "kline": "trade"}
"""Stages that take one type of event."""

_MAY_BE_LEFT = frozenset(
    {Role.DECLARATION, Role.NEW_NAME, Role.KEY, Role.OPERATOR, Role.STEP, Role.EXPECTED, Role.OTHER}
)

_BEGINNING_ROLES = frozenset({Role.DECLARATION, Role.OPERATOR, Role.OTHER})
"""Roles beside which a new declaration may begin."""


def complete(cursor: Cursor, known: Knowledge) -> tuple[Suggestion, ...]:
    """What may be written at the cursor, each once, the likeliest first."""
    context = completion_context(cursor)
    if cursor.in_string and context.role is not Role.SELECTOR:
        return ()
    found: dict[str, Suggestion] = {}
    for suggestion in (*_suggestions(context, cursor, known), *_everywhere(context, cursor)):
        found.setdefault(suggestion.label, suggestion)
    return tuple(sorted(found.values(), key=lambda suggestion: suggestion.rank))


def is_needed(cursor: Cursor) -> bool:
    """Whether something has to stand at the cursor, so that it helps to be offered what without asking."""
    return completion_context(cursor).role not in _MAY_BE_LEFT


def _everywhere(context: CompletionContext, cursor: Cursor) -> Iterator[Suggestion]:
    """Beginnings of declarations, and the words that the grammar wants."""
    begins = cursor.may_begin and context.role in _BEGINNING_ROLES
    if begins:
        for keyword, form in DECLARATIONS.items():
            yield Suggestion(keyword, Shape.DECLARATION, form.form, form.doc, form.snippet, 6)
    if context.role in (Role.OTHER, Role.OPERATOR, Role.NEW_NAME):
        skipped = {*DECLARATIONS, *STAGES, *(("and", "or", "in", "not") if begins else ())}
        yield from words((w for w in cursor.keywords if w not in skipped), Shape.KEYWORD)


def _suggestions(context: CompletionContext, cursor: Cursor, known: Knowledge) -> Iterable[Suggestion]:  # noqa: PLR0911, PLR0912 - one for each role
    match context.role:
        case Role.KEY:
            return _keys(context, cursor, known)
        case Role.VALUE:
            return _values(context, cursor, known)
        case Role.POOL:
            return single_names(cursor, known, DeclKind.POOL)
        case Role.SOURCE:
            return _sources(cursor, known)
        case Role.PROVIDER:
            return single_names(cursor, known, DeclKind.PROVIDER)
        case Role.INDEX:
            return index_suggestions(context.key, cursor, known)
        case Role.EVENT:
            return _events(context, known)
        case Role.STAGE:
            return _stages(cursor, known)
        case Role.OPERAND:
            return operand_suggestions(context, cursor, known)
        case Role.AMOUNT:
            return value_suggestions(_AMOUNTS[context.stage], cursor, known, in_list=False)
        case Role.TARGET:
            listed = {token.text for token in cursor.tokens[_arrow(cursor) :]}
            return (target for target in node_names(cursor, known, *TARGETS) if target.label not in listed)
        case Role.SELECTOR:
            return _selectors(cursor, known)
        case Role.SINK_KIND:
            return (
                Suggestion(kind, Shape.CHOICE, "sink", spec.description) for kind, spec in SINK_KINDS.items()
            )
        case Role.SYMBOL_WORD:
            return words(("symbol",), Shape.KEYWORD)
        case Role.STEP:
            return step_suggestions()
        case Role.FAULT:
            return words((fault.value for fault in FaultKind), Shape.KEYWORD)
        case Role.EXPECTED:
            return expectation_suggestions(context, known)
        case _:
            return ()


def _keys(context: CompletionContext, cursor: Cursor, known: Knowledge) -> Iterator[Suggestion]:
    given = given_keys(cursor)
    for key in block_keys(context, cursor, known):
        if key.name not in given:
            yield key_suggestion(key, cursor, known)


def _values(context: CompletionContext, cursor: Cursor, known: Knowledge) -> Iterator[Suggestion]:
    if context.key == "at":
        yield from value_suggestions(_AT, cursor, known, in_list=False)
        return
    if cursor.keyword == "provider" and context.key == "adapter" and not context.keys:
        for adapter, spec in ADAPTERS.items():
            yield Suggestion(adapter, Shape.CHOICE, spec.display_name, spec.description, rank=1)
        return
    key = next((key for key in block_keys(context, cursor, known) if key.name == context.key), None)
    if key is not None and ValueKind.NAME in (*key.wanted, *key.items) and cursor.word.kind != "LITERAL":
        found = (
            node_names(cursor, known, *key.decl_kinds)
            if key.items
            else single_names(cursor, known, *key.decl_kinds)
        )
        yield from found
        yield from constants(known.index, cursor)
    elif key is not None:
        yield from value_suggestions(key, cursor, known, in_list=context.in_list)
    elif cursor.word.kind == "LITERAL":
        yield from unit_suggestions(Key("", tuple(ValueKind), ""), cursor.typed)
    else:
        yield from constants(known.index, cursor)
        yield from words(symbols(known.index), Shape.VALUE, "symbol", rank=5)
        yield from words(("true", "false"), Shape.CHOICE, rank=6)


def _sources(cursor: Cursor, known: Knowledge) -> Iterator[Suggestion]:
    for provider in node_names(cursor, known, DeclKind.PROVIDER):
        for event in events_of(known.index, provider.label.partition("[")[0]):
            yield Suggestion(
                f"{provider.label}.{event}", Shape.EVENT, provider.detail, EVENT_BY_NAME[event].doc, rank=1
            )
        yield provider
    yield from node_names(cursor, known, DeclKind.ROUTE)


def _events(context: CompletionContext, known: Knowledge) -> Iterator[Suggestion]:
    for event in events_of(known.index, context.key):
        yield Suggestion(event, Shape.EVENT, "event", EVENT_BY_NAME[event].doc, rank=1)


def _stages(cursor: Cursor, known: Knowledge) -> Iterator[Suggestion]:
    event = route_event(cursor, known)
    for name in known.index.names(DeclKind.STAGE):
        declaration = known.index.declaration(DeclKind.STAGE, name)
        parameters = declaration.parameters if isinstance(declaration, syntax.StageDecl) else ()
        shown = ", ".join(parameter.text for parameter in parameters)
        places = ", ".join(f"${{{n}:{p.text}}}" for n, p in enumerate(parameters, start=1))
        insert = f"{name}({places})" if parameters else name
        yield Suggestion(
            name, Shape.FUNCTION, f"stage {name}({shown})" if shown else "stage", insert=insert, rank=1
        )
    for name, form in STAGES.items():
        if event is None or _ONLY_FOR.get(name, event.name) == event.name:
            yield Suggestion(name, Shape.STAGE, form.form, form.doc, form.snippet, 2)


def _arrow(cursor: Cursor) -> int:
    return next(place for place, token in enumerate(cursor.tokens) if token.text == "->")


def _selectors(cursor: Cursor, known: Knowledge) -> Iterator[Suggestion]:
    for rank, selector in enumerate(known.modules.selectors()):
        insert = selector if cursor.in_string else f'"{selector}"'
        yield Suggestion(selector, Shape.MODULE, "strategy module", insert=insert, rank=rank)
