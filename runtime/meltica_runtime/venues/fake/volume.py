"""Quantity traded in the last 24 hours, as the fake market's tickers tell it."""

from __future__ import annotations

from collections import deque

import numpy as np

from meltica_runtime.venues.fake.quotes import Floats, Quotes

_MINUTE_US = 60e6
_WINDOW_MINUTES = 24 * 60


class RollingVolume:
    """Running sums in lots, less what was traded 24 hours, to the minute, before the block began."""

    def __init__(self, symbols: int) -> None:
        self._total = np.zeros(symbols)
        self._by_minute: deque[Floats] = deque([self._total], maxlen=_WINDOW_MINUTES + 1)
        self._minute: float | None = None

    def add(self, quotes: Quotes) -> Floats:
        """Takes one block; returns the volume after each of its events, shape (steps, symbols)."""
        minute = float(quotes.times.flat[0] // _MINUTE_US)
        passed = 0 if self._minute is None else minute - self._minute
        self._minute = minute
        for _ in range(int(min(passed, _WINDOW_MINUTES + 1))):
            self._by_minute.append(self._total)
        full = len(self._by_minute) > _WINDOW_MINUTES
        running = np.cumsum(np.where(quotes.traded, quotes.trade_lots, 0.0), axis=0)
        running += self._total
        self._total = running[-1].copy()
        return running - self._by_minute[0] if full else running
