"""Candles of the fake market's trades."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meltica_runtime.venues.fake.quotes import Floats, Quotes


@dataclass(frozen=True, slots=True)
class Candle:
    """A closed interval of all symbols: arrays with one number a symbol, prices in ticks, volumes in lots.

    `before`: place within the block of the first event after it.
    """

    open_us: float
    close_us: float
    before: int
    opens: Floats
    highs: Floats
    lows: Floats
    closes: Floats
    volumes: Floats


class CandleMaker:
    """Collects trades and closes a candle at every multiple of the interval.

    A candle without trades repeats the last price, with volume 0.
    """

    def __init__(self, interval_us: float, start_us: float, start_ticks: Floats) -> None:
        self._interval_us = interval_us
        self._number = float(np.floor(start_us / interval_us))
        self._closes = start_ticks.copy()
        self._open_next()

    def add(self, quotes: Quotes) -> list[Candle]:
        """Takes one block; returns the candles that it closed."""
        numbers = np.floor(quotes.times.reshape(-1) / self._interval_us)
        closed = []
        start = 0
        while numbers[-1] > self._number:
            stop = int(np.searchsorted(numbers, self._number, "right"))
            self._collect(quotes, start, stop)
            closed.append(self._closed(stop))
            self._number += 1
            self._open_next()
            start = stop
        self._collect(quotes, start, len(numbers))
        return closed

    def _open_next(self) -> None:
        self._opens = self._closes.copy()
        self._highs = np.full(len(self._closes), -np.inf)
        self._lows = np.full(len(self._closes), np.inf)
        self._volumes = np.zeros(len(self._closes))

    def _collect(self, quotes: Quotes, start: int, stop: int) -> None:
        """Adds the trades among the places `start` to `stop`."""
        if stop <= start:
            return
        symbols = len(self._closes)
        first, last = start // symbols, -(-stop // symbols)
        mask = quotes.traded[first:last].copy()
        flat = mask.reshape(-1)
        flat[: start - first * symbols] = False
        flat[stop - first * symbols :] = False
        prices = quotes.trade_ticks[first:last]
        some = mask.any(axis=0)
        columns = np.arange(symbols)
        earliest = prices[mask.argmax(axis=0), columns]
        latest = prices[len(mask) - 1 - mask[::-1].argmax(axis=0), columns]
        fresh = some & (self._volumes == 0)
        self._opens[fresh] = earliest[fresh]
        self._closes[some] = latest[some]
        self._highs = np.maximum(self._highs, np.where(mask, prices, -np.inf).max(axis=0))
        self._lows = np.minimum(self._lows, np.where(mask, prices, np.inf).min(axis=0))
        self._volumes += np.where(mask, quotes.trade_lots[first:last], 0.0).sum(axis=0)

    def _closed(self, before: int) -> Candle:
        quiet = self._volumes == 0
        return Candle(
            open_us=self._number * self._interval_us,
            close_us=(self._number + 1) * self._interval_us,
            before=before,
            opens=self._opens,
            highs=np.where(quiet, self._closes, self._highs),
            lows=np.where(quiet, self._closes, self._lows),
            closes=self._closes.copy(),
            volumes=self._volumes,
        )
