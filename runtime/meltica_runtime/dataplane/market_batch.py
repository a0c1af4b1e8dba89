"""Market data on its way from a source into the rings: batches of records, in one order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[Any]
"""Records of one event type: a structured array of `record_layout(event, depth).dtype`."""


@dataclass(frozen=True, slots=True)
class MarketBatch:
    """A stretch of market data.

    `rows`: records by event name, ascending in time, `seq` unset (0). They belong to the receiver, who may
    set `seq` and `ingest` in place; the rest never changes, so a venue may keep them. An event without
    records may be missing.
    `positions`: for each of `rows`, the place of every record in the batch's overall order 0..count-1.
    `end_us`: every event with a time before it has been delivered, by this batch or an earlier one.
    """

    rows: Mapping[str, Rows]
    positions: Mapping[str, NDArray[np.int64]]
    count: int
    end_us: float


def silence(end_us: float) -> MarketBatch:
    """A batch that says only that nothing happened before `end_us`."""
    return MarketBatch({}, {}, 0, end_us)


class MarketSource(Protocol):
    """Deterministic market data: the stream does not depend on how it is cut into batches."""

    @property
    def exhausted(self) -> bool:
        """Nothing more will come."""
        ...

    def next_batch(self, limit: int, until_us: float) -> MarketBatch:
        """The next events with time < `until_us` (`math.inf` allowed), at most `limit` of them.

        Fewer than `limit` come only when `until_us` or the end of the source is reached. `end_us` of the
        batch is then `until_us` (the last event's time, if that is infinite), else that of the next event.
        """
        ...


@dataclass(frozen=True, slots=True)
class MarketCodes:
    """How the graph interned a provider and its symbols: the numbers that records carry."""

    provider: int
    symbols: Mapping[str, int] = field(default_factory=dict)


def in_order(batch: MarketBatch) -> Iterator[tuple[str, int]]:
    """(event, row number) of every record of the batch, in its order. For readers, not for hot paths."""
    places = [(int(p), name, i) for name in batch.rows for i, p in enumerate(batch.positions[name])]
    return ((name, i) for _, name, i in sorted(places))
