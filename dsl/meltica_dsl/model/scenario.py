"""The typed model of a `test`: what happens when, and what is expected of it.

Times are offsets from the test's start. A test is no part of the graph: it says nothing of what runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from msgspec import Struct

from meltica_dsl.model.disabled import Disabled
from meltica_dsl.model.fields import EVENT_BY_NAME, EventType, Field, FieldType
from meltica_dsl.model.values import Duration
from meltica_dsl.text.source import Span

Levels = tuple[tuple[Decimal, Decimal], ...]
"""One side of a book, best level first: price, quantity."""

GivenValue = Decimal | str | Levels
"""The value of a given field: numbers, symbols and sides, levels. Times are microseconds from the start."""

ExpectedValue = Decimal | str | bool
"""A value to compare with. Texts may hold `*` for anything; times are microseconds from the start."""


class Subject(Enum):
    """What kind of node an expectation is about; the value is its keyword."""

    PROVIDER = "provider"
    ROUTE = "route"
    STRATEGY = "strategy"
    SINK = "sink"


class Verb(Enum):
    """What a node is expected to have done."""

    RECEIVES = "receives"
    EMITS = "emits"
    DROPS = "drops"
    ORDERS = "orders"
    CANCELS = "cancels"
    AMENDS = "amends"
    FILLS = "fills"
    REJECTS = "rejects"
    LOGS = "logs"
    FAILS = "fails"

    @property
    def is_of_events(self) -> bool:
        return self in (Verb.RECEIVES, Verb.EMITS, Verb.DROPS)

    @property
    def is_of_texts(self) -> bool:
        return self in (Verb.LOGS, Verb.FAILS)


VERBS: Mapping[Subject, tuple[Verb, ...]] = MappingProxyType(
    {
        Subject.PROVIDER: (Verb.EMITS, Verb.DROPS),
        Subject.ROUTE: (Verb.RECEIVES, Verb.EMITS, Verb.DROPS),
        Subject.STRATEGY: (
            Verb.RECEIVES,
            Verb.DROPS,
            Verb.ORDERS,
            Verb.CANCELS,
            Verb.AMENDS,
            Verb.FILLS,
            Verb.REJECTS,
            Verb.LOGS,
            Verb.FAILS,
        ),
        Subject.SINK: (Verb.RECEIVES, Verb.DROPS),
    }
)
"""What can be expected of each kind of node."""

_TIME = Field("time", FieldType.TIME, "", "when, from the start of the test")
_SYMBOL = Field("symbol", FieldType.SYMBOL, "", "what is traded")
_SIDE = Field("side", FieldType.SIDE, "", "buy or sell")
_PRICE = Field("price", FieldType.DECIMAL, "", "limit price; market orders have none")
_QUANTITY = Field("quantity", FieldType.DECIMAL, "", "quantity, in the base asset")
_PROVIDER = Field("provider", FieldType.PROVIDER, "", "the venue")
_TYPE = Field("type", FieldType.TEXT, "", "limit or market")
_FORCE = Field("time_in_force", FieldType.TEXT, "", "gtc, ioc or fok")
_ORDER = (_TIME, _PROVIDER, _SYMBOL, _SIDE, _TYPE, _PRICE, _QUANTITY, _FORCE)

RECORD_FIELDS: Mapping[Verb, tuple[Field, ...]] = MappingProxyType(
    {
        Verb.ORDERS: _ORDER,
        Verb.CANCELS: _ORDER,
        Verb.AMENDS: (*_ORDER[:-1], _FORCE),
        Verb.FILLS: (
            _TIME,
            _PROVIDER,
            _SYMBOL,
            _SIDE,
            Field("price", FieldType.DECIMAL, "", "price of the fill"),
            Field("quantity", FieldType.DECIMAL, "", "quantity filled"),
            Field("fee", FieldType.DECIMAL, "", "fee of the fill; below zero it is a rebate"),
            Field("fee_asset", FieldType.TEXT, "", "asset the fee is paid in"),
            Field("maker", FieldType.BOOL, "", "the order had waited in the book"),
        ),
        Verb.REJECTS: (
            *_ORDER,
            Field("reason", FieldType.TEXT, "", "why, in words"),
            Field("limit", FieldType.TEXT, "", "the limit of `risk` that refused it, if one did"),
        ),
    }
)
"""What can be said of orders and of what became of them."""


class FaultKind(Enum):
    """What goes wrong between a provider and the gateway, and what ends it."""

    DISCONNECTS = "disconnects"
    RECONNECTS = "reconnects"
    REFUSES = "refuses"
    ACCEPTS = "accepts"

    @property
    def ends(self) -> FaultKind | None:
        """The fault that this one is the end of."""
        return {FaultKind.RECONNECTS: FaultKind.DISCONNECTS, FaultKind.ACCEPTS: FaultKind.REFUSES}.get(self)


class GivenEvent(NamedTuple):
    """`at 0ms binance.trade { … }`, with the fields that were given."""

    at: Duration
    provider: str
    event: EventType
    values: Mapping[str, GivenValue]
    event_span: Span
    span: Span


class Recording(NamedTuple):
    """`at 0ms binance.trade from "tape.csv"`: its first event comes at `at`."""

    at: Duration
    provider: str
    event: EventType
    path: str
    event_span: Span
    span: Span


class Fault(NamedTuple):
    """`at 2s binance disconnects`."""

    at: Duration
    provider: str
    kind: FaultKind
    span: Span


class Count(Struct, frozen=True):
    """How many; without `most` there is no upper bound. `text` is how a message says it."""

    least: int
    most: int | None
    text: str

    def allows(self, number: int) -> bool:
        return self.least <= number and (self.most is None or number <= self.most)


SOME = Count(1, None, "at least 1")


class Match(NamedTuple):
    """`operator` is one of `= != < <= > >=`."""

    field: Field
    operator: str
    value: ExpectedValue
    span: Span


class Expectation(Struct, frozen=True):
    """`expect maker receives 2 trade { … } by 500ms`.

    `event` is None for any event, and for orders, fills and texts. `text` is what a log line or a failure
    has to hold. `until` is the time up to which things count, itself included; `before` the time of the
    next step, which no longer counts. Without either, everything counts.
    """

    node: str
    subject: Subject
    verb: Verb
    count: Count
    event: EventType | None
    matches: tuple[Match, ...]
    text: str | None
    until: Duration | None
    before: Duration | None
    what_span: Span
    """The event, or where none is named the verb."""
    span: Span


ScenarioStep = GivenEvent | Recording | Fault | Expectation


class Scenario(NamedTuple):
    """One `test`, its steps in the order of the file, which is that of time."""

    title: str
    steps: tuple[ScenarioStep, ...]
    span: Span
    title_span: Span


class SkippedScenario(NamedTuple):
    """One `test` that cannot be: it speaks of `node`, which is switched off."""

    title: str
    node: str
    disabled: Disabled
    span: Span
    title_span: Span


def given_fields(event: EventType) -> tuple[Field, ...]:
    """The fields that a test may give: all but what its step says already, and book levels besides."""
    taken = {"time", "provider"}
    return tuple(
        field
        for field in event.fields
        if field.name not in taken and (not field.hidden or field.type is FieldType.LEVELS)
    )


def matched_fields(verb: Verb, event: EventType | None) -> tuple[Field, ...]:
    """The fields that an expectation may name. Without an event, those that every market event has."""
    if not verb.is_of_events:
        return RECORD_FIELDS.get(verb, ())
    if event is not None:
        return tuple(field for field in event.fields if not field.hidden)
    return tuple(field for field in EVENT_BY_NAME["trade"].fields if field.name in _EVERY_EVENT)


_EVERY_EVENT = frozenset({"time", "symbol", "provider"})
