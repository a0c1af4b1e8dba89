"""The way into a sink: all its edges, and when it is worth looking at them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import anyio

from meltica_compiler.records.layout import RecordLayout
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.dataplane.ingress_ring import Records
from meltica_runtime.dataplane.ring_reader import RingReader


@dataclass(frozen=True, slots=True)
class EdgeBatch:
    """Records that came over one edge, in their order."""

    layout: RecordLayout
    rows: Records


class SinkInput:
    """Reads the edges of one sink in turns, so that many small pump runs make one batch.

    A turn begins when an edge is a quarter full, or `turn_seconds` after the one before. Whatever the
    sink does in between, its edges fill up under the policy of their pools and nowhere else.
    """

    def __init__(self, edges: tuple[EdgeRing, ...], turn_seconds: float) -> None:
        self._readers = tuple(RingReader(edge) for edge in edges)
        self._turn_seconds = turn_seconds
        self._signal = anyio.Event()
        self._stopping = False

    def wake(self) -> None:
        if not self._signal.is_set() and any(_is_filling(reader.edge) for reader in self._readers):
            self._signal.set()

    def stop(self) -> None:
        """Makes `is_over` true once everything offered was taken."""
        self._stopping = True
        self._signal.set()

    @property
    def is_empty(self) -> bool:
        """Everything offered so far was taken."""
        return all(reader.edge.is_empty for reader in self._readers)

    @property
    def is_over(self) -> bool:
        return self._stopping and self.is_empty

    async def wait(self) -> None:
        """Returns when a turn is due."""
        if not self._stopping:
            with anyio.move_on_after(self._turn_seconds):
                await self._signal.wait()
            self._signal = anyio.Event()

    def take(self, limit: int) -> Iterator[EdgeBatch]:
        """What waits on each edge that has something, at most `limit` records of each."""
        for reader in self._readers:
            rows = reader.take(limit)
            if len(rows):
                yield EdgeBatch(reader.layout, rows)

    def close(self) -> None:
        for reader in self._readers:
            reader.close()


def _is_filling(edge: EdgeRing) -> bool:
    return 4 * edge.room() <= 3 * edge.capacity
