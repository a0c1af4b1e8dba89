"""The field table: every event type and every field of it, once.

The language's typing, the record layouts, the JavaScript views, the API's models and the reference
in `docs/` are all generated from `EVENTS`. A field is added here and nowhere else.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

SIDES = ("none", "buy", "sell")
"""Codes of `Side` fields: the position is the number that a record stores."""

DEFAULT_BOOK_DEPTH = 10
MAX_BOOK_DEPTH = 50
"""Levels a side. 50 levels make a record of 1.6 KiB; a deeper book belongs in a store, not in a ring."""


class FieldType(Enum):
    """What a field means; it decides which operators and units go with it."""

    PRICE = "price"
    QUANTITY = "quantity"
    TIME = "time"
    SYMBOL = "symbol"
    PROVIDER = "provider"
    SIDE = "side"
    COUNT = "count"
    IDENTIFIER = "identifier"
    LEVELS = "levels"
    TEXT = "text"
    DECIMAL = "decimal"
    BOOL = "bool"


class Field(Struct, frozen=True):
    """One field of an event.

    `name` is the spelling in pipelines and records, `api_name` the one in JavaScript and in the API.
    `hidden` fields are carried by the record but are no business of a pipeline's expressions.
    """

    name: str
    type: FieldType
    api_name: str
    doc: str
    hidden: bool = False


class EventType(Struct, frozen=True):
    """One kind of event.

    `hot` events have a fixed-size record and travel in rings; the others travel as typed objects.
    `metadata_name` is how a strategy module names the event in its `metadata.events`, `handler` the
    function of the module that receives it.
    """

    name: str
    metadata_name: str
    handler: str
    hot: bool
    doc: str
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        return next((f for f in self.fields if f.name == name and not f.hidden), None)


# Times are microseconds since the Unix epoch, in UTC. As f64 they are exact to a quarter of a
# microsecond until the year 2255, and JavaScript reads them without BigInt.
_HEADER = (
    Field("seq", FieldType.COUNT, "seq", "place in the gateway's one order of events", hidden=True),
    Field("time", FieldType.TIME, "timestamp", "when the venue says it happened"),
    Field("ingest", FieldType.TIME, "ingestTs", "when the gateway received it", hidden=True),
    Field("venue_seq", FieldType.COUNT, "seqProvider", "the venue's own sequence number", hidden=True),
    Field("symbol", FieldType.SYMBOL, "symbol", "what is traded, as BASE-QUOTE"),
    Field("provider", FieldType.PROVIDER, "provider", "the provider it came from"),
)

EVENTS: tuple[EventType, ...] = (
    EventType(
        "trade",
        "Trade",
        "onTrade",
        True,
        "One public trade.",
        (
            *_HEADER,
            Field("price", FieldType.PRICE, "price", "price of the trade"),
            Field("quantity", FieldType.QUANTITY, "quantity", "quantity traded, in the base asset"),
            Field("trade_id", FieldType.IDENTIFIER, "tradeId", "the venue's number of the trade"),
            Field("side", FieldType.SIDE, "side", "side of the taker"),
        ),
    ),
    EventType(
        "ticker",
        "Ticker",
        "onTicker",
        True,
        "Best prices and the last trade of a symbol.",
        (
            *_HEADER,
            Field("last", FieldType.PRICE, "lastPrice", "price of the last trade"),
            Field("bid", FieldType.PRICE, "bidPrice", "best bid"),
            Field("ask", FieldType.PRICE, "askPrice", "best ask"),
            Field("bid_quantity", FieldType.QUANTITY, "bidQuantity", "quantity at the best bid"),
            Field("ask_quantity", FieldType.QUANTITY, "askQuantity", "quantity at the best ask"),
            Field("volume", FieldType.QUANTITY, "volume24h", "quantity traded in 24 hours"),
        ),
    ),
    EventType(
        "book",
        "BookSnapshot",
        "onBookSnapshot",
        True,
        "The top of an order book, best level first.",
        (
            *_HEADER,
            Field("bid", FieldType.PRICE, "bidPrice", "best bid"),
            Field("ask", FieldType.PRICE, "askPrice", "best ask"),
            Field("bids", FieldType.LEVELS, "bids", "bid levels: price, quantity", hidden=True),
            Field("asks", FieldType.LEVELS, "asks", "ask levels: price, quantity", hidden=True),
        ),
    ),
    EventType(
        "kline",
        "KlineSummary",
        "onKlineSummary",
        True,
        "A candle: open, high, low, close and volume of an interval.",
        (
            *_HEADER,
            Field("open", FieldType.PRICE, "openPrice", "first price"),
            Field("high", FieldType.PRICE, "highPrice", "highest price"),
            Field("low", FieldType.PRICE, "lowPrice", "lowest price"),
            Field("close", FieldType.PRICE, "closePrice", "last price"),
            Field("volume", FieldType.QUANTITY, "volume", "quantity traded"),
            Field("open_time", FieldType.TIME, "openTime", "start of the interval"),
            Field("close_time", FieldType.TIME, "closeTime", "end of the interval"),
        ),
    ),
    EventType(
        "execution",
        "ExecReport",
        "onOrderAcknowledged",
        False,
        "What became of an order: acknowledged, filled, cancelled, rejected, expired.",
        (
            Field("time", FieldType.TIME, "timestamp", "when the venue says it happened"),
            Field("symbol", FieldType.SYMBOL, "symbol", "what is traded"),
            Field("provider", FieldType.PROVIDER, "provider", "the venue"),
            Field("client_order_id", FieldType.TEXT, "clientOrderId", "our id of the order"),
            Field("exchange_order_id", FieldType.TEXT, "exchangeOrderId", "the venue's id"),
            Field("state", FieldType.TEXT, "state", "state of the order after this report"),
            Field("side", FieldType.SIDE, "side", "buy or sell"),
            Field("order_type", FieldType.TEXT, "orderType", "limit or market"),
            Field("price", FieldType.DECIMAL, "price", "limit price"),
            Field("quantity", FieldType.DECIMAL, "quantity", "quantity ordered"),
            Field("filled", FieldType.DECIMAL, "filledQuantity", "quantity filled so far"),
            Field("remaining", FieldType.DECIMAL, "remainingQty", "quantity still open"),
            Field("average_price", FieldType.DECIMAL, "avgFillPrice", "average price of the fills"),
            Field("fee", FieldType.DECIMAL, "commissionAmount", "fee of this fill"),
            Field("fee_asset", FieldType.TEXT, "commissionAsset", "asset the fee is paid in"),
            Field("reason", FieldType.TEXT, "rejectReason", "why it was rejected"),
        ),
    ),
    EventType(
        "balance",
        "BalanceUpdate",
        "onBalanceUpdate",
        False,
        "A balance at a venue changed.",
        (
            Field("time", FieldType.TIME, "timestamp", "when the venue says it happened"),
            Field("provider", FieldType.PROVIDER, "provider", "the venue"),
            Field("asset", FieldType.TEXT, "currency", "the asset"),
            Field("total", FieldType.DECIMAL, "total", "total held"),
            Field("available", FieldType.DECIMAL, "available", "free to trade"),
        ),
    ),
    EventType(
        "instrument",
        "InstrumentUpdate",
        "onInstrumentUpdate",
        False,
        "The trading rules of a symbol: tick size, lot size, minimum notional.",
        (
            Field("provider", FieldType.PROVIDER, "provider", "the venue"),
            Field("symbol", FieldType.SYMBOL, "symbol", "what is traded"),
            Field("tick_size", FieldType.DECIMAL, "tickSize", "smallest step of a price"),
            Field("lot_size", FieldType.DECIMAL, "lotSize", "smallest step of a quantity"),
            Field("min_notional", FieldType.DECIMAL, "minNotional", "smallest price times quantity"),
        ),
    ),
    EventType(
        "risk",
        "RiskControl",
        "onRiskControl",
        False,
        "A risk limit was touched, a switch or breaker changed state.",
        (
            Field("time", FieldType.TIME, "timestamp", "when it happened"),
            Field("strategy", FieldType.TEXT, "strategyId", "the strategy instance concerned"),
            Field("status", FieldType.TEXT, "status", "triggered or cleared"),
            Field("breach", FieldType.TEXT, "breachType", "the limit that was touched"),
            Field("reason", FieldType.TEXT, "reason", "what happened, in words"),
            Field("kill_switch", FieldType.BOOL, "killSwitchEngaged", "trading is halted until reset"),
            Field("circuit_breaker", FieldType.BOOL, "circuitBreakerOpen", "trading pauses"),
        ),
    ),
    EventType(
        "extension",
        "Extension",
        "onExtensionEvent",
        False,
        "Something a venue sends that has no type of its own here.",
        (
            Field("provider", FieldType.PROVIDER, "provider", "the venue"),
            Field("kind", FieldType.TEXT, "kind", "what it is, in the venue's words"),
        ),
    ),
)

EVENT_BY_NAME: dict[str, EventType] = {event.name: event for event in EVENTS}
HOT_EVENTS: tuple[EventType, ...] = tuple(event for event in EVENTS if event.hot)

EXECUTION_HANDLERS: dict[str, str] = {
    "ACKNOWLEDGED": "onOrderAcknowledged",
    "PARTIALLY_FILLED": "onOrderPartialFill",
    "FILLED": "onOrderFilled",
    "CANCELLED": "onOrderCancelled",
    "REJECTED": "onOrderRejected",
    "EXPIRED": "onOrderExpired",
}
"""Handler of an execution event, by the state of the order after it."""
