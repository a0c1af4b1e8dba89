"""From frames to records: one JSON text in, one record in its ring, nothing kept in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from meltica_compiler.layout import record_layout
from meltica_runtime.providers.binance.book import BookStatistics, DepthBook
from meltica_runtime.providers.binance.digits import all_exact, has_long_numbers
from meltica_runtime.providers.binance.messages import (
    AggregateTrade,
    BookTicker,
    DepthSnapshot,
    DepthUpdate,
    Kline,
    Trade,
)
from meltica_runtime.providers.binance.packing import (
    Read,
    combined_decoder,
    raw_decoder,
    record_struct,
    ticker_reader,
    trade_reader,
)
from meltica_runtime.providers.binance.verdict import UNREADABLE, Verdict, refusal
from meltica_runtime.providers.market import MarketCodes
from meltica_runtime.rings import IngressRing, Sequencer

_BRACE = ord("{")

Decoder = Callable[[type[msgspec.Struct]], Callable[[bytes], Any]]
"""Makes the decoder of a message."""


@dataclass(frozen=True, slots=True)
class FrameStatistics:
    """Frames since start, by what became of them, and books by Binance's symbols."""

    frames: Mapping[Verdict, int]
    books: Mapping[str, BookStatistics]


class FrameDecoder:
    """Writes what frames say into the ingress rings of one provider.

    A frame that is not what it should be is counted and refused, and changes nothing: `take` never raises.
    """

    def __init__(self, codes: MarketCodes, rings: Mapping[str, IngressRing], sequencer: Sequencer) -> None:
        """`codes`: symbols as `BASE-QUOTE`; `rings`: by event, those that some route reads."""
        self._provider = codes.provider
        self._symbols = {name.replace("-", ""): code for name, code in codes.symbols.items()}
        self._rings = rings
        self._sequencer = sequencer
        self._books = {name: DepthBook() for name in self._symbols} if "book" in rings else {}
        self._last_prices = dict.fromkeys(self._symbols, 0.0)
        self._counts = dict.fromkeys(Verdict, 0)
        self._written_before = sum(ring.written for ring in rings.values())
        self._pack_kline = record_struct(record_layout("kline")).pack_into
        raw = self._readers(raw_decoder)
        by_letter = self._readers(combined_decoder)
        by_letter[_BRACE] = lambda frame, ingest_us: _raw_reader(raw, frame)(frame, ingest_us)
        self.take = self._make_take(by_letter)
        """Takes one frame, of a combined or of a raw stream, and the time of its receipt. A closure, as its
        readers are, for the sake of speed."""
        self._read_snapshot = msgspec.json.Decoder(DepthSnapshot, strict=False).decode

    def _make_take(self, by_letter: Mapping[int, Read]) -> Read:
        counts, written = self._counts, Verdict.WRITTEN

        def take(frame: bytes, ingest_us: float) -> Verdict:
            try:
                # The letter after the stream's name; a raw frame has none, and begins with a brace.
                verdict = by_letter[frame[frame.find(b"@") + 1]](frame, ingest_us)
            except (KeyError, IndexError):
                verdict = refusal(frame)
            if verdict is not written:
                counts[verdict] += 1
            return verdict

        return take

    def _readers(self, decoder: Decoder) -> dict[int, Read]:
        """Readers by the first letter of a stream's name (`btcusdt@trade`), and of its event type."""
        diff, kline = decoder(DepthUpdate), decoder(Kline)
        common = (self._sequencer, self._symbols, self._provider, self._last_prices)
        trades, tickers = self._rings.get("trade"), self._rings.get("ticker")
        readers: dict[str, Read] = dict.fromkeys("tabdk", _not_routed)
        if trades is not None:
            readers["t"] = trade_reader(decoder(Trade), trades, *common)
            readers["a"] = trade_reader(decoder(AggregateTrade), trades, *common)
        if tickers is not None:
            readers["b"] = ticker_reader(decoder(BookTicker), tickers, *common)
        if "book" in self._rings:
            readers["d"] = lambda frame, ingest_us: self._diff(frame, ingest_us, diff)
        if "kline" in self._rings:
            readers["k"] = lambda frame, ingest_us: self._kline(frame, ingest_us, kline)
        return {ord(letter): read for letter, read in readers.items()}

    def join(self, symbol: str, answer: bytes, ingest_us: float) -> Verdict:
        """Takes the REST depth snapshot of a symbol, `BASE-QUOTE`; `HELD` if it does not join the diffs that
        wait, so that another has to be asked for."""
        name = symbol.replace("-", "")
        if self._rings["book"].room() == 0:
            return Verdict.FULL
        try:
            snapshot = self._read_snapshot(answer)
        except UNREADABLE:
            return Verdict.GARBLED
        if has_long_numbers(answer) and not all_exact(answer):
            return Verdict.TOO_LONG
        if not self._books[name].join(snapshot):
            return Verdict.HELD
        return self._write_book(name, ingest_us, ingest_us)

    def lose_books(self) -> None:
        """To be called when the connection was lost: what is missed meanwhile nobody knows."""
        for book in self._books.values():
            book.lose()

    def symbols_without_book(self) -> tuple[str, ...]:
        """Symbols, as Binance spells them, that need a snapshot."""
        return tuple(name for name, book in self._books.items() if book.needs_snapshot)

    def statistics(self) -> FrameStatistics:
        books = {name: book.statistics() for name, book in self._books.items()}
        written = sum(ring.written for ring in self._rings.values()) - self._written_before
        return FrameStatistics({**self._counts, Verdict.WRITTEN: written}, books)

    # --- one message each --------------------------------------------------------------------

    def _diff(self, frame: bytes, ingest_us: float, decode: Callable[[bytes], Any]) -> Verdict:
        if self._rings["book"].room() == 0:
            return Verdict.FULL
        try:
            diff = decode(frame)
        except UNREADABLE:
            # The diff that is missing now shows as a gap when the next one comes.
            return refusal(frame)
        book = self._books.get(diff.s)
        if book is None:
            return Verdict.UNKNOWN_SYMBOL
        if has_long_numbers(frame) and not all_exact(frame):
            book.lose()
            return Verdict.TOO_LONG
        if not book.update(diff):
            return Verdict.HELD
        return self._write_book(diff.s, diff.E * 1_000.0, ingest_us)

    def _kline(self, frame: bytes, ingest_us: float, decode: Callable[[bytes], Any]) -> Verdict:
        """Only closed candles become records: an open one is no summary yet."""
        ring = self._rings["kline"]
        if ring.room() == 0:
            return Verdict.FULL
        try:
            kline = decode(frame)
        except UNREADABLE:
            return refusal(frame)
        if has_long_numbers(frame) and not all_exact(frame):
            return Verdict.TOO_LONG
        code = self._symbols.get(kline.s)
        if code is None:
            return Verdict.UNKNOWN_SYMBOL
        candle = kline.k
        if not candle.x:
            return Verdict.HELD
        # Binance's close time is the last millisecond of the interval; ours the end of it.
        closed_us = (candle.T + 1) * 1_000
        self._pack_kline(
            ring.buffer,
            ring.claim(),
            self._sequencer.take(1),
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
        return Verdict.WRITTEN

    def _write_book(self, name: str, time_us: float, ingest_us: float) -> Verdict:
        ring, book = self._rings["book"], self._books[name]
        place = ring.written % ring.capacity
        record = ring.records[place : place + 1]
        record["seq"] = self._sequencer.take(1)
        record["time"] = time_us
        record["ingest"] = ingest_us
        record["venue_seq"] = book.last_update_id
        record["symbol"] = self._symbols[name]
        record["provider"] = self._provider
        book.book.write_levels(record, ring.layout.depth)
        ring.publish()
        return Verdict.WRITTEN


def _raw_reader(readers: Mapping[int, Read], frame: bytes) -> Read:
    """The reader of a raw frame. Only book tickers have no event type, and nothing else begins with `u`."""
    return readers[frame[6] if frame.startswith(b'{"e":"') else ord("b")]


def _not_routed(_frame: bytes, _ingest_us: float) -> Verdict:
    return Verdict.NOT_ROUTED
