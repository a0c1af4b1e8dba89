"""Market batches of several providers, cut in the one order that they will have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from meltica_runtime.dataplane.ingest import event_times
from meltica_runtime.dataplane.market_batch import MarketBatch


def pieces(batches: Sequence[MarketBatch], size: int) -> Iterator[list[MarketBatch]]:
    """The batches in pieces of at most `size` events together, in order of time, then of the providers."""
    times = [event_times(batch) for batch in batches]
    order = np.argsort(np.concatenate(times), kind="stable")
    owners = np.repeat(np.arange(len(batches)), [len(own) for own in times])[order]
    starts = [0] * len(batches)
    for first in range(0, len(owners), size):
        taken = np.bincount(owners[first : first + size], minlength=len(batches)).tolist()
        yield [
            between(batch, start, start + count)
            for batch, start, count in zip(batches, starts, taken, strict=True)
        ]
        starts = [start + count for start, count in zip(starts, taken, strict=True)]


def between(batch: MarketBatch, start: int, stop: int) -> MarketBatch:
    """The events with places `start` to `stop`."""
    rows, positions = {}, {}
    for event, places in batch.positions.items():
        first, last = np.searchsorted(places, (start, stop))
        rows[event] = batch.rows[event][first:last]
        positions[event] = places[first:last] - start
    return MarketBatch(rows, positions, stop - start, batch.end_us)


def without(batch: MarketBatch, gone: NDArray[np.bool_]) -> MarketBatch:
    """The batch without the events at the places that are `gone`."""
    if not gone.any():
        return batch
    ranks = np.cumsum(~gone) - 1
    rows, positions = {}, {}
    for event, places in batch.positions.items():
        stays = ~gone[places]
        rows[event] = batch.rows[event][stays]
        positions[event] = ranks[places[stays]]
    return MarketBatch(rows, positions, int(np.count_nonzero(~gone)), batch.end_us)
