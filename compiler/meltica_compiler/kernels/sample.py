"""`sample N`: the first of every N events, counted over the route."""

from __future__ import annotations

import numpy as np

from meltica_compiler.kernels.selection import Chosen, Records, count


class Sampler:
    def __init__(self, every: int) -> None:
        self._every = every
        self._seen = 0

    def adopt(self, earlier: Sampler) -> None:
        """See `StageState.adopt`."""
        self._seen = earlier._seen

    def forget(self, provider: int) -> None:
        """It counts over the route, whoever sent what."""

    def run(self, records: Records, chosen: Chosen) -> Chosen:
        n = count(records, chosen)
        first = -self._seen % self._every
        self._seen = (self._seen + n) % self._every
        if chosen is None:
            return np.arange(first, n, self._every)
        return chosen[first :: self._every]
