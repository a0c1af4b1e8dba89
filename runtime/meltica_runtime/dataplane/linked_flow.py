"""A route that reads another, or that another reads.

Its sources are rings of providers, which are complete up to the last number given, and rings of other routes,
which are complete only up to where those routes have come. To merge them by number it must not read beyond
the one that is complete the least far: an event with a lower number could still come there. `_complete_seq`
says how far that is, and `_bound` where it has to stop.

Between routes that advance in one turn of the pump a full ring is no reason to lose anything: the reader is
next, and makes room. So rings that may drop or conflate are not overfilled either, as long as it goes on.
Only when a whole turn moves nothing, because a reader at the end blocks, does `overrun` let their policy act.
"""

from __future__ import annotations

from meltica_compiler.graph.graph import RouteNode
from meltica_compiler.kernels.load import Kernel
from meltica_dsl.model.pipeline import FullPolicy
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.link_ring import LinkRing, RouteSource
from meltica_runtime.dataplane.route_flow import MergeKey, RouteFlow


class LinkedFlow(RouteFlow):
    """As any flow, and besides: what it reads of another route it takes in order with that route's progress,
    and into the ring to another route it never writes more than fits, while that one goes on."""

    def __init__(
        self,
        node: RouteNode,
        kernel: Kernel,
        sources: tuple[RouteSource, ...],
        edges: tuple[EdgeRing, ...],
        streams: int,
        *,
        feeders: tuple[RouteFlow, ...],
        links: tuple[EdgeRing, ...],
    ) -> None:
        """`feeders` are the routes that write the `LinkRing` sources, in their order; `links` those of the
        `edges` that lead to routes."""
        super().__init__(node, kernel, sources, edges, streams)
        rings = [(place, ring) for place, ring in enumerate(sources) if isinstance(ring, LinkRing)]
        self.feeders = feeders
        self._fed = tuple((place, ring, flow) for (place, ring), flow in zip(rings, feeders, strict=True))
        self._lossy_links = tuple(link for link in links if link.policy is not FullPolicy.BLOCK)
        self._held_by_readers = tuple(edge for edge in self._conflating if edge not in links)
        self._is_overrunning = False
        self._reached_seq = 0.0

    def inherit(self, earlier: RouteFlow) -> None:
        super().inherit(earlier)
        if isinstance(earlier, LinkedFlow):
            self._reached_seq = earlier._reached_seq
        # A ring that has taken over another's content counts from its own beginning.
        for place, ring, _ in self._fed:
            self._positions[place] = ring.skip_overwritten()

    def advance(self, last_seq: int) -> None:
        for place, ring, _ in self._fed:
            self._positions[place] = ring.skip_overwritten()
        complete_seq = min([float(last_seq), *(_complete_seq(ring, flow) for _, ring, flow in self._fed)])
        while self.backlog:
            limit = self._room()
            rows = self._take(limit, self._bound(last_seq)) if limit else None
            if rows is None or not len(rows):
                self.delivered_seq = min(complete_seq, self._first_left() - 1)
                return
            self._process(rows)
            self._reached_seq = max(self._reached_seq, self.delivered_seq)
            for place, ring, _ in self._fed:
                ring.release(self._positions[place])
        self.delivered_seq = complete_seq

    @property
    def cut(self) -> float:
        # `delivered_seq` speaks of whole numbers. Of several events of one number the first may be in the
        # edges already, and need not wait there for the others, which come behind them.
        cut = max(self.delivered_seq, self._reached_seq)
        return min([cut, *(edge.first_held_seq - 1 for edge in self._held_by_readers)])

    def overrun(self, last_seq: int) -> None:
        """Advances when nothing else can: a route that reads this one stands still, so that the policy of the
        ring to it acts."""
        if self._lossy_links:
            self._is_overrunning = True
            self.advance(last_seq)
            self._is_overrunning = False

    def tick(self, watermark_us: float, ingest: Ingest) -> None:
        # A window closes at its time, whether or not the next route has made room for what comes of it.
        self._is_overrunning = True
        super().tick(watermark_us, ingest)
        self._is_overrunning = False

    def _bound(self, last_seq: int) -> MergeKey:
        """Up to where everything that will ever come is in the sources. What a feeder has delivered of the
        events of one number comes first of these, whatever is still to come."""
        places = [(float(last_seq), len(self.sources))]
        for place, ring, flow in self._fed:
            complete_seq, newest = _complete_seq(ring, flow), ring.newest
            places.append((newest, place) if newest > complete_seq else (complete_seq, len(self.sources)))
        return min(places)

    def _first_left(self) -> float:
        """The number of the first event that has not been read."""
        heads = (s.window(p, 1) for s, p in zip(self.sources, self._positions, strict=True))
        return min(float(head["seq"][0]) for head in heads if len(head))

    def _room(self) -> int:
        room = super()._room()
        if not self._is_overrunning:
            for link in self._lossy_links:
                room = min(room, link.room() - self._margin)
        return max(0, room)


def _complete_seq(ring: LinkRing, feeder: RouteFlow) -> float:
    """The number up to which everything that the feeder will ever give is in the ring: as far as it has come,
    but for what waits outside a `conflate` ring and will come in behind what is there."""
    return min(feeder.delivered_seq, ring.edge.first_held_seq - 1)
