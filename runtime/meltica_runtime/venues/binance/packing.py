"""The two messages that come most, packed straight into their rings.

Each reader is a closure over everything it needs, and takes a run of frames at once: at a million frames a
second every look-up of an attribute shows, and every call. Of a trade's time two fifths are decoding, a fifth
the look at its digits, a fifth the packing.

Records are written under the numbers that come next, and these are taken when it is known how many they are:
nothing else runs in between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from struct import Struct
from typing import Any

import msgspec

from meltica_compiler.records.layout import RecordLayout, SlotKind
from meltica_dsl.model.fields import SIDES
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.ingress_ring import IngressRing
from meltica_runtime.venues.binance.digits import BEFORE_NUMBERS, SHORT_TICKER, SHORT_TRADE, all_exact
from meltica_runtime.venues.binance.frame_result import UNREADABLE, FrameResult, refusal
from meltica_runtime.venues.binance.messages import Combined

Read = Callable[[bytes, float], FrameResult]
"""Takes a frame and the time of its receipt, in microseconds."""

ReadRun = Callable[[Sequence[bytes], float], FrameResult]
"""Takes frames of one kind that were received together. The result is that of the last one that was not
written, or that all were; each that was not is counted."""

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
    """Decodes a frame of a combined stream; `data` of the result is the message."""
    return msgspec.json.Decoder(Combined[message], strict=False).decode  # type: ignore[valid-type]  # at run time it is


def raw_decoder(message: type[msgspec.Struct]) -> Callable[[bytes], Any]:
    """Decodes a raw frame to what `combined_decoder` makes of a wrapped one."""
    decode = msgspec.json.Decoder(message, strict=False).decode
    return lambda frame: Combined(decode(frame))


def trade_reader(
    decode: Callable[[bytes], Any],
    ring: IngressRing,
    ingest: Ingest,
    symbols: Mapping[str, int],
    provider: int,
    last_prices: dict[str, float],
    counts: dict[FrameResult, int],
) -> ReadRun:
    """Reads trades and aggregate trades, and notes the price of each symbol's last one."""
    buffer, capacity, size = ring.buffer, ring.capacity, ring.layout.size
    pack, is_short, code_of = record_struct(ring.layout).pack_into, SHORT_TRADE.search, symbols.get
    full, long, unknown = FrameResult.FULL, FrameResult.TOO_LONG, FrameResult.UNKNOWN_SYMBOL
    buy, sell = _BUY, _SELL

    def read(frames: Sequence[bytes], ingest_us: float) -> FrameResult:
        position, end, seq = ring.written, ring.released + capacity, ingest.last_seq
        offset, wrap = position % capacity * size, capacity * size
        result = FrameResult.WRITTEN
        for frame in frames:
            if position >= end:
                result = full
            else:
                try:
                    trade = decode(frame).data
                except UNREADABLE:
                    result = refusal(frame)
                else:
                    code = code_of(trade.s)
                    if is_short(frame, BEFORE_NUMBERS) is None and not all_exact(frame):
                        result = long
                    elif code is None:
                        result = unknown
                    else:
                        last_prices[trade.s] = price = trade.p
                        seq += 1
                        pack(
                            buffer,
                            offset,
                            seq,
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
                        position += 1
                        offset = (offset + size) % wrap
                        continue
            counts[result] += 1
        ingest.next_seqs(position - ring.written)
        ring.written = position
        return result

    return read


def ticker_reader(
    decode: Callable[[bytes], Any],
    ring: IngressRing,
    ingest: Ingest,
    symbols: Mapping[str, int],
    provider: int,
    last_prices: Mapping[str, float],
    counts: dict[FrameResult, int],
) -> ReadRun:
    """Reads book tickers. They carry no time and no last trade: they get the time of receipt, and the price
    of the last trade that was read here, 0 before the first. The day's volume is not known either, and 0."""
    buffer, capacity, size = ring.buffer, ring.capacity, ring.layout.size
    pack, is_short, code_of = record_struct(ring.layout).pack_into, SHORT_TICKER.search, symbols.get
    full, long, unknown = FrameResult.FULL, FrameResult.TOO_LONG, FrameResult.UNKNOWN_SYMBOL

    def read(frames: Sequence[bytes], ingest_us: float) -> FrameResult:
        position, end, seq = ring.written, ring.released + capacity, ingest.last_seq
        offset, wrap = position % capacity * size, capacity * size
        result = FrameResult.WRITTEN
        for frame in frames:
            if position >= end:
                result = full
            else:
                try:
                    ticker = decode(frame).data
                except UNREADABLE:
                    result = refusal(frame)
                else:
                    code = code_of(ticker.s)
                    if is_short(frame) is None and not all_exact(frame):
                        result = long
                    elif code is None:
                        result = unknown
                    else:
                        seq += 1
                        pack(
                            buffer,
                            offset,
                            seq,
                            ingest_us,
                            ingest_us,
                            ticker.u,
                            code,
                            provider,
                            last_prices[ticker.s],
                            ticker.b,
                            ticker.a,
                            ticker.B,
                            ticker.A,
                            0.0,
                        )
                        position += 1
                        offset = (offset + size) % wrap
                        continue
            counts[result] += 1
        ingest.next_seqs(position - ring.written)
        ring.written = position
        return result

    return read


def one_by_one(read: Read, counts: dict[FrameResult, int]) -> ReadRun:
    """A reader of runs from one of single frames."""

    def read_run(frames: Sequence[bytes], ingest_us: float) -> FrameResult:
        last = FrameResult.WRITTEN
        for frame in frames:
            result = read(frame, ingest_us)
            if result is not FrameResult.WRITTEN:
                counts[result] += 1
                last = result
        return last

    return read_run
