"""The fake market: quotes and trades of a random walk as a stream of records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

import numpy as np

from meltica_compiler.records.layout import RecordLayout, record_layout
from meltica_runtime.dataplane.market_batch import MarketBatch, MarketCodes, Rows
from meltica_runtime.venues.fake.klines import Candle, CandleMaker
from meltica_runtime.venues.fake.quotes import BOOK, TICKER, TRADE, Floats, Quotes, QuoteWalk
from meltica_runtime.venues.fake.randomness import stream_seed
from meltica_runtime.venues.fake.records import RecordWriter
from meltica_runtime.venues.fake.settings import FakeMarketSettings
from meltica_runtime.venues.fake.volume import RollingVolume
from meltica_runtime.venues.market_source import BlockSource

_LEVEL_STREAM = 3
_KINDS = {"trade": TRADE, "ticker": TICKER, "book": BOOK}


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The block that is being handed out. `gone`: of each event the records that were left out of it, because
    they were handed out, or were over, when more was asked for."""

    quotes: Quotes
    rows: Mapping[str, Rows]
    candles: list[Candle]
    gone: Mapping[str, int]


class FakeMarket:
    """A `MarketSource` that never ends.

    `depths`: the events to make records of, with the levels a side of a book (0 for the others). An event
    that is not asked for costs nothing and changes nothing about the others, and a deeper book has the same
    upper levels.
    """

    def __init__(self, settings: FakeMarketSettings, codes: MarketCodes, depths: Mapping[str, int]) -> None:
        assert codes.symbols, "a market has symbols"
        symbols = len(codes.symbols)
        self._settings = settings
        self._layouts = _layouts(depths)
        self._walk = QuoteWalk(settings, tuple(codes.symbols))
        self._writer = RecordWriter(codes, self._walk.price_increment, self._walk.lot_increment)
        self._symbols = symbols
        self._last_ids = np.zeros(symbols)
        increment = self._walk.price_increment
        self._last_ticks = np.array(
            [float(max(1, increment.steps_in(settings.start_price_of(name)))) for name in codes.symbols]
        )
        self._volume = RollingVolume(symbols)
        self._candles = CandleMaker(settings.kline_us, settings.start_us, self._last_ticks)
        self._level_seed = stream_seed(settings.seed, _LEVEL_STREAM)
        self._wanted_kinds = np.array([event in depths for event in _KINDS])
        self._drawn: _Drawn | None = None
        self._source = BlockSource(self._blocks())

    @property
    def exhausted(self) -> bool:
        return False

    def next_batch(self, limit: int, until_us: float) -> MarketBatch:
        """See `MarketSource.next_batch`."""
        return self._source.next_batch(limit, until_us)

    def subscribe(self, depths: Mapping[str, int]) -> None:
        """See `SubscribableSource.subscribe`. Trade ids, volumes and candles of an event that is new
        begin here."""
        before, self._layouts = self._layouts, _layouts(depths)
        self._wanted_kinds = np.array([event in depths for event in _KINDS])
        drawn = self._drawn
        if drawn is None:
            return
        known = {event: rows for event, rows in drawn.rows.items() if event in self._layouts}
        gone = {event: drawn.gone.get(event, 0) + self._source.handed_out(event) for event in known}
        same = {event: rows for event, rows in known.items() if before[event] == self._layouts[event]}
        self._begin(self._layouts.keys() - known.keys(), drawn.quotes)
        block = self._block(drawn.quotes, same, gone)
        # What of the new was over by now, known once it is made.
        for event in self._layouts.keys() - known.keys():
            gone[event] = int(np.searchsorted(block.rows[event]["time"], self._source.end_us))
        self._source.replace(_without_first(block, gone))

    def _begin(self, events: Set[str], quotes: Quotes) -> None:
        """Lets events begin with this block, knowing nothing of what was before."""
        if "ticker" in events:
            self._last_ticks = quotes.bids[0].copy()
            self._volume = RollingVolume(self._symbols)
        if "kline" in events:
            start_us = float(quotes.times.flat[0])
            self._candles = CandleMaker(self._settings.kline_us, start_us, quotes.bids[0])

    def _blocks(self) -> Iterator[MarketBatch]:
        while True:
            yield self._block(self._walk.next_block(), {}, {})

    def _block(self, quotes: Quotes, made: Mapping[str, Rows], gone: Mapping[str, int]) -> MarketBatch:
        """All records of a block, those of some events `made` before; `gone` is kept with it."""
        rows: dict[str, Rows] = {**made}
        candles = self._drawn.candles if self._drawn is not None and "kline" in made else []
        for event, layout in self._layouts.items():
            if event in made:
                continue
            match event:
                case "trade":
                    rows[event] = self._writer.trades(layout, quotes, self._ids(quotes))
                case "ticker":
                    chosen, last = quotes.kinds == TICKER, self._last(quotes)
                    rows[event] = self._writer.tickers(layout, quotes, chosen, last, self._volume.add(quotes))
                case "book":
                    chosen, lots = quotes.kinds == BOOK, self._walk.mean_lots
                    rows[event] = self._writer.books(layout, quotes, chosen, self._level_seed, lots)
                case "kline":
                    candles = self._candles.add(quotes)
                    rows[event] = self._writer.klines(layout, candles)
        self._drawn = _Drawn(quotes, rows, candles, gone)
        return self._ordered(quotes, rows, candles)

    def _ids(self, quotes: Quotes) -> Floats:
        ids: Floats = np.cumsum(quotes.traded, axis=0) + self._last_ids
        self._last_ids = ids[-1].copy()
        return ids

    def _last(self, quotes: Quotes) -> Floats:
        """Ticks of the newest trade at each place, shape (steps, symbols); at first the start price."""
        known = np.concatenate((self._last_ticks[None, :], quotes.trade_ticks))
        numbers = np.arange(1, len(known), dtype=np.int64)[:, None]
        source = np.maximum.accumulate(np.where(quotes.traded, numbers, 0), axis=0)
        last: Floats = np.take_along_axis(known, source, axis=0)
        self._last_ticks = last[-1].copy()
        return last

    def _ordered(self, quotes: Quotes, rows: dict[str, Rows], candles: list[Candle]) -> MarketBatch:
        """Gives every record its place: in order of the walk, candles before the event that closed them."""
        kinds = quotes.kinds.reshape(-1)
        wanted = self._wanted_kinds[kinds]
        ranks = np.cumsum(wanted) - wanted
        closings = np.array([candle.before for candle in candles], np.int64)
        ahead = ranks[closings]
        if candles:
            closed_before = np.searchsorted(closings, np.arange(kinds.size), "right")
            ranks += closed_before * self._symbols
        positions = {event: ranks[kinds == kind] for event, kind in _KINDS.items() if event in rows}
        if "kline" in rows:
            first = ahead + np.arange(len(candles)) * self._symbols
            positions["kline"] = (first[:, None] + np.arange(self._symbols)).reshape(-1)
        return MarketBatch(rows, positions, sum(map(len, rows.values())), float(quotes.times.flat[-1]))


def _without_first(block: MarketBatch, counts: Mapping[str, int]) -> MarketBatch:
    """The events of a block but for so many of the first of each kind."""
    is_kept = np.zeros(block.count, np.bool_)
    for event, places in block.positions.items():
        is_kept[places[counts[event] :]] = True
    return block.where(is_kept)


def _layouts(depths: Mapping[str, int]) -> dict[str, RecordLayout]:
    return {event: record_layout(event, depth) for event, depth in depths.items()}
