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
from meltica_dsl.intelligence.completion_context import Role, Spot, given_keys, spot_of
from meltica_dsl.intelligence.cursor import Caret
from meltica_dsl.intelligence.vocabulary import DECLARATIONS, STAGES, Key, Wanted
from meltica_dsl.model.fields import EVENT_BY_NAME
from meltica_dsl.model.scenario import FaultKind
from meltica_dsl.resolve.scope import TARGETS, Noun

_AMOUNTS = {
    "dedupe": Key("within", (Wanted.DURATION,), "", "60s"),
    "conflate": Key("every", (Wanted.DURATION,), "", "100ms"),
    "sample": Key("sample", (Wanted.WHOLE,), "", "10"),
    "depth": Key("depth", (Wanted.WHOLE,), "", "10"),
    "throttle": Key("throttle", (Wanted.RATE,), "", "100/s"),
    "kline": Key("kline", (Wanted.DURATION,), "", "1m"),
}
_AT = Key("at", (Wanted.DURATION,), "", "0ms")

_ONLY_FOR = {"depth": "book", "kline": "trade"}
"""Stages that take one type of event."""

_MAY_BE_LEFT = frozenset(
    {Role.DECLARATION, Role.NEW_NAME, Role.KEY, Role.OPERATOR, Role.STEP, Role.EXPECTED, Role.OTHER}
)

_BEGINNING_ROLES = frozenset({Role.DECLARATION, Role.OPERATOR, Role.OTHER})
"""Roles beside which a new declaration may begin."""


def complete(caret: Caret, known: Knowledge) -> tuple[Suggestion, ...]:
    """What may be written at the caret, each once, the likeliest first."""
    spot = spot_of(caret)
    if caret.in_string and spot.role is not Role.SELECTOR:
        return ()
    found: dict[str, Suggestion] = {}
    for suggestion in (*_suggestions(spot, caret, known), *_everywhere(spot, caret)):
        found.setdefault(suggestion.label, suggestion)
    return tuple(sorted(found.values(), key=lambda suggestion: suggestion.rank))


def is_needed(caret: Caret) -> bool:
    """Whether something has to stand at the caret, so that it helps to be offered what without asking."""
    return spot_of(caret).role not in _MAY_BE_LEFT


def _everywhere(spot: Spot, caret: Caret) -> Iterator[Suggestion]:
    """Beginnings of declarations, and the words that the grammar wants."""
    begins = caret.may_begin and spot.role in _BEGINNING_ROLES
    if begins:
        for keyword, form in DECLARATIONS.items():
            yield Suggestion(keyword, Shape.DECLARATION, form.form, form.doc, form.snippet, 6)
    if spot.role in (Role.OTHER, Role.OPERATOR, Role.NEW_NAME):
        skipped = {*DECLARATIONS, *STAGES, *(("and", "or", "in", "not") if begins else ())}
        yield from words((w for w in caret.keywords if w not in skipped), Shape.KEYWORD)


def _suggestions(spot: Spot, caret: Caret, known: Knowledge) -> Iterable[Suggestion]:  # noqa: PLR0911, PLR0912 - one for each role
    match spot.role:
        case Role.KEY:
            return _keys(spot, caret, known)
        case Role.VALUE:
            return _values(spot, caret, known)
        case Role.POOL:
            return single_names(caret, known, Noun.POOL)
        case Role.SOURCE:
            return _sources(caret, known)
        case Role.PROVIDER:
            return single_names(caret, known, Noun.PROVIDER)
        case Role.INDEX:
            return index_suggestions(spot.key, caret, known)
        case Role.EVENT:
            return _events(spot, known)
        case Role.STAGE:
            return _stages(caret, known)
        case Role.OPERAND:
            return operand_suggestions(spot, caret, known)
        case Role.AMOUNT:
            return value_suggestions(_AMOUNTS[spot.stage], caret, known, in_list=False)
        case Role.TARGET:
            listed = {token.text for token in caret.tokens[_arrow(caret) :]}
            return (target for target in node_names(caret, known, *TARGETS) if target.label not in listed)
        case Role.SELECTOR:
            return _selectors(caret, known)
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
            return expectation_suggestions(spot, known)
        case _:
            return ()


def _keys(spot: Spot, caret: Caret, known: Knowledge) -> Iterator[Suggestion]:
    given = given_keys(caret)
    for key in block_keys(spot, caret, known):
        if key.name not in given:
            yield key_suggestion(key, caret, known)


def _values(spot: Spot, caret: Caret, known: Knowledge) -> Iterator[Suggestion]:
    if spot.key == "at":
        yield from value_suggestions(_AT, caret, known, in_list=False)
        return
    if caret.keyword == "provider" and spot.key == "adapter" and not spot.keys:
        for adapter, spec in ADAPTERS.items():
            yield Suggestion(adapter, Shape.CHOICE, spec.display_name, spec.description, rank=1)
        return
    key = next((key for key in block_keys(spot, caret, known) if key.name == spot.key), None)
    if key is not None and Wanted.NAME in (*key.wanted, *key.items) and caret.word.kind != "LITERAL":
        found = node_names(caret, known, *key.nouns) if key.items else single_names(caret, known, *key.nouns)
        yield from found
        yield from constants(known.index, caret)
    elif key is not None:
        yield from value_suggestions(key, caret, known, in_list=spot.in_list)
    elif caret.word.kind == "LITERAL":
        yield from unit_suggestions(Key("", tuple(Wanted), ""), caret.typed)
    else:
        yield from constants(known.index, caret)
        yield from words(symbols(known.index), Shape.VALUE, "symbol", rank=5)
        yield from words(("true", "false"), Shape.CHOICE, rank=6)


def _sources(caret: Caret, known: Knowledge) -> Iterator[Suggestion]:
    for provider in node_names(caret, known, Noun.PROVIDER):
        for event in events_of(known.index, provider.label.partition("[")[0]):
            yield Suggestion(
                f"{provider.label}.{event}", Shape.EVENT, provider.detail, EVENT_BY_NAME[event].doc, rank=1
            )
        yield provider
    yield from node_names(caret, known, Noun.ROUTE)


def _events(spot: Spot, known: Knowledge) -> Iterator[Suggestion]:
    for event in events_of(known.index, spot.key):
        yield Suggestion(event, Shape.EVENT, "event", EVENT_BY_NAME[event].doc, rank=1)


def _stages(caret: Caret, known: Knowledge) -> Iterator[Suggestion]:
    event = route_event(caret, known)
    for name in known.index.names(Noun.STAGE):
        declaration = known.index.declaration(Noun.STAGE, name)
        parameters = declaration.parameters or () if isinstance(declaration, syntax.StageDecl) else ()
        shown = ", ".join(parameter.text for parameter in parameters)
        places = ", ".join(f"${{{n}:{p.text}}}" for n, p in enumerate(parameters, start=1))
        insert = f"{name}({places})" if parameters else name
        yield Suggestion(
            name, Shape.FUNCTION, f"stage {name}({shown})" if shown else "stage", insert=insert, rank=1
        )
    for name, form in STAGES.items():
        if event is None or _ONLY_FOR.get(name, event.name) == event.name:
            yield Suggestion(name, Shape.STAGE, form.form, form.doc, form.snippet, 2)


def _arrow(caret: Caret) -> int:
    return next(place for place, token in enumerate(caret.tokens) if token.text == "->")


def _selectors(caret: Caret, known: Knowledge) -> Iterator[Suggestion]:
    for rank, selector in enumerate(known.modules.selectors()):
        insert = selector if caret.in_string else f'"{selector}"'
        yield Suggestion(selector, Shape.MODULE, "strategy module", insert=insert, rank=rank)
