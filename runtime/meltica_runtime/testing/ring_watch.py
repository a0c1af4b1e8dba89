"""Looks on at an edge ring: what its reader has read, without being in its way."""

from __future__ import annotations

import numpy as np

from meltica_compiler.records.shared_memory import (
    RING_COUNTER_MASK,
    RING_HEAD,
    RING_HEADER_BYTES,
    RING_SKIPPED,
    RING_TAIL,
)
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.dataplane.ingress_ring import Records


class RingWatch:
    """`look` before the reader reads, then `read` tells what it took. Nobody writes in between."""

    def __init__(self, edge: EdgeRing, memory: memoryview) -> None:
        self.edge = edge
        self._words = memory[:RING_HEADER_BYTES].cast("I")
        self._records: Records = np.frombuffer(memory[RING_HEADER_BYTES:], dtype=edge.layout.dtype)
        self._head = self._skipped = 0
        self._unread = self._records[:0]

    def look(self) -> None:
        """Remembers what the reader will find."""
        head, tail = self._words[RING_HEAD], self._words[RING_TAIL]
        self._head, self._skipped = head, self._words[RING_SKIPPED]
        count = min((tail - head) & RING_COUNTER_MASK, self.edge.capacity)
        # A test writes fewer records than a counter counts, so that none has wrapped.
        places = (tail - count + np.arange(count)) % self.edge.capacity
        self._unread = self._records[places]

    def read(self) -> Records:
        """What the reader has taken since."""
        gone = (self._words[RING_HEAD] - self._head) & RING_COUNTER_MASK
        skipped = (self._words[RING_SKIPPED] - self._skipped) & RING_COUNTER_MASK
        return self._unread[: gone - skipped]
