"""The reader of an edge ring in Python, for sinks that live on the event loop's thread."""

from __future__ import annotations

import numpy as np

from meltica_compiler.records.layout import RecordLayout
from meltica_compiler.records.shared_memory import (
    RING_CLAIM,
    RING_COUNTER_MASK,
    RING_HEAD,
    RING_HEADER_BYTES,
    RING_SKIPPED,
    RING_TAIL,
)
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.dataplane.ingress_ring import Records


class RingReader:
    """Attaches an edge to memory of its own and reads what the pump writes there.

    Reader and writer share a thread, so nothing is overwritten while it is read.
    """

    def __init__(self, edge: EdgeRing) -> None:
        self.edge = edge
        self._memory = np.zeros(edge.size_bytes, np.uint8)
        self._words = self._memory[:RING_HEADER_BYTES].data.cast("I")
        self._records: Records = self._memory[RING_HEADER_BYTES:].view(edge.layout.dtype)
        self._position = 0
        edge.attach(self._memory.data)

    @property
    def layout(self) -> RecordLayout:
        return self.edge.layout

    @property
    def size_bytes(self) -> int:
        """Bytes of the memory behind the ring."""
        return self._memory.nbytes

    def take(self, limit: int) -> Records:
        """The oldest records, at most `limit`, as a copy in the order they were offered in."""
        self._skip_overwritten()
        waiting = (self._words[RING_TAIL] - self._words[RING_HEAD]) & RING_COUNTER_MASK
        count = min(waiting, limit)
        taken = np.empty(count, self.layout.dtype)
        first = min(count, self.edge.capacity - self._position)
        taken[:first] = self._records[self._position : self._position + first]
        taken[first:] = self._records[: count - first]
        self._move(count)
        # What waits outside a `conflate` ring comes in as soon as there is room.
        self.edge.flush_waiting()
        return taken

    def close(self) -> None:
        """Lets go of the edge; what was not taken is dropped and counted there."""
        self.edge.detach()

    def _skip_overwritten(self) -> None:
        lost = ((self._words[RING_CLAIM] - self._words[RING_HEAD]) & RING_COUNTER_MASK) - self.edge.capacity
        if lost > 0:
            self._words[RING_SKIPPED] = (self._words[RING_SKIPPED] + lost) & RING_COUNTER_MASK
            self._move(lost)

    def _move(self, count: int) -> None:
        self._position = (self._position + count) % self.edge.capacity
        self._words[RING_HEAD] = (self._words[RING_HEAD] + count) & RING_COUNTER_MASK
