"""An edge's ring: what a route delivers to one reader, until that has read it.

The pump writes it and the reader reads it, across threads, with one writer and one reader and no lock; see
`shared_memory` for the words they share and the order in which they are stored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from meltica_compiler.kernels.selection import copy_records
from meltica_compiler.records.layout import RecordLayout, cell_runs
from meltica_compiler.records.shared_memory import RING_HEADER_BYTES
from meltica_dsl.model.pipeline import FullPolicy
from meltica_runtime.dataplane.conflation_buffer import ConflationBuffer
from meltica_runtime.dataplane.ingress_ring import MAX_CAPACITY, Indices, Records
from meltica_runtime.dataplane.ring_writer import RingWriter


@dataclass(frozen=True, slots=True)
class EdgeStatistics:
    """Counts since start. Between two drains `offered = consumed + dropped + conflated + waiting`."""

    offered: int
    consumed: int
    dropped: int
    conflated: int
    waiting: int


class EdgeRing:
    """One sink's inbox of one route: written by the pump, read by the sink.

    It writes into memory that it is attached to: a part of an isolate's SharedArrayBuffer, or plain
    memory for sinks in Python. While it is detached its reader is down, and what is offered is
    dropped and counted. `source` is the layout of the records offered; a shallower `layout` keeps the
    best levels of a book.
    """

    def __init__(
        self,
        *,
        layout: RecordLayout,
        source: RecordLayout,
        capacity: int,
        policy: FullPolicy,
        streams: int,
    ) -> None:
        """`streams` is the number of (symbol, provider) pairs, the waiting places of `conflate`."""
        assert 0 < capacity <= MAX_CAPACITY
        self.layout = layout
        self.capacity = capacity
        self.policy = policy
        self.offered = 0
        self.dropped = 0
        self.conflated = 0
        self._source = source
        self._columns = cell_runs(source, layout)
        self._narrow = source.depth > layout.depth
        self._whole = layout.bytes_dtype
        self._waiting = ConflationBuffer(source, streams) if policy is FullPolicy.CONFLATE else None
        self._memory: RingWriter | None = None
        self._past = EdgeStatistics(0, 0, 0, 0, 0)

    @property
    def size_bytes(self) -> int:
        return RING_HEADER_BYTES + self.capacity * self.layout.size

    @property
    def is_attached(self) -> bool:
        return self._memory is not None

    def attach(self, buffer: memoryview) -> RingWriter:
        """Starts to write into `buffer`, `size_bytes` long and all zero, by what is returned."""
        assert self._memory is None
        self._memory = RingWriter(buffer, self.layout, self.capacity)
        return self._memory

    def detach(self) -> None:
        """Lets go of the memory; what the reader had not consumed is dropped and counted."""
        if self._memory is None:
            return
        now = self.statistics()
        self._past = replace(now, dropped=0, offered=0, conflated=0, waiting=0)
        self.dropped = now.dropped + now.waiting
        if self._waiting is not None:
            self._waiting.count = 0
        self._memory = None

    def change_source(self, source: RecordLayout, streams: int) -> Callable[[], None]:
        """From now on records of the layout `source` are offered, of so many streams. Returns the way back,
        which is open until the first of them comes."""
        before = self._source, self._columns, self._narrow, self._waiting

        def back() -> None:
            self._source, self._columns, self._narrow, self._waiting = before

        self._source = source
        self._columns = cell_runs(source, self.layout)
        self._narrow = source.depth > self.layout.depth
        if self._waiting is not None:
            self._waiting = self._waiting.resized(source, streams)
        return back

    def room(self) -> int:
        """Records that fit; without a reader there is nobody to wait for."""
        return self._memory.room() if self._memory else self.capacity

    @property
    def is_empty(self) -> bool:
        """The reader has consumed everything that was offered."""
        waits = self._waiting is not None and self._waiting.count > 0
        return not waits and (self._memory is None or self._memory.room() == self.capacity)

    @property
    def last_read(self) -> tuple[int, float]:
        """How many records the reader is done with, and when the last of them was received, in µs; zero if
        that is not known any more."""
        return self._memory.last_read if self._memory else (0, 0.0)

    @property
    def waiting_since(self) -> float:
        """When the first record that the reader has yet to consume was received, in µs; infinite if none."""
        return self._memory.waiting_since if self._memory else np.inf

    def statistics(self) -> EdgeStatistics:
        waiting = self._waiting.count if self._waiting else 0
        memory = self._memory
        return EdgeStatistics(
            offered=self.offered,
            consumed=self._past.consumed + (memory.consumed - memory.skipped if memory else 0),
            dropped=self.dropped + (memory.skipped if memory else 0),
            conflated=self.conflated,
            waiting=waiting + (memory.written - memory.consumed if memory else 0),
        )

    def offer(self, records: Records, indices: Indices | None) -> None:
        """Takes `records[indices]` (all of them if None), in order, under the ring's policy.

        Under `block` the caller has checked `room`.
        """
        count = len(records) if indices is None else len(indices)
        if count == 0:
            return
        self.offered += count
        if self._memory is None:
            self.dropped += count
        elif self.policy is FullPolicy.DROP_OLDEST:
            # Beyond one whole ring the oldest are gone before they were written.
            start = max(0, count - self.capacity)
            self.dropped += start
            self._write(self._memory, records, indices, start, count)
        elif self._waiting is not None:
            self._offer_conflating(self._memory, self._waiting, records, indices, count)
        else:
            fits = min(count, self._memory.room())
            assert fits == count or self.policy is not FullPolicy.BLOCK, "a blocking edge was overrun"
            self._write(self._memory, records, indices, 0, fits)
            self.dropped += count - fits

    def inherit_rows(self, rows: Records) -> None:
        """Takes what was in another ring of the same event, as if it were offered now.

        Under `block` the caller has checked `room`.
        """
        records: Records = np.zeros(len(rows), self._source.dtype)
        copy_records(rows, records)
        self.offer(records, None)

    @property
    def waiting(self) -> Records:
        """What waits under `conflate` outside the ring, in order."""
        if self._waiting is None:
            return np.zeros(0, self._source.dtype)
        return self._waiting.records[: self._waiting.count]

    @property
    def first_held_seq(self) -> float:
        """Sequence number of the first event that waits outside the ring; infinite if none does."""
        if self._waiting is None or not self._waiting.count:
            return np.inf
        return float(self._waiting.records["seq"][0])

    def flush_waiting(self) -> None:
        """Moves what waits under `conflate` into the ring as far as there is room."""
        if self._waiting is None or not self._waiting.count or self._memory is None:
            return
        room = self._memory.room()
        if room:
            moved = self._waiting.take(room)
            self._write(self._memory, moved, None, 0, len(moved))

    def _offer_conflating(
        self,
        memory: RingWriter,
        waiting: ConflationBuffer,
        records: Records,
        indices: Indices | None,
        count: int,
    ) -> None:
        self.flush_waiting()
        fits = 0 if waiting.count else min(count, memory.room())
        self._write(memory, records, indices, 0, fits)
        if fits < count:
            rest = np.arange(fits, count) if indices is None else indices[fits:]
            self.conflated += waiting.put(records, rest)

    def _write(
        self, memory: RingWriter, records: Records, indices: Indices | None, start: int, stop: int
    ) -> None:
        count = stop - start
        if count <= 0:
            return
        position = memory.claim(count)
        copy = self._copy_narrowed if self._narrow else self._copy
        first = min(count, self.capacity - position)
        copy(memory, records, indices, start, first, position)
        if first < count:
            copy(memory, records, indices, start + first, count - first, 0)
        memory.publish()

    def _copy(
        self,
        memory: RingWriter,
        records: Records,
        indices: Indices | None,
        start: int,
        count: int,
        position: int,
    ) -> None:
        source = records.view(self._whole)
        target = memory.wholes[position : position + count]
        if indices is None:
            target[:] = source[start : start + count]
        else:
            # `clip` skips the bounds check that would make numpy buffer the output.
            source.take(indices[start : start + count], out=target, mode="clip")

    def _copy_narrowed(
        self,
        memory: RingWriter,
        records: Records,
        indices: Indices | None,
        start: int,
        count: int,
        position: int,
    ) -> None:
        """As `_copy`, keeping the best levels."""
        cells = records.view(np.float64).reshape(len(records), -1)
        target = memory.cells[position : position + count]
        for source, destination in self._columns:
            if indices is None:
                target[:, destination] = cells[start : start + count, source]
            else:
                picked = indices[start : start + count]
                np.take(cells[:, source], picked, axis=0, out=target[:, destination], mode="clip")
        written = memory.records[position : position + count]
        for name in ("bid_levels", "ask_levels"):
            np.minimum(written[name], self.layout.depth, out=written[name])
