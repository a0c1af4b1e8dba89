"""How long events take from their receipt to the end of their handler: measured once a batch, at its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from meltica_runtime.dataplane.edge_ring import EdgeRing


class LatencyMeter:
    """Looks at the last record that was handled, of each edge, and at the first that still waits.

    All lengths are microseconds. `clock_us` is the one that records are stamped by when they are received. A
    drain that lingers tells of its end only when it has waited in vain, so what it measures is right to
    within its `linger`; one that lingers for ever never tells, and then only what waits is seen.
    """

    def __init__(self, edges: Sequence[EdgeRing], clock_us: Callable[[], float]) -> None:
        self._edges = edges
        self._clock_us = clock_us
        self._consumed = [0] * len(edges)
        self.last_us = 0.0
        """Of the last batch."""
        self._worst_us = 0.0

    def batch_ended(self, lingered_us: float) -> None:
        """A drain has returned; it had nothing to do in its last `lingered_us`."""
        newest = 0.0
        for place, edge in enumerate(self._edges):
            consumed, received_us = edge.last_read
            if consumed != self._consumed[place]:
                self._consumed[place] = consumed
                newest = max(newest, received_us)
        if newest:
            self.last_us = max(self._clock_us() - lingered_us - newest, 0.0)
            self._worst_us = max(self._worst_us, self.last_us)

    @property
    def waiting_us(self) -> float:
        """How long the oldest event in the rings has been waiting for its handler; zero if none does."""
        since = min((edge.waiting_since for edge in self._edges), default=float("inf"))
        return max(self._clock_us() - since, 0.0) if since != float("inf") else 0.0

    def take_worst_us(self) -> float:
        """The longest since the last call, what waits now included."""
        worst, self._worst_us = max(self._worst_us, self.waiting_us), 0.0
        return worst
