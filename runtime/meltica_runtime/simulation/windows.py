"""Windows of market data: stretches of time for which all sources have delivered everything."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meltica_runtime.dataplane.market_batch import MarketBatch, MarketSource, cut_together, joined


@dataclass(frozen=True, slots=True)
class Window:
    """The times of the events `first`, `first + 1`, … that are all in the rings."""

    first: int
    times: NDArray[np.float64]

    @property
    def last(self) -> int:
        return self.first + len(self.times) - 1

    def time_of(self, seq: float) -> float:
        """When the event with this number was there, or the last before it; minus infinity for events of
        earlier windows."""
        number = min(math.floor(seq), self.last) - self.first
        return float(self.times[number]) if number >= 0 else -math.inf

    def last_until(self, time_us: float) -> int:
        """The sequence number of the last event at or before a time; `first - 1` if there is none."""
        return self.first - 1 + int(np.searchsorted(self.times, time_us, side="right"))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Batches of all sources for the same stretch of time, which is complete up to `end_us`."""

    batches: tuple[MarketBatch, ...]
    end_us: float

    @property
    def count(self) -> int:
        return sum(batch.count for batch in self.batches)


def stretches(sources: Sequence[MarketSource], events: int, size: int) -> Iterator[Stretch]:
    """What the sources deliver, stretch by stretch, until `events` events came or all are at their end.

    Each batch has at most `size` events. Where the stretches end depends on `size`; what comes in all, and
    the time that the last one is complete up to, do not.
    """
    ahead: list[MarketBatch | None] = [None] * len(sources)
    left = events
    while left > 0:
        pulled = [
            batch or source.next_batch(min(size, left), math.inf)
            for batch, source in zip(ahead, sources, strict=True)
        ]
        # A source that is at its end holds nobody up.
        until = min(
            (b.end_us for b, s in zip(pulled, sources, strict=True) if not s.exhausted), default=math.inf
        )
        halves = [(b, None) if len(sources) == 1 else b.split(until) for b in pulled]
        ahead = [rest for _, rest in halves]
        stretch = Stretch(tuple(batch for batch, _ in halves), until)
        if stretch.count == 0:
            if all(s.exhausted for s in sources) and not any(ahead):
                return
            _look_further(sources, ahead, size)
            continue
        if stretch.count >= left:
            yield _ended(stretch, left)
            return
        left -= stretch.count
        yield stretch


def _look_further(sources: Sequence[MarketSource], ahead: list[MarketBatch | None], size: int) -> None:
    """Gets more of the source that holds the others up: what it has is all of one and the same time."""
    open_ends = [b.end_us if b and not s.exhausted else math.inf for b, s in zip(ahead, sources, strict=True)]
    slowest = min(range(len(sources)), key=lambda i: open_ends[i])
    have = ahead[slowest]
    assert have is not None, "a source without a batch ahead holds nobody up"
    more = sources[slowest].next_batch(size, math.inf)
    ahead[slowest] = joined((have, more), more.end_us)


def _ended(stretch: Stretch, events: int) -> Stretch:
    """The first `events` events of a stretch, complete up to the last of them."""
    batches = next(cut_together(stretch.batches, events))
    return Stretch(batches, max(float(batch.times()[-1]) for batch in batches if batch.count))
