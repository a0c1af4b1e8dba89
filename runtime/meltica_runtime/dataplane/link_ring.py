"""The edge from one route to another, as the route behind it reads it."""

from __future__ import annotations

import numpy as np

from meltica_compiler.records.shared_memory import (
    RING_COUNTER_MASK,
    RING_HEAD,
    RING_HEADER_BYTES,
    RING_SKIPPED,
)
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.dataplane.ingress_ring import IngressRing, Records


class LinkRing:
    """Attaches the edge to memory of its own. It is read in place, on the thread that writes it, and between
    two writes, so nothing is overwritten while it is read. Positions count the records ever written."""

    def __init__(self, edge: EdgeRing) -> None:
        self.edge = edge
        self.layout = edge.layout
        memory = np.zeros(edge.size_bytes, np.uint8)
        self.records: Records = memory[RING_HEADER_BYTES:].view(edge.layout.dtype)
        self._read = 0
        self._writer = edge.attach(memory.data)

    @property
    def unread(self) -> int:
        """Records that the route behind it has still to read."""
        return self.written - self._first + len(self.edge.waiting)

    def inherit(self, earlier: LinkRing) -> None:
        """Goes on with what is unread in `earlier`, which stays as it is, under a policy of its own."""
        position = earlier._first
        while position < earlier.written:
            rows = earlier.window(position, earlier.edge.capacity)
            self.edge.inherit_rows(rows)
            position += len(rows)
        self.edge.inherit_rows(earlier.edge.waiting)

    @property
    def written(self) -> int:
        return self._writer.written

    @property
    def newest(self) -> float:
        """Sequence number of the last record that is there; 0 if there is none."""
        written = self.written
        return float(self.records["seq"][(written - 1) % self.edge.capacity]) if written > self._read else 0.0

    def window(self, position: int, limit: int) -> Records:
        """The contiguous records from `position` on: at most `limit`, fewer at the ring's end."""
        start = position % self.edge.capacity
        return self.records[start : start + min(limit, self.written - position)]

    def skip_overwritten(self) -> int:
        """The position of the oldest record that is still there. Those that were lost are counted."""
        lost = self._first - self._read
        if lost > 0:
            words = self._writer.words
            words[RING_SKIPPED] = (words[RING_SKIPPED] + lost) & RING_COUNTER_MASK
            self.release(self._read + lost)
        return self._read

    @property
    def _first(self) -> int:
        """Position of the oldest record that is neither read nor overwritten."""
        return max(self._read, self.written - self.edge.capacity)

    def release(self, position: int) -> None:
        """Gives back the room of the records before `position`."""
        self._read = position
        self._writer.words[RING_HEAD] = position & RING_COUNTER_MASK
        # What waits outside a `conflate` ring comes in as soon as there is room.
        self.edge.flush_waiting()


RouteSource = IngressRing | LinkRing
"""What a route reads: a ring that a provider writes, or one that another route writes."""
