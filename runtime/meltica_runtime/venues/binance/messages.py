"""The frames of Binance's spot streams, as far as they are used.

Numbers that Binance sends as strings are read as f64 straight away, by decoders with `strict=False`; whether
an f64 may stand for the string, `digits` says. Whole numbers are bounded by what f64 holds exactly.
"""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

import msgspec

Whole = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
Count = Annotated[float, msgspec.Meta(ge=0, lt=2**53)]
"""A whole number that goes into a record as f64 anyway."""
Number = Annotated[float, msgspec.Meta(gt=0, lt=1e15)]
Quantity = Annotated[float, msgspec.Meta(ge=0, lt=1e15)]
Levels = list[tuple[Number, Quantity]]

M = TypeVar("M")


class Trade(msgspec.Struct, tag_field="e", tag="trade", gc=False):
    s: str
    t: Count
    p: Number
    q: Number
    T: Count
    m: bool


class AggregateTrade(msgspec.Struct, tag_field="e", tag="aggTrade", gc=False):
    """Trades of one taker order at one price; its number stands in for that of a trade."""

    s: str
    t: Count = msgspec.field(name="a")
    p: Number
    q: Number
    T: Count
    m: bool


class BookTicker(msgspec.Struct, gc=False):
    """The one message without an event type and without a time."""

    u: Count
    s: str
    b: Number
    B: Quantity
    a: Number
    A: Quantity


class DepthUpdate(msgspec.Struct, tag_field="e", tag="depthUpdate", gc=False):
    E: Whole
    s: str
    U: Whole
    u: Whole
    b: Levels
    a: Levels


class Candle(msgspec.Struct, gc=False):
    t: Whole
    T: Whole
    o: Number
    h: Number
    l: Number  # noqa: E741 - Binance's name
    c: Number
    v: Quantity
    x: bool


class Kline(msgspec.Struct, tag_field="e", tag="kline", gc=False):
    E: Whole
    s: str
    k: Candle


class Combined(msgspec.Struct, Generic[M], gc=False):
    """A frame of a combined stream; frames of raw streams are the message itself."""

    data: M


class DepthSnapshot(msgspec.Struct):
    """Answer of REST `GET /api/v3/depth`."""

    lastUpdateId: Whole  # noqa: N815 - Binance's name
    bids: Levels
    asks: Levels
