"""Market data on its way from a source into the rings: batches of records, in one order.

All that cuts, picks and joins batches stands here.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
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

    def times(self) -> NDArray[np.float64]:
        """The time of each event, in the batch's order."""
        times = np.empty(self.count, np.float64)
        for event, rows in self.rows.items():
            times[self.positions[event]] = rows["time"]
        return times

    def part(self, start: int, stop: int, end_us: float) -> MarketBatch:
        """The events with places `start` to `stop`; their records are views."""
        if start == 0 and stop == self.count:
            return MarketBatch(self.rows, self.positions, self.count, end_us)
        rows, positions = {}, {}
        for event, places in self.positions.items():
            first, last = np.searchsorted(places, (start, stop))
            rows[event] = self.rows[event][first:last]
            positions[event] = places[first:last] - start
        return MarketBatch(rows, positions, stop - start, end_us)

    def split(self, until_us: float) -> tuple[MarketBatch, MarketBatch | None]:
        """What happened before a time, and what is left, if the batch reaches beyond it."""
        count = sum(int(np.searchsorted(rows["time"], until_us)) for rows in self.rows.values())
        if count == self.count and self.end_us <= until_us:
            return self, None
        head = self.part(0, count, min(until_us, self.end_us))
        return head, self.part(count, self.count, self.end_us)

    def where(self, is_kept: NDArray[np.bool_]) -> MarketBatch:
        """The events at the places that are marked, in the same order; their records are copies."""
        if is_kept.all():
            return self
        ranks = np.cumsum(is_kept) - 1
        rows, positions = {}, {}
        for event, places in self.positions.items():
            stays = is_kept[places]
            rows[event] = self.rows[event][stays]
            positions[event] = ranks[places[stays]]
        return MarketBatch(rows, positions, int(np.count_nonzero(is_kept)), self.end_us)

    def only(self, events: Container[str]) -> MarketBatch:
        """The records of these events, in the same order."""
        if all(event in events for event in self.rows):
            return self
        rows = {event: rows for event, rows in self.rows.items() if event in events}
        is_kept = np.zeros(self.count, np.bool_)
        for event in rows:
            is_kept[self.positions[event]] = True
        ranks = np.cumsum(is_kept) - 1
        positions = {event: ranks[self.positions[event]] for event in rows}
        return MarketBatch(rows, positions, int(np.count_nonzero(is_kept)), self.end_us)


def joined(batches: Sequence[MarketBatch], end_us: float) -> MarketBatch:
    """Batches one behind the other as one, complete up to `end_us`."""
    if len(batches) == 1:
        return batches[0].part(0, batches[0].count, end_us)
    rows: dict[str, list[Rows]] = {}
    positions: dict[str, list[NDArray[np.int64]]] = {}
    count = 0
    for batch in batches:
        for event, places in batch.positions.items():
            rows.setdefault(event, []).append(batch.rows[event])
            positions.setdefault(event, []).append(places + count)
        count += batch.count
    return MarketBatch(
        {event: joined_rows(pieces) for event, pieces in rows.items()},
        {event: np.concatenate(pieces) for event, pieces in positions.items()},
        count,
        end_us,
    )


def joined_rows(pieces: Sequence[Rows]) -> Rows:
    """Records one after the other, byte for byte: as records, numpy would drop or not fill the padding."""
    dtype = pieces[0].dtype
    opaque = np.dtype((np.void, dtype.itemsize))
    return np.concatenate([piece.view(opaque) for piece in pieces]).view(dtype)


def cut_together(batches: Sequence[MarketBatch], size: int) -> Iterator[tuple[MarketBatch, ...]]:
    """Batches of several sources in pieces of at most `size` events together, in order of time, then of the
    sources."""
    times = [batch.times() for batch in batches]
    order = np.argsort(np.concatenate(times), kind="stable")
    owners = np.repeat(np.arange(len(batches)), [len(own) for own in times])[order]
    starts = [0] * len(batches)
    for first in range(0, len(owners), size):
        taken = np.bincount(owners[first : first + size], minlength=len(batches)).tolist()
        yield tuple(
            batch.part(start, start + count, batch.end_us)
            for batch, start, count in zip(batches, starts, taken, strict=True)
        )
        starts = [start + count for start, count in zip(starts, taken, strict=True)]


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
