"""`conflate every T`: the newest event of each stream in each window of event time.

A stream is a symbol as one provider lists it: a book of one venue never replaces that of another.
Windows lie on the grid of multiples of T since the epoch. The route's clock is the largest event time
that any event of the route (chosen or not) or the watermark has shown. When it enters a later window,
the one before is closed: the newest event that each stream had in it goes out, in the order in which
they came, with the sequence number of the event that moved the clock. An event that comes late, its
own window closed already, counts for the window that is open.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meltica_compiler.kernels.selection import Chosen, Records, by_stream, copy_records, streams
from meltica_compiler.kernels.watermarks import Steps, Watermarks, open_windows
from meltica_compiler.records.layout import MAX_BATCH


class Conflator:
    """`pairs` is the number of (provider, symbol) pairs that can occur, `symbols` that of symbols, and
    `arriving` the most records of one batch."""

    def __init__(
        self, every_us: float, symbols: int, pairs: int, dtype: np.dtype[np.void], arriving: int = MAX_BATCH
    ) -> None:
        self._every_us = every_us
        self._symbols = symbols
        self._pairs = pairs
        self._window = -np.inf
        # One waiting event for each stream; a batch adds at most its own events to what goes out.
        self._waiting = np.empty(pairs, dtype)
        self._count = 0
        self._out = np.empty(pairs + arriving, dtype)
        self._steps = np.empty(pairs + arriving, np.int64)

    def due_us(self) -> float:
        """Event time that closes the window of what waits; infinite if nothing does."""
        return float(self._window + 1) * self._every_us if self._count else float("inf")

    def run(
        self, watermarks: Watermarks, records: Records, chosen: Chosen, steps: Steps
    ) -> tuple[Records, NDArray[np.int64]]:
        """What goes out, and the watermark that let each go."""
        clock = open_windows(watermarks.times, self._every_us, self._window)
        positions = np.arange(len(records)) if chosen is None else chosen
        if not positions.size and clock[-1] == self._window:
            return self._out[:0], self._steps[:0]
        arrived = clock[positions if steps is None else steps[positions]]
        waiting = self._waiting[: self._count]
        windows = np.concatenate([np.full(len(waiting), self._window), arrived])
        newest = self._newest(waiting, records, positions, windows)
        final = clock[-1]
        leaving = int(np.searchsorted(windows[newest], final))
        out = self._emit(waiting, records, positions, newest[:leaving])
        causes = self._steps[:leaving]
        causes[:] = np.searchsorted(clock, windows[newest[:leaving]], side="right")
        out["seq"] = watermarks.seqs[causes]
        self._wait(waiting, records, positions, newest[leaving:])
        self._window = final
        return out, causes

    def adopt(self, earlier: Conflator) -> None:
        """See `StageState.adopt`."""
        self._window, self._count = earlier._window, earlier._count
        copy_records(earlier._waiting[: self._count], self._waiting[: self._count])

    def forget(self, provider: int) -> None:
        """What waits has come, and goes out."""

    def _newest(
        self,
        waiting: Records,
        records: Records,
        positions: NDArray[np.int64],
        windows: NDArray[np.float64],
    ) -> NDArray[np.int64]:
        """Places, in waiting-then-arrived order, of the last event of each stream in each window."""
        numbers = np.concatenate(
            [streams(waiting, None, self._symbols), streams(records, positions, self._symbols)]
        )
        order = by_stream(numbers, self._pairs)
        numbers, windows = numbers[order], windows[order]
        last = np.ones(len(order), np.bool_)
        last[:-1] = (numbers[1:] != numbers[:-1]) | (windows[1:] != windows[:-1])
        return np.sort(order[last])

    def _emit(
        self,
        waiting: Records,
        records: Records,
        positions: NDArray[np.int64],
        places: NDArray[np.int64],
    ) -> Records:
        """Copies the events at these places, those that waited first."""
        out = self._out[: len(places)]
        _gather(waiting, records, positions, places, out)
        return out

    def _wait(
        self,
        waiting: Records,
        records: Records,
        positions: NDArray[np.int64],
        places: NDArray[np.int64],
    ) -> None:
        """Keeps the events at these places waiting. What is kept of those that wait moves down only."""
        self._count = len(places)
        _gather(waiting, records, positions, places, self._waiting[: self._count])


def _gather(
    waiting: Records,
    records: Records,
    positions: NDArray[np.int64],
    places: NDArray[np.int64],
    out: Records,
) -> None:
    old = int(np.searchsorted(places, len(waiting)))
    if old:
        out[:old] = waiting[places[:old]]
    if old < len(places):
        out[old:] = records[positions[places[old:] - len(waiting)]]
