"""The writer's side of an edge ring: its memory, and the counters of the header that say what is in it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from meltica_compiler.records.layout import INGEST_CELL, RecordLayout
from meltica_compiler.records.shared_memory import (
    RING_CLAIM,
    RING_COUNTER_MASK,
    RING_HEAD,
    RING_HEADER_BYTES,
    RING_SKIPPED,
    RING_TAIL,
)
from meltica_runtime.dataplane.ingress_ring import Records


class RingWriter:
    """The memory of an attached edge ring, and the writer's side of its counters."""

    def __init__(self, buffer: memoryview, layout: RecordLayout, capacity: int) -> None:
        assert len(buffer) == RING_HEADER_BYTES + capacity * layout.size
        self.words = buffer[:RING_HEADER_BYTES].cast("I")
        body: NDArray[Any] = np.frombuffer(buffer[RING_HEADER_BYTES:], dtype=np.uint8)
        self.records: Records = body.view(layout.dtype)
        self.wholes: Records = body.view(layout.bytes_dtype)
        self.cells: NDArray[np.float64] = body.view(np.float64).reshape(capacity, layout.size // 8)
        self.capacity = capacity
        self.written = 0
        self._claimed = 0
        self._consumed = self._skipped = 0
        self._last_head = self._last_skipped = 0

    @property
    def consumed(self) -> int:
        """Records that the reader is done with, read or found overwritten."""
        head = self.words[RING_HEAD]
        self._consumed += (head - self._last_head) & RING_COUNTER_MASK
        self._last_head = head
        return self._consumed

    @property
    def skipped(self) -> int:
        """Records that the reader found overwritten."""
        skipped = self.words[RING_SKIPPED]
        self._skipped += (skipped - self._last_skipped) & RING_COUNTER_MASK
        self._last_skipped = skipped
        return self._skipped

    @property
    def last_read(self) -> tuple[int, float]:
        consumed = self.consumed
        # A writer that drops the oldest may have been round since.
        if consumed == 0 or self._claimed >= consumed + self.capacity:
            return consumed, 0.0
        return consumed, float(self.cells[(consumed - 1) % self.capacity, INGEST_CELL])

    @property
    def waiting_since(self) -> float:
        first = max(self.consumed, self._claimed - self.capacity)
        if first >= self.written:
            return np.inf
        return float(self.cells[first % self.capacity, INGEST_CELL])

    def room(self) -> int:
        return self.capacity - (self.written - self.consumed)

    def claim(self, count: int) -> int:
        """Announces that the next `count` records will be written; returns the first one's place."""
        self._claimed = self.written + count
        self.words[RING_CLAIM] = self._claimed & RING_COUNTER_MASK
        return self.written % self.capacity

    def publish(self) -> None:
        """Makes the claimed records visible."""
        self.written = self._claimed
        self.words[RING_TAIL] = self.written & RING_COUNTER_MASK
