"""Quotes, trades and candles of the fake market, written as records."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meltica_compiler.records.layout import RecordLayout
from meltica_dsl.model.fields import SIDES
from meltica_runtime.dataplane.market_batch import MarketCodes, Rows
from meltica_runtime.venues.fake.klines import Candle
from meltica_runtime.venues.fake.quotes import Floats, Quotes
from meltica_runtime.venues.fake.randomness import Bits, draw, part
from meltica_runtime.venues.increments import Increment

_BUY, _SELL = SIDES.index("buy"), SIDES.index("sell")
_DRAWS_OF_BOOK = 64
"""Draws set aside for each book: a power of two above MAX_BOOK_DEPTH, so that no two books share one."""


class RecordWriter:
    """Writes the events of a block, one array of records an event type. `venue_seq` is the event's number."""

    def __init__(self, codes: MarketCodes, prices: Increment, quantities: Increment) -> None:
        self._codes = np.array(list(codes.symbols.values()), np.uint16)
        self._provider = codes.provider
        self._prices = prices
        self._quantities = quantities

    def trades(self, layout: RecordLayout, quotes: Quotes, ids: Floats) -> Rows:
        """`ids`: of the newest trade of each symbol, shape (steps, symbols)."""
        chosen = quotes.traded
        rows = self._headed(layout, quotes, chosen)
        rows["price"] = self._prices.values(quotes.trade_ticks[chosen])
        rows["quantity"] = self._quantities.values(quotes.trade_lots[chosen])
        rows["trade_id"] = ids[chosen]
        rows["side"] = np.where(quotes.buying[chosen], _BUY, _SELL)
        return rows

    def tickers(
        self, layout: RecordLayout, quotes: Quotes, chosen: NDArray[np.bool_], last: Floats, volume: Floats
    ) -> Rows:
        """`last`: ticks of the newest trade, `volume`: lots of 24 hours, both of shape (steps, symbols)."""
        rows = self._headed(layout, quotes, chosen)
        for name, ticks in (("bid", quotes.bids), ("ask", quotes.asks), ("last", last)):
            rows[name] = self._prices.values(ticks[chosen])
        rows["bid_quantity"] = self._quantities.values(quotes.bid_lots[chosen])
        rows["ask_quantity"] = self._quantities.values(quotes.ask_lots[chosen])
        rows["volume"] = self._quantities.values(volume[chosen])
        return rows

    def books(
        self, layout: RecordLayout, quotes: Quotes, chosen: NDArray[np.bool_], seed: int, mean_lots: Floats
    ) -> Rows:
        """Levels lie 1 to 4 steps apart; a step is a tick, or a quarter of the spread where that is more."""
        rows = self._headed(layout, quotes, chosen)
        levels = np.arange(layout.depth, dtype=np.uint64)
        first_draws = quotes.places[chosen] * np.uint64(_DRAWS_OF_BOOK)
        bits = draw(seed, first_draws[:, None] + levels)
        bids, asks = quotes.bids[chosen], quotes.asks[chosen]
        step = np.maximum(1.0, np.floor((asks - bids) * 0.25))
        most = 3.0 * np.broadcast_to(mean_lots, chosen.shape)[chosen][:, None]
        lots = 1.0 + np.floor(part(bits, 2) * most)
        lots[:, 0] = quotes.bid_lots[chosen]
        rows["bid_levels"] = self._side(rows["bids"], bids, -step, _gaps(bits, 0), lots)
        lots = 1.0 + np.floor(part(bits, 3) * most)
        lots[:, 0] = quotes.ask_lots[chosen]
        rows["ask_levels"] = self._side(rows["asks"], asks, step, _gaps(bits, 2), lots)
        rows["bid"], rows["ask"] = rows["bids"][:, 0, 0], rows["asks"][:, 0, 0]
        return rows

    def klines(self, layout: RecordLayout, candles: list[Candle]) -> Rows:
        symbols = len(self._codes)
        rows = np.zeros(len(candles) * symbols, layout.dtype)
        for i, candle in enumerate(candles):
            part_rows = rows[i * symbols : (i + 1) * symbols]
            part_rows["time"] = part_rows["ingest"] = part_rows["close_time"] = candle.close_us
            part_rows["open_time"] = candle.open_us
            part_rows["symbol"] = self._codes
            part_rows["open"] = self._prices.values(candle.opens)
            part_rows["high"] = self._prices.values(candle.highs)
            part_rows["low"] = self._prices.values(candle.lows)
            part_rows["close"] = self._prices.values(candle.closes)
            part_rows["volume"] = self._quantities.values(candle.volumes)
        rows["provider"] = self._provider
        return rows

    def _side(self, side: Rows, touch: Floats, step: Floats, gaps: Floats, lots: Floats) -> NDArray[np.int64]:
        """Fills one side of the books, shape (books, depth, 2); returns the number of levels of each."""
        ticks = touch[:, None] + step[:, None] * np.cumsum(gaps, axis=1)
        there = (ticks >= 1.0) & (ticks <= self._prices.largest)
        side[:, :, 0] = np.where(there, self._prices.values(ticks), 0.0)
        side[:, :, 1] = np.where(there, self._quantities.values(lots), 0.0)
        levels: NDArray[np.int64] = np.count_nonzero(there, axis=1)
        return levels

    def _headed(self, layout: RecordLayout, quotes: Quotes, chosen: NDArray[np.bool_]) -> Rows:
        rows = np.zeros(int(np.count_nonzero(chosen)), layout.dtype)
        rows["time"] = rows["ingest"] = quotes.times[chosen]
        rows["venue_seq"] = quotes.places[chosen]
        rows["symbol"] = np.broadcast_to(self._codes, chosen.shape)[chosen]
        rows["provider"] = self._provider
        return rows


def _gaps(bits: Bits, shift: int) -> Floats:
    """Distance of each level from the one before, in steps; the first is the touch itself."""
    gaps = 1.0 + ((bits >> np.uint64(shift)) & np.uint64(3)).astype(np.float64)
    gaps[:, 0] = 0.0
    return gaps
