"""The two messages that come most, packed straight into their rings.

Each reader is a closure over everything it needs: at a million frames a second every look-up of an attribute
shows. A quarter of a trade's time is decoding, a sixth the look at its digits, a sixth the packing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from struct import Struct
from typing import Any

import msgspec

from meltica_compiler.layout import RecordLayout, SlotKind
from meltica_dsl.fields import SIDES
from meltica_runtime.providers.binance.digits import BEFORE_NUMBERS, SHORT_TICKER, SHORT_TRADE, all_exact
from meltica_runtime.providers.binance.messages import Combined
from meltica_runtime.providers.binance.verdict import UNREADABLE, Verdict, refusal
from meltica_runtime.rings import IngressRing, Sequencer

Read = Callable[[bytes, float], Verdict]
"""Takes a frame and the time of its receipt, in microseconds."""

_BUY, _SELL = SIDES.index("buy"), SIDES.index("sell")


def record_struct(layout: RecordLayout) -> Struct:
    """The struct of a record without levels, its fields in the layout's order."""
    letters = ["d" if slot.kind is SlotKind.F64 else "H" for slot in layout.slots]
    words = letters.count("H")
    last = max(i for i, letter in enumerate(letters) if letter == "H")
    # The u16 fields share one word of four.
    letters[last] += f"{2 * (4 - words)}x" if words < 4 else ""
    packed = Struct("<" + "".join(letters))
    assert packed.size == layout.size
    return packed


def combined_decoder(message: type[msgspec.Struct]) -> Callable[[bytes], Any]:
    """Decodes a frame of a combined stream to what it wraps."""
    decode = msgspec.json.Decoder(Combined[message], strict=False).decode  # type: ignore[valid-type]  # at run time it is
    return lambda frame: decode(frame).data


def raw_decoder(message: type[msgspec.Struct]) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(message, strict=False).decode


def trade_reader(
    decode: Callable[[bytes], Any],
    ring: IngressRing,
    sequencer: Sequencer,
    symbols: Mapping[str, int],
    provider: int,
    last_prices: dict[str, float],
) -> Read:
    """Reads trades and aggregate trades, and notes the price of each symbol's last one."""
    layout = ring.layout
    buffer, capacity, size = ring.buffer, ring.capacity, layout.size
    pack, is_short, code_of = record_struct(layout).pack_into, SHORT_TRADE.search, symbols.get
    written, full, buy, sell = Verdict.WRITTEN, Verdict.FULL, _BUY, _SELL

    def read(frame: bytes, ingest_us: float) -> Verdict:
        position = ring.written
        if position - ring.released >= capacity:
            return full
        try:
            trade = decode(frame)
        except UNREADABLE:
            return refusal(frame)
        if is_short(frame, BEFORE_NUMBERS) is None and not all_exact(frame):
            return Verdict.TOO_LONG
        code = code_of(trade.s)
        if code is None:
            return Verdict.UNKNOWN_SYMBOL
        last_prices[trade.s] = price = trade.p
        pack(
            buffer,
            position % capacity * size,
            sequencer.take(1),
            trade.T * 1_000.0,
            ingest_us,
            trade.t,
            code,
            provider,
            # The buyer was there first, so the seller took.
            sell if trade.m else buy,
            price,
            trade.q,
            trade.t,
        )
        ring.written = position + 1
        return written

    return read


def ticker_reader(
    decode: Callable[[bytes], Any],
    ring: IngressRing,
    sequencer: Sequencer,
    symbols: Mapping[str, int],
    provider: int,
    last_prices: Mapping[str, float],
) -> Read:
    """Reads book tickers. They carry no time and no last trade: they get the time of receipt, and the price
    of the last trade that was read here, 0 before the first. The day's volume is not known either, and 0."""
    layout = ring.layout
    buffer, capacity, size = ring.buffer, ring.capacity, layout.size
    pack, is_short, code_of = record_struct(layout).pack_into, SHORT_TICKER.search, symbols.get
    written, full = Verdict.WRITTEN, Verdict.FULL

    def read(frame: bytes, ingest_us: float) -> Verdict:
        position = ring.written
        if position - ring.released >= capacity:
            return full
        try:
            ticker = decode(frame)
        except UNREADABLE:
            return refusal(frame)
        if is_short(frame) is None and not all_exact(frame):
            return Verdict.TOO_LONG
        name = ticker.s
        code = code_of(name)
        if code is None:
            return Verdict.UNKNOWN_SYMBOL
        pack(
            buffer,
            position % capacity * size,
            sequencer.take(1),
            ingest_us,
            ingest_us,
            ticker.u,
            code,
            provider,
            last_prices[name],
            ticker.b,
            ticker.a,
            ticker.B,
            ticker.A,
            0.0,
        )
        ring.written = position + 1
        return written

    return read
