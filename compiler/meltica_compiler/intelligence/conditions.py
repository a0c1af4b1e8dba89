"""Operands of conditions: fields of the event in hand, with what they may be compared with."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, takewhile

from meltica_compiler.intelligence.suggestion import Knowledge, Shape, Suggestion, words
from meltica_compiler.intelligence.values import local_names, names, symbols
from meltica_dsl import syntax
from meltica_dsl.intelligence.completion_context import CompletionContext
from meltica_dsl.intelligence.cursor import Cursor
from meltica_dsl.model.fields import EVENT_BY_NAME, EVENTS, SIDES, EventType, Field, FieldType
from meltica_dsl.resolve.functions import FUNCTIONS
from meltica_dsl.resolve.scope import DeclKind


def route_event(cursor: Cursor, known: Knowledge) -> EventType | None:
    """What the route in hand carries at the cursor, None in a stage, which takes what comes."""
    tokens = cursor.tokens
    if cursor.keyword != "route":
        return None
    begin = next((place for place, token in enumerate(tokens) if token.text == "="), len(tokens))
    if any(a.text == "|" and b.text == "kline" for a, b in pairwise(tokens)):
        return EVENT_BY_NAME["kline"]
    source = list(takewhile(lambda token: token.text not in (",", "|", "->"), tokens[begin + 1 :]))
    if not source:
        return None
    dots = [place for place, token in enumerate(source[:-1]) if token.text == "."]
    if dots:
        return EVENT_BY_NAME.get(source[dots[-1] + 1].text)
    declaration = known.index.declaration(DeclKind.ROUTE, source[0].text)
    return known.index.event_of(declaration) if isinstance(declaration, syntax.RouteDecl) else None


def fields_at(cursor: Cursor, known: Knowledge) -> tuple[Field, ...]:
    """The fields that may be named at the cursor; in a stage, those of any market event."""
    event = route_event(cursor, known)
    events = (event,) if event is not None else tuple(e for e in EVENTS if e.hot)
    found = {field.name: field for e in reversed(events) for field in e.fields if not field.hidden}
    return tuple(f for f in found.values() if f.type is not FieldType.LEVELS)


def operand_suggestions(context: CompletionContext, cursor: Cursor, known: Knowledge) -> Iterator[Suggestion]:
    fields = fields_at(cursor, known)
    beside = next((field for field in fields if field.name == context.beside), None)
    if beside is not None:
        yield from _beside(beside, known)
    for name in local_names(cursor):
        yield Suggestion(name, Shape.CONSTANT, "parameter", rank=1)
    for field in fields:
        if field is not beside:
            near = beside is None or beside.type is field.type
            yield Suggestion(field.name, Shape.FIELD, field.type.value, field.doc, rank=2 if near else 6)
    yield from names(known.index, DeclKind.LET)
    for name, function in FUNCTIONS.items():
        yield Suggestion(name, Shape.FUNCTION, function.form, function.doc, f"{name}($1)", 7)
    yield from words(("not", "if", "true", "false"), Shape.KEYWORD, rank=8)


def _beside(field: Field, known: Knowledge) -> Iterator[Suggestion]:
    """Values that a field of such a type may be compared with."""
    match field.type:
        case FieldType.SIDE:
            yield from words(SIDES, Shape.CHOICE, "side", rank=0)
        case FieldType.SYMBOL:
            yield from words(symbols(known.index), Shape.VALUE, "symbol", rank=0)
        case FieldType.PROVIDER:
            yield from names(known.index, DeclKind.PROVIDER)
