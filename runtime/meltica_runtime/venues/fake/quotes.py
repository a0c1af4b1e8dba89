"""The fake market's prices: what every symbol is quoted at, event by event.

Time is cut into blocks of a fixed number of places; a place is one event of one symbol, in turns. Arrays have
the shape (steps, symbols), so that one numpy call moves all symbols.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meltica_runtime.venues.fake.randomness import Bits, draw, nearly_normal, part, stream_seed
from meltica_runtime.venues.fake.settings import FakeMarketSettings
from meltica_runtime.venues.increments import Increment

MAX_BLOCK_EVENTS = 8_192
"""Places in a block: enough to spread the cost of some hundred numpy calls, little enough for the cache."""
MIN_BLOCK_EVENTS = 64
"""A slow market's blocks span about a second of its time, but no fewer places than these."""

TRADE, TICKER, BOOK = 0, 1, 2
TRADES_OF_256 = 128
TICKERS_OF_256 = 77
"""Of 256 places so many are trades, so many tickers; the other 51 are books."""

TOUCH_NOTIONAL = 20_000
"""Mean value, in the quote asset, of what stands at the best price."""

_YEAR_SECONDS = 365.0 * 86_400.0
_EVENT_STREAM, _WALK_STREAM, _QUOTE_STREAM = 0, 1, 2

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Quotes:
    """One block. All arrays have the shape (steps, symbols); in C order that is the order of events.

    `places`: number of each event since the start. Prices in ticks, quantities in lots, both whole numbers.
    `traded` marks the trades; `buying`, `trade_ticks` and `trade_lots` mean something there only.
    """

    places: NDArray[np.uint64]
    times: Floats
    kinds: NDArray[np.uint8]
    bids: Floats
    asks: Floats
    bid_lots: Floats
    ask_lots: Floats
    traded: NDArray[np.bool_]
    buying: NDArray[np.bool_]
    trade_ticks: Floats
    trade_lots: Floats


class QuoteWalk:
    """Makes block after block. A quote moves on tickers and books only, so that a trade is always at the
    best bid or ask that was shown last, and never of more than what was shown there."""

    def __init__(self, settings: FakeMarketSettings, names: Sequence[str]) -> None:
        symbols = len(names)
        places = min(MAX_BLOCK_EVENTS, max(MIN_BLOCK_EVENTS, int(settings.rate)))
        self.steps = max(1, places // symbols)
        self.symbols = symbols
        self.price_increment = Increment(settings.tick_size)
        self.lot_increment = Increment(settings.lot_size)
        self._settings = settings
        self._tick = float(settings.tick_size)
        self._most_ticks = float(self.price_increment.largest // 2)
        step_seconds = symbols / settings.rate
        self._sigma = min(0.05, settings.volatility * (step_seconds / _YEAR_SECONDS) ** 0.5)
        self._mids = np.array([float(settings.start_price_of(name)) for name in names])
        touch = np.floor(TOUCH_NOTIONAL / (self._mids * float(settings.lot_size)))
        self.mean_lots: Floats = np.clip(touch, 4.0, self.lot_increment.largest // 4)
        self._seeds = tuple(
            stream_seed(settings.seed, stream) for stream in (_EVENT_STREAM, _WALK_STREAM, _QUOTE_STREAM)
        )
        self._first_place = 0
        symbol_numbers = np.arange(symbols, dtype=np.uint64)
        self._quote_bits = draw(self._seeds[2] ^ 1, symbol_numbers)

    def next_block(self) -> Quotes:
        shape = (self.steps, self.symbols)
        first = self._first_place
        places = np.arange(first, first + self.steps * self.symbols, dtype=np.uint64).reshape(shape)
        self._first_place += places.size
        bits = draw(self._seeds[0], places)
        kinds = _kinds(bits)
        quoting = kinds != TRADE
        ticks, touch_bits = self._mid_ticks(places, quoting), self._touch_bits(places, quoting)
        spread = np.floor(ticks * (self._settings.spread * (0.5 + part(touch_bits, 0))))
        spread = np.clip(spread, 1.0, ticks - 1.0)
        bids = ticks - np.floor(spread * 0.5)
        asks = bids + spread
        bid_lots = 1.0 + np.floor(part(touch_bits, 1) * (2.0 * self.mean_lots))
        ask_lots = 1.0 + np.floor(part(touch_bits, 2) * (2.0 * self.mean_lots))
        buying = (bits & np.uint64(0x100)) != 0
        touch = np.where(buying, ask_lots, bid_lots)
        return Quotes(
            places=places,
            times=self._times(places, bits),
            kinds=kinds,
            bids=bids,
            asks=asks,
            bid_lots=bid_lots,
            ask_lots=ask_lots,
            traded=~quoting,
            buying=buying,
            trade_ticks=np.where(buying, asks, bids),
            trade_lots=1.0 + np.floor(part(bits, 2) * part(bits, 3) * touch),
        )

    def _times(self, places: NDArray[np.uint64], bits: Bits) -> Floats:
        """Whole microseconds: each event falls somewhere in its own slot of 1 / rate."""
        slots = places.astype(np.float64) + part(bits, 1)
        return np.floor(self._settings.start_us + slots * (1e6 / self._settings.rate))

    def _mid_ticks(self, places: NDArray[np.uint64], quoting: NDArray[np.bool_]) -> Floats:
        factors = nearly_normal(draw(self._seeds[1], places))
        factors *= self._sigma
        factors += 1.0
        factors[~quoting] = 1.0
        factors[0] *= self._mids
        path = np.cumprod(factors, axis=0)
        self._mids = path[-1].copy()
        ticks: Floats = np.clip(np.floor(path / self._tick), 2.0, self._most_ticks)
        return ticks

    def _touch_bits(self, places: NDArray[np.uint64], quoting: NDArray[np.bool_]) -> Bits:
        """The bits that spread and touch quantities come from: those of the last place that quoted."""
        steps, symbols = places.shape
        drawn = np.empty((steps + 1, symbols), np.uint64)
        drawn[0] = self._quote_bits
        drawn[1:] = draw(self._seeds[2], places)
        numbers = np.arange(1, steps + 1, dtype=np.int64)[:, None]
        source = np.maximum.accumulate(np.where(quoting, numbers, 0), axis=0)
        held = np.take_along_axis(drawn, source, axis=0)
        self._quote_bits = held[-1].copy()
        return held


def _kinds(bits: Bits) -> NDArray[np.uint8]:
    low = (bits & np.uint64(0xFF)).astype(np.uint8)
    return (low >= TRADES_OF_256).astype(np.uint8) + (low >= TRADES_OF_256 + TICKERS_OF_256)
