"""The typed model: what a pipeline file says, with names resolved and constants folded.

It holds no proofs: whether an adapter knows a setting or a module handles an event is for the
compiler to say. Every part keeps the span it came from.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import Enum

from msgspec import Struct

from meltica_dsl.model.fields import EVENT_BY_NAME, EventType, Field
from meltica_dsl.model.scenario import Scenario, SkippedScenario
from meltica_dsl.model.values import Duration, Rate, Ratio, Settings, Size, Symbol
from meltica_dsl.text.source import SourceFile, Span


class FullPolicy(Enum):
    """What an edge does when its reader is behind and its ring is full."""

    BLOCK = "block"
    DROP_NEWEST = "drop_newest"
    DROP_OLDEST = "drop_oldest"
    CONFLATE = "conflate"


class ExprType(Enum):
    """The type of an expression. Prices, quantities and plain numbers are kept apart."""

    BOOL = "boolean"
    NUMBER = "number"
    PRICE = "price"
    QUANTITY = "quantity"
    NOTIONAL = "notional"
    RATIO = "ratio"
    TIME = "time"
    DURATION = "duration"
    SYMBOL = "symbol"
    PROVIDER = "provider"
    SIDE = "side"
    TEXT = "text"
    IDENTIFIER = "identifier"
    NAME = "name"
    """Of a word such as `live`. There are no fields of this type: it stands in constants alone."""


class FieldRef(Struct, frozen=True):
    """A field of the event in hand."""

    field: Field
    type: ExprType
    span: Span


class Const(Struct, frozen=True):
    """A constant. `value`: Decimal for numbers of every kind (durations in microseconds, ratios as
    plain numbers), bool, or str for symbols, providers, sides and texts."""

    value: Decimal | bool | str
    type: ExprType
    span: Span


class Unary(Struct, frozen=True):
    """`op` is `not` or `-`."""

    op: str
    operand: Expr
    type: ExprType
    span: Span


class Binary(Struct, frozen=True):
    """`op` is one of `== != < <= > >= + - * / % and or`."""

    op: str
    left: Expr
    right: Expr
    type: ExprType
    span: Span


class Membership(Struct, frozen=True):
    """`operand in [items]`."""

    operand: Expr
    items: tuple[Const, ...]
    type: ExprType
    span: Span


class Conditional(Struct, frozen=True):
    """`if condition then then else otherwise`."""

    condition: Expr
    then: Expr
    otherwise: Expr
    type: ExprType
    span: Span


class Call(Struct, frozen=True):
    """`function` is one of the library: `abs`, `min`, `max`, `round`, `hour`, `matches`."""

    function: str
    arguments: tuple[Expr, ...]
    type: ExprType
    span: Span


Expr = FieldRef | Const | Unary | Binary | Membership | Conditional | Call


class Where(Struct, frozen=True):
    """Lets pass what the condition is true for."""

    condition: Expr
    span: Span


class Dedupe(Struct, frozen=True):
    """Drops an event whose (provider, symbol, identifier) was seen within the window.

    Events without an identifier are compared by their whole content.
    """

    within: Duration
    span: Span


class Sample(Struct, frozen=True):
    """Keeps the first of every `every` events, counted over the route."""

    every: int
    span: Span


class Conflate(Struct, frozen=True):
    """Keeps the newest event of each symbol, at most one each `every` of event time."""

    every: Duration
    span: Span


class Depth(Struct, frozen=True):
    """Keeps the best `levels` levels of a book."""

    levels: int
    span: Span


class Throttle(Struct, frozen=True):
    """Keeps at most `rate.count` events, a whole number, in each `rate.per` of event time."""

    rate: Rate
    span: Span


class Kline(Struct, frozen=True):
    """Makes of trades one candle a symbol and provider for each interval of event time."""

    interval: Duration
    span: Span


class Merge(Struct, frozen=True):
    """Brings what the sources of a route give into order of event time, then provider, then arrival."""

    span: Span


Stage = Where | Dedupe | Sample | Conflate | Depth | Throttle | Kline | Merge

BUFFERING_STAGES = (Conflate, Kline, Merge)
"""Stages that hold events back and let go of them later."""


def event_after(event: EventType, stages: Iterable[Stage]) -> EventType:
    """The type of event that leaves `stages`, which take `event`."""
    return EVENT_BY_NAME["kline"] if any(isinstance(stage, Kline) for stage in stages) else event


class Provider(Struct, frozen=True):
    """A connection to a venue, or to what stands in for one."""

    name: str
    adapter: str
    adapter_span: Span
    symbols: tuple[Symbol, ...]
    settings: Settings
    """Everything but `adapter` and `symbols`, for the adapter's schema to judge."""
    span: Span
    name_span: Span
    invalid_keys: frozenset[str]
    """Keys that are given and left out here, since an error was reported of their values."""


class Pool(Struct, frozen=True):
    """How much memory each edge gets, and what happens when it is full."""

    name: str
    events: int
    on_full: FullPolicy
    span: Span
    name_span: Span


class Source(Struct, frozen=True):
    """Where a route begins: one event type of one provider."""

    provider: str
    event: EventType
    span: Span


class RouteSource(Struct, frozen=True):
    """Where a route begins: what another route gives."""

    route: str
    event: EventType
    span: Span


class Target(Struct, frozen=True):
    """The strategy or sink that an arrow points at."""

    name: str
    span: Span


class Route(Struct, frozen=True):
    """A flow. Named stages are expanded; `origin` of each stage is its place in this file."""

    name: str
    pool: str
    sources: tuple[Source, ...]
    stages: tuple[Stage, ...]
    targets: tuple[Target, ...]
    durable: bool
    span: Span
    name_span: Span
    pool_span: Span
    routes: tuple[RouteSource, ...] = ()

    @property
    def takes(self) -> EventType:
        """The type of event that all its sources give."""
        return self.sources[0].event if self.sources else self.routes[0].event

    @property
    def gives(self) -> EventType:
        """What its stages make of that."""
        return event_after(self.takes, self.stages)


class Selector(Struct, frozen=True):
    """`name`, `name:tag` or `name@sha256:…`."""

    text: str
    name: str
    tag: str | None
    sha256: str | None
    span: Span


class Linger(Struct, frozen=True):
    """How long a drain waits for more inside V8: a duration, or for ever (`always`)."""

    duration: Duration
    always: bool = False


class Strategy(Struct, frozen=True):
    """An instance of a module, with the limits of what it may do and take."""

    name: str
    selector: Selector
    trade_on: str | None
    trade_on_span: Span | None
    risk: str | None
    config: Settings
    dry_run: bool
    """True unless the file says `dry_run = false`: nobody trades by accident."""
    linger: Linger
    memory: Size
    drain_limit: Duration
    """The longest that one drain may go without finishing an event."""
    restarts: int
    """Restarts in a row before the strategy stays down."""
    span: Span
    name_span: Span
    invalid_keys: frozenset[str]
    """Keys of `config` that are given and left out here, since an error was reported of their values."""


class KillSwitch(Struct, frozen=True):
    """No order passes after so many breaches, until a release."""

    after: int


class CircuitBreaker(Struct, frozen=True):
    """No order passes for the cooldown after so many breaches or rejections in a row."""

    threshold: int
    cooldown: Duration


class Risk(Struct, frozen=True):
    """Limits that every order of a strategy passes. None means: no such limit."""

    name: str
    max_position: Decimal | None
    max_notional: Decimal | None
    notional_currency: str | None
    order_throttle: Rate | None
    symbol_throttle: Rate | None
    order_burst: int
    max_open_orders: int | None
    price_band: Ratio | None
    order_types: tuple[str, ...]
    kill_switch: KillSwitch | None
    circuit_breaker: CircuitBreaker | None
    span: Span
    name_span: Span


class Sink(Struct, frozen=True):
    """Where events are kept or sent on."""

    name: str
    kind: str
    kind_span: Span
    settings: Settings
    span: Span
    name_span: Span
    invalid_keys: frozenset[str]
    """Keys that are given and left out here, since an error was reported of their values."""


class Place(Struct, frozen=True):
    """Strategies, and the numbers of the processors that their threads run on, in order."""

    name: str
    nodes: tuple[Target, ...]
    cpus: tuple[int, ...]
    span: Span
    name_span: Span


class Pipeline(Struct, frozen=True):
    """One checked file. `memory` and `latency` are the budgets it declares."""

    name: str
    memory: Size | None
    latency: Duration | None
    providers: tuple[Provider, ...]
    pools: tuple[Pool, ...]
    routes: tuple[Route, ...]
    strategies: tuple[Strategy, ...]
    risks: tuple[Risk, ...]
    sinks: tuple[Sink, ...]
    sources: tuple[SourceFile, ...]
    span: Span
    memory_span: Span | None = None
    latency_span: Span | None = None
    places: tuple[Place, ...] = ()
    scenarios: tuple[Scenario | SkippedScenario, ...] = ()
    """The tests. No part of what runs."""
