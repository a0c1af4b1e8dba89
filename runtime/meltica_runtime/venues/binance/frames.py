"""From frames to records: one JSON text in, one record in its ring, nothing kept in between.

Only tests and benchmarks import it so far: the adapter that connects to Binance will hand it what its sockets
receive, and the answers to its requests for snapshots.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from meltica_compiler.records.layout import record_layout
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.ingress_ring import IngressRing
from meltica_runtime.dataplane.market_batch import MarketCodes
from meltica_runtime.venues.binance.book import BookStatistics, DepthBook
from meltica_runtime.venues.binance.digits import all_exact, has_long_numbers
from meltica_runtime.venues.binance.frame_result import UNREADABLE, FrameResult, refusal
from meltica_runtime.venues.binance.messages import (
    AggregateTrade,
    BookTicker,
    DepthSnapshot,
    DepthUpdate,
    Kline,
    Trade,
)
from meltica_runtime.venues.binance.packing import (
    ReadRun,
    combined_decoder,
    one_by_one,
    raw_decoder,
    record_struct,
    ticker_reader,
    trade_reader,
)

_BRACE = ord("{")
_NO_HEAD = b"\0"
"""What no frame begins with."""
_NO_LETTER = -1

Decoder = Callable[[type[msgspec.Struct]], Callable[[bytes], Any]]
"""Makes the decoder of a message."""


@dataclass(frozen=True, slots=True)
class FrameStatistics:
    """Frames since start, by what became of them, and books by Binance's symbols."""

    frames: Mapping[FrameResult, int]
    books: Mapping[str, BookStatistics]


class FrameDecoder:
    """Writes what frames say into the ingress rings of one provider.

    A frame that is not what it should be is counted and refused, and changes nothing: `take` never raises.
    """

    def __init__(self, codes: MarketCodes, rings: Mapping[str, IngressRing], ingest: Ingest) -> None:
        """`codes`: symbols as `BASE-QUOTE`; `rings`: by event, those that some route reads."""
        self._provider = codes.provider
        self._symbols = {name.replace("-", ""): code for name, code in codes.symbols.items()}
        self._rings = rings
        self._ingest = ingest
        self._books = {name: DepthBook() for name in self._symbols} if "book" in rings else {}
        self._last_prices = dict.fromkeys(self._symbols, 0.0)
        self._counts = dict.fromkeys(FrameResult, 0)
        self._written_before = sum(ring.written for ring in rings.values())
        self._pack_kline = record_struct(record_layout("kline")).pack_into
        self._raw = self._readers(raw_decoder)
        self._by_letter = {**self._readers(combined_decoder), _BRACE: self._take_raw}
        self._read_snapshot = msgspec.json.Decoder(DepthSnapshot, strict=False).decode

    def take(self, frame: bytes, ingest_us: float) -> FrameResult:
        """Takes one frame, of a combined or of a raw stream, and the time of its receipt."""
        return self.take_all((frame,), ingest_us)

    def take_all(self, frames: Sequence[bytes], ingest_us: float) -> FrameResult:
        """Takes what one read of a socket brought, in order: frames of one kind cost less together.

        The result is that of a frame that was not written, or that all were.
        """
        result = FrameResult.WRITTEN
        start, kind, head = 0, _NO_LETTER, _NO_HEAD
        for place, frame in enumerate(frames):
            if frame.startswith(head):
                continue
            end = frame.find(b"@") + 2
            letter = _stream_letter(frame)
            if letter != kind:
                if place:
                    result = self._take_run(kind, frames[start:place], ingest_us, result)
                start, kind = place, letter
            head = frame[:end] if end > 1 else _NO_HEAD
        return self._take_run(kind, frames[start:] if start else frames, ingest_us, result)

    def _take_run(
        self, letter: int, frames: Sequence[bytes], ingest_us: float, before: FrameResult
    ) -> FrameResult:
        read = self._by_letter.get(letter, self._refuse)
        result = read(frames, ingest_us)
        return before if result is FrameResult.WRITTEN else result

    def _take_raw(self, frames: Sequence[bytes], ingest_us: float) -> FrameResult:
        """Only book tickers have no event type, and nothing else begins with `u`."""
        last = FrameResult.WRITTEN
        for frame in frames:
            letter = frame[6] if frame.startswith(b'{"e":"') and len(frame) > 6 else ord("b")
            result = self._raw.get(letter, self._refuse)((frame,), ingest_us)
            last = last if result is FrameResult.WRITTEN else result
        return last

    def _refuse(self, frames: Sequence[bytes], _ingest_us: float) -> FrameResult:
        result = FrameResult.WRITTEN
        for frame in frames:
            result = refusal(frame)
            self._counts[result] += 1
        return result

    def _readers(self, decoder: Decoder) -> dict[int, ReadRun]:
        """Readers by the first letter of a stream's name (`btcusdt@trade`), and of its event type."""
        diff, kline = decoder(DepthUpdate), decoder(Kline)
        common = (self._ingest, self._symbols, self._provider, self._last_prices, self._counts)
        trades, tickers = self._rings.get("trade"), self._rings.get("ticker")
        readers: dict[str, ReadRun] = dict.fromkeys("tabdk", one_by_one(_not_routed, self._counts))
        if trades is not None:
            readers["t"] = trade_reader(decoder(Trade), trades, *common)
            readers["a"] = trade_reader(decoder(AggregateTrade), trades, *common)
        if tickers is not None:
            readers["b"] = ticker_reader(decoder(BookTicker), tickers, *common)
        if "book" in self._rings:
            readers["d"] = one_by_one(lambda f, ingest_us: self._diff(f, ingest_us, diff), self._counts)
        if "kline" in self._rings:
            readers["k"] = one_by_one(lambda f, ingest_us: self._kline(f, ingest_us, kline), self._counts)
        return {ord(letter): read for letter, read in readers.items()}

    def take_snapshot(self, symbol: str, answer: bytes, ingest_us: float) -> FrameResult:
        """Takes the REST depth snapshot of a symbol, `BASE-QUOTE`; `HELD` if it does not go with the diffs
        that wait, so that another has to be asked for."""
        name = symbol.replace("-", "")
        if self._rings["book"].room() == 0:
            return FrameResult.FULL
        try:
            snapshot = self._read_snapshot(answer)
        except UNREADABLE:
            return FrameResult.GARBLED
        if has_long_numbers(answer) and not all_exact(answer):
            return FrameResult.TOO_LONG
        if not self._books[name].apply_snapshot(snapshot):
            return FrameResult.HELD
        return self._write_book(name, ingest_us, ingest_us)

    def symbols_without_book(self) -> tuple[str, ...]:
        """Symbols, as Binance spells them, that need a snapshot."""
        return tuple(name for name, book in self._books.items() if book.needs_snapshot)

    def statistics(self) -> FrameStatistics:
        books = {name: book.statistics() for name, book in self._books.items()}
        written = sum(ring.written for ring in self._rings.values()) - self._written_before
        return FrameStatistics({**self._counts, FrameResult.WRITTEN: written}, books)

    def _diff(self, frame: bytes, ingest_us: float, decode: Callable[[bytes], Any]) -> FrameResult:
        if self._rings["book"].room() == 0:
            return FrameResult.FULL
        try:
            diff = decode(frame).data
        except UNREADABLE:
            # The diff that is missing now shows as a gap when the next one comes.
            return refusal(frame)
        book = self._books.get(diff.s)
        if book is None:
            return FrameResult.UNKNOWN_SYMBOL
        if has_long_numbers(frame) and not all_exact(frame):
            book.invalidate()
            return FrameResult.TOO_LONG
        if not book.update(diff):
            return FrameResult.HELD
        return self._write_book(diff.s, diff.E * 1_000.0, ingest_us)

    def _kline(self, frame: bytes, ingest_us: float, decode: Callable[[bytes], Any]) -> FrameResult:
        """Only closed candles become records: an open one is no summary yet."""
        ring = self._rings["kline"]
        if ring.room() == 0:
            return FrameResult.FULL
        try:
            kline = decode(frame).data
        except UNREADABLE:
            return refusal(frame)
        if has_long_numbers(frame) and not all_exact(frame):
            return FrameResult.TOO_LONG
        code = self._symbols.get(kline.s)
        if code is None:
            return FrameResult.UNKNOWN_SYMBOL
        candle = kline.k
        if not candle.x:
            return FrameResult.HELD
        # Binance's close time is the last millisecond of the interval; ours the end of it.
        closed_us = (candle.T + 1) * 1_000
        self._pack_kline(
            ring.buffer,
            ring.claim(),
            self._ingest.next_seq(),
            closed_us,
            ingest_us,
            kline.E,
            code,
            self._provider,
            candle.o,
            candle.h,
            candle.l,
            candle.c,
            candle.v,
            candle.t * 1_000,
            closed_us,
        )
        ring.publish()
        return FrameResult.WRITTEN

    def _write_book(self, name: str, time_us: float, ingest_us: float) -> FrameResult:
        ring, book = self._rings["book"], self._books[name]
        place = ring.written % ring.capacity
        record = ring.records[place : place + 1]
        record["seq"] = self._ingest.next_seq()
        record["time"] = time_us
        record["ingest"] = ingest_us
        record["venue_seq"] = book.last_update_id
        record["symbol"] = self._symbols[name]
        record["provider"] = self._provider
        book.book.write_levels(record, ring.layout.depth)
        ring.publish()
        return FrameResult.WRITTEN


def _not_routed(_frame: bytes, _ingest_us: float) -> FrameResult:
    return FrameResult.NOT_ROUTED


def _stream_letter(frame: bytes) -> int:
    """The letter after the stream's name; a raw frame has none, and begins with a brace."""
    end = frame.find(b"@") + 2
    return frame[end - 1] if end <= len(frame) else _NO_LETTER
