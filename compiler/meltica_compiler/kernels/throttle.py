"""`throttle N/T`: the first N events of each window of event time.

Windows lie on the grid of multiples of T since the epoch. The stage's clock is the largest event time that
has reached it; an event that comes late, its own window closed already, counts for the window that is open.
"""

from __future__ import annotations

import numpy as np

from meltica_compiler.kernels.selection import Chosen, Records, column, narrow


class Throttler:
    def __init__(self, most: int, per_us: float) -> None:
        self._most = most
        self._per_us = per_us
        self._window = -np.inf
        self._passed = 0
        """Events that the open window has seen, kept or not."""

    def adopt(self, earlier: Throttler) -> None:
        """See `StageState.adopt`."""
        self._window, self._passed = earlier._window, earlier._passed

    def forget(self, provider: int) -> None:
        """It counts over the route, whoever sent what."""

    def run(self, records: Records, chosen: Chosen) -> Chosen:
        windows = column(records, "time", chosen) / self._per_us
        if not windows.size:
            return chosen
        np.floor(windows, out=windows)
        np.fmax(windows, self._window, out=windows)
        np.fmax.accumulate(windows, out=windows)
        places = np.arange(len(windows))
        places += self._passed
        # Each window but the one that was open before counts from its own first event.
        own = int(np.searchsorted(windows, self._window, side="right"))
        later = windows[own:]
        places[own:] = np.arange(len(later)) - np.searchsorted(later, later)
        self._window = float(windows[-1])
        self._passed = int(places[-1]) + 1
        return narrow(chosen, places < self._most)
