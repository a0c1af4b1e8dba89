"""The market data that the paper venue was fed and may still need, searched by time, place and price."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from meltica_compiler.kernels.selection import copy_records
from meltica_runtime.dataplane.market_batch import MarketBatch, Rows

TRADE, TICKER, BOOK = 0, 1, 2
_EVENTS = {"trade": TRADE, "ticker": TICKER, "book": BOOK}
_NO_SYMBOL = 0xFFFF
_FIRST_CHUNK = 64
"""A search looks at so many events first and doubles from there: most crossings are near."""

Row = Any
"""One record, a `np.void`."""


class Event(NamedTuple):
    """A market event of one symbol; `place` in the order of everything that was ever fed."""

    place: int
    time_us: float
    kind: int
    row: Row


class LatestEvents(NamedTuple):
    """The newest event of each kind that a symbol had at some moment, None where there was none. `trade` is
    looked for only where a quote is missing."""

    trade: Event | None
    ticker: Event | None
    book: Event | None


class _SymbolEvents:
    """One symbol's events of a segment. `low` is the price at which it would meet a buy order, `high` a sell:
    that of a trade, or the best ask and bid of a quote."""

    def __init__(self, segment: _Segment, symbol: int) -> None:
        chosen = np.flatnonzero(segment.symbols == symbol)
        self._segment = segment
        self._locals = chosen
        self.places = chosen + segment.first_place
        self.times = segment.times[chosen]
        self.kinds = segment.kinds[chosen]
        self.low = segment.low[chosen]
        self.high = segment.high[chosen]
        self._newest: list[NDArray[np.int64]] | None = None

    def event(self, i: int) -> Event:
        kind = int(self.kinds[i])
        row = self._segment.row(kind, self._segment.row_numbers[self._locals[i]])
        return Event(int(self.places[i]), float(self.times[i]), kind, row)

    def newest(self, kind: int, stop: int) -> Event | None:
        """The last event of a kind before number `stop`, which is above 0."""
        if self._newest is None:
            numbers = np.arange(len(self.kinds))
            self._newest = [
                np.maximum.accumulate(np.where(self.kinds == k, numbers, -1)) for k in _EVENTS.values()
            ]
        i = int(self._newest[kind][stop - 1])
        return self.event(i) if i >= 0 else None

    def first_crossing(self, start: int, buy: float, sell: float) -> Event | None:
        """The first event from number `start` on that a buy at `buy` or a sell at `sell` would meet."""
        chunk = _FIRST_CHUNK
        while start < len(self.low):
            stop = start + chunk
            met = (self.low[start:stop] <= buy) | (self.high[start:stop] >= sell)
            i = int(met.argmax())
            if met[i]:
                return self.event(start + i)
            start, chunk = stop, 2 * chunk
        return None


class _Segment:
    """One batch, put into its overall order as soon as somebody looks for something in it."""

    def __init__(self, batch: MarketBatch, first_place: int) -> None:
        self.batch = batch
        self.first_place = first_place
        self.end_place = first_place + batch.count
        self._by_symbol: dict[int, _SymbolEvents] = {}
        self._merged = False

    def symbol_events(self, symbol: int) -> _SymbolEvents:
        known = self._by_symbol.get(symbol)
        if known is None:
            if not self._merged:
                self._merge()
            known = self._by_symbol[symbol] = _SymbolEvents(self, symbol)
        return known

    def row(self, kind: int, number: int) -> Row:
        return self.batch.rows[_NAMES[kind]][number]

    def _merge(self) -> None:
        count = self.batch.count
        self.symbols = np.full(count, _NO_SYMBOL, np.uint16)
        self.times = np.empty(count)
        self.kinds = np.empty(count, np.uint8)
        self.row_numbers = np.empty(count, np.int64)
        self.low = np.empty(count)
        self.high = np.empty(count)
        for name, kind in _EVENTS.items():
            rows = self.batch.rows.get(name)
            if rows is None or not len(rows):
                continue
            places = self.batch.positions[name]
            self.symbols[places] = rows["symbol"]
            self.times[places] = rows["time"]
            self.kinds[places] = kind
            self.row_numbers[places] = np.arange(len(rows))
            low, high = ("price", "price") if kind == TRADE else ("ask", "bid")
            # No ask at all is written as 0, and meets nobody.
            self.low[places] = np.where(rows[low] > 0, rows[low], np.inf)
            self.high[places] = rows[high]
        self._merged = True


_NAMES = {kind: name for name, kind in _EVENTS.items()}


class _Newest:
    """The newest event of one kind of each symbol, among those that were dropped."""

    def __init__(self, kind: int) -> None:
        self._kind = kind
        self._rows: Rows | None = None
        self._places = np.empty(0, np.int64)

    def keep(self, rows: Rows, places: NDArray[np.int64]) -> None:
        """Takes events that are newer than all before."""
        symbols = rows["symbol"]
        last = np.full(int(symbols.max()) + 1, -1)
        # Of several values for one place numpy keeps the last.
        last[symbols] = np.arange(len(rows))
        codes = np.flatnonzero(last >= 0)
        if self._rows is None or len(self._places) < len(last) or self._rows.dtype != rows.dtype:
            self._grow(max(len(last), len(self._places)), rows.dtype)
        assert self._rows is not None
        self._rows[codes] = rows[last[codes]]
        self._places[codes] = places[last[codes]]

    def event(self, symbol: int) -> Event | None:
        if self._rows is None or symbol >= len(self._places) or self._places[symbol] < 0:
            return None
        row = self._rows[symbol].copy()
        return Event(int(self._places[symbol]), float(row["time"]), self._kind, row)

    def _grow(self, size: int, dtype: np.dtype[Any]) -> None:
        rows, places = np.zeros(size, dtype), np.full(size, -1)
        if self._rows is not None:
            # Books may have got more levels since, or fewer.
            copy_records(self._rows, rows[: len(self._places)])
            places[: len(self._places)] = self._places
        self._rows, self._places = rows, places


class MarketHistory:
    """Everything fed since the time that nobody can ask about any more, and what was newest then."""

    def __init__(self) -> None:
        self._segments: deque[_Segment] = deque()
        self._kept = {name: _Newest(kind) for name, kind in _EVENTS.items()}
        self._places = 0
        self.end_us = -np.inf

    @property
    def places(self) -> int:
        """Events fed so far."""
        return self._places

    def feed(self, batch: MarketBatch) -> None:
        """Costs the same whatever is in the batch. Its rows must not change afterwards."""
        assert batch.end_us >= self.end_us, "market data is fed in the order of time"
        self.end_us = batch.end_us
        if batch.count:
            self._segments.append(_Segment(batch, self._places))
            self._places += batch.count

    def forget(self, before_us: float) -> None:
        """Drops batches all of whose events are older, but for the newest of each symbol."""
        while self._segments and self._segments[0].batch.end_us < before_us:
            segment = self._segments.popleft()
            for name, kept in self._kept.items():
                rows = segment.batch.rows.get(name)
                if rows is not None and len(rows):
                    kept.keep(rows, segment.batch.positions[name] + segment.first_place)

    def latest_at(self, symbol: int, time_us: float) -> tuple[LatestEvents, int]:
        """What a symbol showed after all events up to `time_us`, and the place from which later ones come."""
        return self._latest(symbol, lambda symbol_events: bisect_right(symbol_events.times, time_us))

    def latest_after(self, symbol: int, place: int) -> LatestEvents:
        """What a symbol showed after the event with that place."""
        return self._latest(symbol, lambda symbol_events: bisect_right(symbol_events.places, place))[0]

    def _latest(self, symbol: int, stop_of: Callable[[_SymbolEvents], int]) -> tuple[LatestEvents, int]:
        trade = ticker = book = after = None
        for segment in reversed(self._segments):
            symbol_events = segment.symbol_events(symbol)
            stop = stop_of(symbol_events)
            if not stop:
                continue
            if after is None:
                after = int(symbol_events.places[stop - 1]) + 1
            book = book or symbol_events.newest(BOOK, stop)
            ticker = ticker or symbol_events.newest(TICKER, stop)
            if book and ticker:
                break
            trade = trade or symbol_events.newest(TRADE, stop)
        book = book or self._kept["book"].event(symbol)
        ticker = ticker or self._kept["ticker"].event(symbol)
        if not (book and ticker):
            trade = trade or self._kept["trade"].event(symbol)
        first_kept = self._segments[0].first_place if self._segments else self._places
        return LatestEvents(trade, ticker, book), first_kept if after is None else after

    def next_crossing(self, symbol: int, place: int, buy: float, sell: float) -> Event | None:
        """The first event of the symbol, from `place` on, at or below `buy` or at or above `sell`."""
        for segment in self._segments:
            if segment.end_place <= place:
                continue
            symbol_events = segment.symbol_events(symbol)
            start = bisect_left(symbol_events.places, place)
            found = symbol_events.first_crossing(start, buy, sell)
            if found is not None:
                return found
        return None
