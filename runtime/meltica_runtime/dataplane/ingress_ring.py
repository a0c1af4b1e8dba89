"""Preallocated memory that providers write and routes read.

An ingress ring belongs to one provider and one event type; providers write records into it in place and
routes read it, on the same thread.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meltica_compiler.kernels.selection import copy_records
from meltica_compiler.records.layout import RecordLayout
from meltica_compiler.records.shared_memory import RING_HEADER_BYTES

Records = NDArray[np.void]
Indices = NDArray[np.int64]

MAX_CAPACITY = 1 << 30
"""Records in one ring: half the range of an edge ring's counters, so that a difference is never ambiguous."""


class IngressRing:
    """What one provider sent of one event type, until every route has read it."""

    def __init__(self, layout: RecordLayout, capacity: int) -> None:
        assert 0 < capacity <= MAX_CAPACITY
        self.layout = layout
        self.capacity = capacity
        self.memory = np.zeros(RING_HEADER_BYTES + capacity * layout.size, np.uint8)
        body = self.memory[RING_HEADER_BYTES:]
        self.records: Records = body.view(layout.dtype)
        self._whole = layout.bytes_dtype
        self._wholes = body.view(self._whole)
        self.buffer = body.data
        self.written = 0
        self.released = 0

    def room(self) -> int:
        """Records that can be written before a reader must have moved on."""
        return self.capacity - (self.written - self.released)

    def append(self, rows: Records) -> None:
        """Copies `rows`, whose `seq` is set, and publishes them. The caller has checked `room`."""
        count = len(rows)
        assert count <= self.room(), "an ingress ring was written past its room"
        start = self.written % self.capacity
        first = min(count, self.capacity - start)
        wholes = rows.view(self._whole)
        self._wholes[start : start + first] = wholes[:first]
        if first < count:
            self._wholes[: count - first] = wholes[first:]
        self.written += count

    @property
    def unread(self) -> int:
        """Records that some route has still to read."""
        return self.written - self.released

    def inherit(self, earlier: IngressRing) -> None:
        """Goes on where `earlier` stands, with what is unread there. Positions stay what they are. The caller
        has checked that it fits, and closes `earlier`."""
        assert earlier.unread <= self.capacity, "a ring takes over no more than it holds"
        self.written, self.released = earlier.written, earlier.released
        position = earlier.released
        while position < earlier.written:
            start = position % self.capacity
            rows = earlier.window(position, self.capacity - start)
            copy_records(rows, self.records[start : start + len(rows)])
            position += len(rows)

    def close(self) -> None:
        """Has no more room, so that whoever still writes here stops."""
        self.released = self.written - self.capacity

    def claim(self) -> int:
        """Byte offset in `buffer` of the next record. The caller has checked `room`."""
        return (self.written % self.capacity) * self.layout.size

    def publish(self) -> None:
        """Makes the claimed record visible."""
        self.written += 1

    def window(self, position: int, limit: int) -> Records:
        """The contiguous records from `position` on: at most `limit`, fewer at the ring's end."""
        start = position % self.capacity
        count = min(self.written - position, limit, self.capacity - start)
        return self.records[start : start + count]
