"""Windows of market data: stretches of time for which all sources have delivered everything."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meltica_runtime.providers.market import MarketBatch, MarketSource


@dataclass(frozen=True, slots=True)
class Window:
    """The times of the events `first`, `first + 1`, … that are all in the rings."""

    first: int
    times: NDArray[np.float64]

    @property
    def last(self) -> int:
        return self.first + len(self.times) - 1

    def last_until(self, time_us: float) -> int:
        """The sequence number of the last event at or before a time; `first - 1` if there is none."""
        return self.first - 1 + int(np.searchsorted(self.times, time_us, side="right"))


def windows(sources: Sequence[MarketSource], events: int, size: int) -> Iterator[tuple[MarketBatch, ...]]:
    """Batches of all sources, a tuple for each stretch of time, until `events` events came.

    Each batch has at most `size` events. Where the stretches end depends on `size`; the events do not.
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
        halves = [(b, None) if len(sources) == 1 else _split(b, until) for b in pulled]
        ahead = [rest for _, rest in halves]
        stretch = tuple(batch for batch, _ in halves)
        count = sum(batch.count for batch in stretch)
        if count == 0 and all(s.exhausted for s in sources) and not any(ahead):
            return
        left -= count
        yield stretch


def _split(batch: MarketBatch, until_us: float) -> tuple[MarketBatch, MarketBatch | None]:
    """What of a batch happened before a time, and what is left of it."""
    cuts = {e: int(np.searchsorted(rows["time"], until_us, side="left")) for e, rows in batch.rows.items()}
    count = sum(cuts.values())
    if count == batch.count and batch.end_us <= until_us:
        return batch, None
    head = MarketBatch(
        {e: rows[: cuts[e]] for e, rows in batch.rows.items()},
        {e: places[: cuts[e]] for e, places in batch.positions.items()},
        count,
        min(until_us, batch.end_us),
    )
    rest = MarketBatch(
        {e: rows[cuts[e] :] for e, rows in batch.rows.items()},
        {e: places[cuts[e] :] - count for e, places in batch.positions.items()},
        batch.count - count,
        batch.end_us,
    )
    return head, rest
