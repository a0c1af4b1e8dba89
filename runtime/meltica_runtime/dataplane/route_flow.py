"""One route at work: from its ingress rings through its kernel into its edges."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from meltica_compiler.analyses.buffering import max_buffered
from meltica_compiler.graph.graph import RouteNode
from meltica_compiler.graph.node_id import edge_id
from meltica_compiler.kernels.load import Kernel
from meltica_compiler.records.layout import MAX_BATCH, RecordLayout, cell_runs, record_layout
from meltica_dsl.model.pipeline import FullPolicy
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.ingress_ring import Indices, IngressRing, Records
from meltica_runtime.dataplane.link_ring import RouteSource

MergeKey = tuple[float, int]
"""Where an event stands among those of a route: its sequence number, and the position of its source."""


@dataclass(frozen=True, slots=True)
class RouteStatistics:
    """Counts since start: events read from the sources, and delivered to every edge."""

    events_in: int
    events_out: int
    batches: int
    last_batch: int
    lag_events: int
    """Events in the ingress rings that the route has not read yet."""


class RouteFlow:
    """Reads each source at its own position, merges them by sequence number, and delivers.

    `delivered_seq`: the number up to which the route has delivered everything it ever will, but for
    what its kernel holds back on purpose.
    """

    feeders: tuple[RouteFlow, ...] = ()
    """The flows of the routes that it reads."""

    def __init__(
        self,
        node: RouteNode,
        kernel: Kernel,
        sources: tuple[RouteSource, ...],
        edges: tuple[EdgeRing, ...],
        streams: int,
    ) -> None:
        """`streams` is the number of (symbol, provider) pairs that may flow here."""
        self.node = node
        self.sources = sources
        self.edges = edges
        self.layout = self.delivered_layout(node, sources)
        self.streams = streams
        self.delivered_seq = 0.0
        self.events_in = 0
        self.events_out = 0
        self.batches = 0
        self.last_batch = 0
        self.tap: Callable[[Records, Indices | None], None] | None = None
        """Called with everything that is delivered, for those who look on."""
        self.kernel = kernel
        self._blocking = tuple(edge for edge in edges if edge.policy is FullPolicy.BLOCK)
        self._conflating = tuple(edge for edge in edges if edge.policy is FullPolicy.CONFLATE)
        self._positions = [source.written for source in sources]
        self._watermark_us = 0.0
        # A stage that holds events may let go of them all at once.
        self._margin = max_buffered(node.stages, streams)
        self._merge = (
            _SourceMerge(sources, record_layout(node.event, node.depth)) if len(sources) > 1 else None
        )

    @staticmethod
    def delivered_layout(node: RouteNode, sources: tuple[RouteSource, ...]) -> RecordLayout:
        """The layout of the records that a flow over `sources` offers to its edges."""
        if node.gives != node.event:
            return record_layout(node.gives)
        return sources[0].layout if len(sources) == 1 else record_layout(node.event, node.depth)

    def position(self, source: IngressRing) -> int:
        """Records of `source` that this route is done with."""
        if self._merge is None:
            return self._positions[0]
        return self._positions[self.sources.index(source)]

    @property
    def backlog(self) -> int:
        """Events that wait in the ingress rings."""
        if self._merge is None:
            return self.sources[0].written - self._positions[0]
        return sum(s.written - p for s, p in zip(self.sources, self._positions, strict=True))

    @property
    def read(self) -> tuple[str, ...]:
        """The providers and routes that the `sources` belong to."""
        return (*self.node.sources, *(edge_id(name, self.node.id) for name in self.node.routes))

    def begin(self, last_seq: int) -> None:
        """Begins with what arrives from now on."""
        self._positions = [source.written for source in self.sources]
        self.delivered_seq = float(last_seq)

    def inherit(self, earlier: RouteFlow) -> None:
        """Goes on where `earlier` stands, source by source: the rings may be others, the positions are
        not."""
        known = dict(zip(earlier.read, earlier._positions, strict=True))
        for i, (name, source) in enumerate(zip(self.read, self.sources, strict=True)):
            self._positions[i] = known.get(name, source.written)
        self.delivered_seq, self._watermark_us = earlier.delivered_seq, earlier._watermark_us
        self.events_in, self.events_out = earlier.events_in, earlier.events_out
        self.batches, self.last_batch = earlier.batches, earlier.last_batch

    def flush(self, ingest: Ingest) -> int:
        """Delivers what the stages hold back, as if all their windows had come to their end. How many events
        were lost, because a blocking edge has no room for them."""
        if self.kernel.due_us() == float("inf"):
            return 0
        if self._room() > 0:
            # The watermark itself stays: who takes over holds back until his own windows end.
            self._close_windows(float("inf"), ingest)
            return 0
        records, chosen = self.kernel.run(self.sources[0].records[:0], float("inf"))
        return len(records) if chosen is None else len(chosen)

    def backlog_of(self, sources: Collection[str]) -> int:
        """Events that wait in the rings of these providers and routes, named as in `read`."""
        own = zip(self.read, self.sources, self._positions, strict=True)
        return sum(ring.written - position for name, ring, position in own if name in sources)

    def advance(self, last_seq: int) -> None:
        """Delivers what has arrived, as far as blocking edges have room.

        `last_seq` is the last number given.
        """
        while self.backlog:
            limit = self._room()
            if limit == 0:
                return
            self._process(self._take(limit, (last_seq, len(self.sources))))
        self.delivered_seq = float(last_seq)

    def tick(self, watermark_us: float, ingest: Ingest) -> None:
        """Lets windows of the stages close that end before `watermark_us`, though nothing has arrived.

        What comes of it is numbered anew: its place in the one order is now.
        """
        for edge in self._conflating:
            edge.flush_waiting()
        if watermark_us < self.kernel.due_us() or self._room() == 0 or self.backlog:
            return
        self._watermark_us = max(self._watermark_us, watermark_us)
        self._close_windows(self._watermark_us, ingest)

    def _close_windows(self, watermark_us: float, ingest: Ingest) -> None:
        records, chosen = self.kernel.run(self.sources[0].records[:0], watermark_us)
        if ingest.number_rows(records, chosen):
            self._deliver(records, chosen)

    def due_us(self) -> float:
        """Event time at which the stages let go of something that they hold back; infinite if they hold
        nothing."""
        return self.kernel.due_us()

    @property
    def cut(self) -> float:
        """Sequence number up to which every edge holds all it will hold, waiting places included."""
        if not self._conflating:
            return self.delivered_seq
        held = min(edge.first_held_seq for edge in self._conflating)
        return min(self.delivered_seq, held - 1)

    def statistics(self) -> RouteStatistics:
        return RouteStatistics(
            self.events_in, self.events_out, self.batches, self.last_batch, lag_events=self.backlog
        )

    def _process(self, rows: Records) -> None:
        self.batches += 1
        self.last_batch = count = len(rows)
        self.events_in += count
        self._watermark_us = max(self._watermark_us, float(rows["time"][-1]))
        self.delivered_seq = float(rows["seq"][-1])
        self._deliver(*self.kernel.run(rows, self._watermark_us))

    def _room(self) -> int:
        room = MAX_BATCH + self._margin
        for edge in self._blocking:
            room = min(room, edge.room())
        return max(0, room - self._margin)

    def _deliver(self, records: Records, chosen: Indices | None) -> None:
        self.events_out += len(records) if chosen is None else len(chosen)
        if self.tap is not None:
            self.tap(records, chosen)
        for edge in self.edges:
            edge.offer(records, chosen)

    def _take(self, limit: int, bound: MergeKey) -> Records:
        if self._merge is None:
            rows = self.sources[0].window(self._positions[0], limit)
            self._positions[0] += len(rows)
            return rows
        return self._merge.take(self._positions, limit, bound)


class _SourceMerge:
    """Merges the sources of one route by sequence number, in memory of its own. Events of the same number,
    which routes may give, go by the order of the sources."""

    def __init__(self, sources: tuple[RouteSource, ...], layout: RecordLayout) -> None:
        self._sources = sources
        self._share = max(1, MAX_BATCH // len(sources))
        self._gathered: Records = np.zeros(self._share * len(sources), layout.dtype)
        self._merged: Records = np.zeros(self._share * len(sources), layout.dtype)
        self._cells = self._gathered.view(np.float64).reshape(len(self._gathered), -1)
        self._columns = [cell_runs(source.layout, layout) for source in sources]
        self._depth = layout.depth

    def take(self, positions: list[int], limit: int, bound: MergeKey) -> Records:
        """The next records of all sources in order, at most `limit`, none beyond `bound`; moves `positions`
        on."""
        share = min(self._share, limit // len(self._sources))
        windows = [s.window(p, max(1, share)) for s, p in zip(self._sources, positions, strict=True)]
        if share == 0:
            return self._take_first(windows, positions, bound)
        # Beyond the end of a window that was cut short, its source may still have earlier events.
        ends: list[MergeKey] = [
            (float(window["seq"][-1]), i)
            for i, (source, window) in enumerate(zip(self._sources, windows, strict=True))
            if positions[i] + len(window) < source.written
        ]
        complete, cut = min([*ends, bound])
        count = 0
        for i, window in enumerate(windows):
            taken = int(np.searchsorted(window["seq"], complete, side="right" if i <= cut else "left"))
            self._gather(i, window[:taken], count)
            positions[i] += taken
            count += taken
        return self._in_order(count)

    def _take_first(self, windows: list[Records], positions: list[int], bound: MergeKey) -> Records:
        """The single next record, where there is room for fewer than one of each source."""
        waiting = [(float(window["seq"][0]), i) for i, window in enumerate(windows) if len(window)]
        seq, first = min(waiting)
        if (seq, first) > bound:
            return self._in_order(0)
        self._gather(first, windows[first][:1], 0)
        positions[first] += 1
        return self._in_order(1)

    def _gather(self, source: int, window: Records, start: int) -> None:
        if not len(window):
            return
        cells = window.view(np.float64).reshape(len(window), -1)
        target = self._cells[start : start + len(window)]
        for begin, end in self._columns[source]:
            target[:, end] = cells[:, begin]
        if self._depth:
            rows = self._gathered[start : start + len(window)]
            for name in ("bid_levels", "ask_levels"):
                np.minimum(rows[name], self._depth, out=rows[name])

    def _in_order(self, count: int) -> Records:
        order = np.argsort(self._gathered["seq"][:count], kind="stable")
        merged = self._merged[:count]
        np.take(self._gathered, order, out=merged, mode="clip")
        return merged
