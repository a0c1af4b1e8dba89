"""The clock of a route, step by step: what stages that hold events back go by.

Each event of the route, chosen or not, moves the watermark; last of all the one that came with the batch
does. `steps` say for each record which of these watermarks brought it; None: the record's own position.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meltica_compiler.kernels.selection import Records

Steps = NDArray[np.int64] | None


class Watermarks(NamedTuple):
    """`times` are in event time; `seqs` are the sequence numbers of what leaves a stage at each of
    them. The last one came with the batch, and has the number of the event before it."""

    times: NDArray[np.float64]
    seqs: NDArray[np.float64]


class Clock:
    """Reads the watermarks off a batch of the route's events."""

    def __init__(self) -> None:
        self._last_seq = 0.0

    def read(self, rows: Records, watermark_us: float) -> Watermarks:
        n = len(rows)
        times, seqs = np.empty(n + 1), np.empty(n + 1)
        times[:n], times[n] = rows["time"], watermark_us
        seqs[:n] = rows["seq"]
        if n:
            self._last_seq = float(seqs[n - 1])
        seqs[n] = self._last_seq
        return Watermarks(times, seqs)


def open_windows(times: NDArray[np.float64], every_us: float, open_before: float) -> NDArray[np.float64]:
    """The number of the window that is open after each watermark. Windows lie on the grid of multiples of
    `every_us` since the epoch, and what was opened never closes for an earlier one."""
    windows = times / every_us
    np.floor(windows, out=windows)
    np.fmax(windows, open_before, out=windows)
    return np.maximum.accumulate(windows, out=windows)
