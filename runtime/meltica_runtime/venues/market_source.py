"""Where a simulated provider's market data comes from, and what goes wrong there."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Protocol

import numpy as np

from meltica_runtime.dataplane.market_batch import MarketBatch, MarketSource, joined


class SourceFault(Exception):
    """A source cannot be opened or read. The message names the file, what is wrong and what was expected."""


class SubscribableSource(MarketSource, Protocol):
    def subscribe(self, depths: Mapping[str, int]) -> None:
        """Gives these events from its present place on, with so many levels a side of a book. Those that it
        gave already go on without a gap; what it has not it leaves out."""
        ...


class BlockSource:
    """A `SubscribableSource` over an iterator of blocks: batches as large as whoever makes them likes, maybe
    empty, whose times ascend from block to block. What their `end_us` is does not matter."""

    def __init__(self, blocks: Iterator[MarketBatch]) -> None:
        self._blocks = blocks
        self._block: MarketBatch | None = None
        self._times = np.empty(0)
        self._place = 0
        self._last_us = -math.inf
        self._end_us = -math.inf
        self._ended = False

    @property
    def exhausted(self) -> bool:
        return not self._fill()

    @property
    def end_us(self) -> float:
        """Every event with a time before it has been handed out."""
        return self._end_us

    def handed_out(self, event: str) -> int:
        """Records of the present block's `event` that are gone from it."""
        if self._block is None or event not in self._block.positions:
            return 0
        return int(np.searchsorted(self._block.positions[event], self._place))

    def replace(self, rest: MarketBatch) -> None:
        """Goes on with this in the place of what is left of the present block."""
        self._block, self._times, self._place = rest, rest.times(), 0

    def subscribe(self, depths: Mapping[str, int]) -> None:
        """A recording gives what is in it, whatever it is asked for."""

    def next_batch(self, limit: int, until_us: float) -> MarketBatch:
        """See `MarketSource.next_batch`."""
        parts: list[MarketBatch] = []
        count = 0
        end_us = until_us
        while self._fill():
            assert self._block is not None
            times = self._times
            stop = len(times)
            if times[-1] >= until_us:
                stop = int(np.searchsorted(times, until_us, "left"))
            stop = min(stop, self._place + limit - count)
            if stop > self._place:
                parts.append(self._block.part(self._place, stop, end_us))
                count += stop - self._place
                self._last_us = float(times[stop - 1])
                self._place = stop
            if stop < len(times):
                end_us = min(until_us, float(times[stop]))
                break
        if math.isinf(end_us):
            end_us = self._last_us
        self._end_us = end_us
        return joined(parts, end_us)

    def _fill(self) -> bool:
        """Makes sure that there is a next event at hand; False at the end of the stream."""
        while not self._ended and self._place >= len(self._times):
            block = next(self._blocks, None)
            if block is None:
                self._ended = True
            else:
                self.replace(block)
        return not self._ended
