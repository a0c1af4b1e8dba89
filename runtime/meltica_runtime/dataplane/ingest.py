"""Where everything enters the gateway, and gets its number in the one order and the time of its receipt.

Market data, executions, balances, windows that close by the clock, changes of control: each takes its
number here, on the event loop's thread, in the order in which the gateway gets to know of it. Whoever records
what is given out here can bring the same run about again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from meltica_runtime.clock import Microseconds
from meltica_runtime.dataplane.ingress_ring import Indices, IngressRing, Records
from meltica_runtime.dataplane.market_batch import MarketBatch


class Ingest:
    """One a gateway, for as long as it runs: a reload goes on with its numbers, which start at 1."""

    def __init__(self, now_us: Microseconds) -> None:
        self.now_us = now_us
        self._last_seq = 0

    @property
    def last_seq(self) -> int:
        """The last number given; 0 before the first."""
        return self._last_seq

    def next_seq(self) -> int:
        """The number of an event that enters now."""
        self._last_seq += 1
        return self._last_seq

    def next_seqs(self, count: int) -> int:
        """The first of `count` consecutive numbers, for events that enter together."""
        first = self._last_seq + 1
        self._last_seq += count
        return first

    def write_batch(self, batch: MarketBatch, rings: Mapping[str, IngressRing]) -> None:
        """Numbers a batch in its order and publishes it, as received now. The rings have room for it."""
        now_us = self.now_us()
        first = self.next_seqs(batch.count)
        for event, rows in batch.rows.items():
            if not len(rows):
                continue
            np.add(batch.positions[event], first, out=rows["seq"], casting="unsafe")
            rows["ingest"] = now_us
            rings[event].append(rows)

    def write_merged(
        self, batches: Sequence[MarketBatch], rings: Sequence[Mapping[str, IngressRing]]
    ) -> None:
        """Numbers batches of the same stretch of time in order of time, then of the providers, and publishes
        them. For virtual time: an event is received when it happened."""
        times = [batch.times() for batch in batches]
        order = np.argsort(np.concatenate(times), kind="stable")
        seqs = np.empty(len(order), np.float64)
        first = self.next_seqs(len(order))
        seqs[order] = np.arange(first, first + len(order))
        start = 0
        for batch, own in zip(batches, rings, strict=True):
            for event, rows in batch.rows.items():
                rows["seq"] = seqs[start + batch.positions[event]]
                rows["ingest"] = rows["time"]
                own[event].append(rows)
            start += batch.count

    def number_rows(self, records: Records, chosen: Indices | None) -> int:
        """Numbers rows that a stage lets go of because time has passed: their place in the order is now.
        How many there are."""
        places = slice(None) if chosen is None else chosen
        count = len(records["seq"][places])
        if count:
            first = self.next_seqs(count)
            records["seq"][places] = np.arange(first, first + count)
        return count
