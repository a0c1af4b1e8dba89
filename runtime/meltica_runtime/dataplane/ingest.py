"""From market batches into ingress rings: where events get their place in the one order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from meltica_runtime.dataplane.ingress_ring import IngressRing, Sequencer
from meltica_runtime.dataplane.market_batch import MarketBatch


def write_batch(
    batch: MarketBatch, rings: Mapping[str, IngressRing], sequencer: Sequencer, ingest_us: float
) -> None:
    """Numbers a batch in its order and publishes it. Every ring has room for its rows."""
    first = sequencer.take(batch.count)
    for event, rows in batch.rows.items():
        if not len(rows):
            continue
        np.add(batch.positions[event], first, out=rows["seq"], casting="unsafe")
        rows["ingest"] = ingest_us
        rings[event].append(rows)


def write_merged(
    batches: Sequence[MarketBatch], rings: Sequence[Mapping[str, IngressRing]], sequencer: Sequencer
) -> None:
    """Numbers batches of the same stretch of time in order of time, then of the providers, and publishes
    them. What the gateway received when is, in a simulation, when it happened."""
    times = [event_times(batch) for batch in batches]
    order = np.argsort(np.concatenate(times), kind="stable")
    numbers = np.empty(len(order), np.float64)
    numbers[order] = np.arange(sequencer.take(len(order)), sequencer.last + 1)
    start = 0
    for batch, own in zip(batches, rings, strict=True):
        for event, rows in batch.rows.items():
            rows["seq"] = numbers[start + batch.positions[event]]
            rows["ingest"] = rows["time"]
            own[event].append(rows)
        start += batch.count


def event_times(batch: MarketBatch) -> NDArray[np.float64]:
    """The time of each record, in the batch's order."""
    times = np.empty(batch.count, np.float64)
    for event, rows in batch.rows.items():
        times[batch.positions[event]] = rows["time"]
    return times
