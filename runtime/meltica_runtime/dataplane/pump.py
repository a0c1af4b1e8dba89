"""The pump: advances all routes over what has arrived, and tells those who read how far they may."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.ingress_ring import IngressRing
from meltica_runtime.dataplane.linked_flow import LinkedFlow
from meltica_runtime.dataplane.route_flow import RouteFlow


@dataclass(frozen=True, slots=True)
class WakeTarget:
    """A strategy or sink as the pump sees it: the routes that lead to it, and what to do when there is more.

    `wake(cut)` gets the sequence number up to which all of the reader's edges are filled.
    """

    name: str
    routes: tuple[RouteFlow, ...]
    wake: Callable[[float], None]


class Pump:
    """Runs on the event loop's thread, between those who write ingress rings and those who read edges."""

    def __init__(
        self,
        ingest: Ingest,
        ingresses: Iterable[IngressRing],
        routes: Iterable[RouteFlow],
        readers: Iterable[WakeTarget],
    ) -> None:
        """`routes` in the order in which they read each other."""
        self.ingest = ingest
        self.routes = tuple(routes)
        reading: dict[int, list[RouteFlow]] = defaultdict(list)
        for route in self.routes:
            for source in route.sources:
                reading[id(source)].append(route)
        self._ingresses = tuple((ring, tuple(reading[id(ring)])) for ring in ingresses)
        self._readers = tuple(readers)
        self._linked = tuple(route for route in self.routes if isinstance(route, LinkedFlow))

    def run(self) -> None:
        """Brings everything that has arrived as far as it can go."""
        last = self.ingest.last_seq
        for route in self.routes:
            route.advance(last)
        while self._linked and self._advance_linked(last):
            pass
        self._release()
        self._wake()

    def tick(self, watermark_us: float) -> None:
        """As `run`, and closes the windows of stages that end before `watermark_us`."""
        self.run()
        for route in self.routes:
            route.tick(watermark_us, self.ingest)
        self.run()

    @property
    def is_idle(self) -> bool:
        """Every route has read all of its sources, and all of it is in the edges."""
        return not any(route.backlog or route.cut < route.delivered_seq for route in self.routes)

    def _advance_linked(self, last: int) -> bool:
        """Another turn of the routes that wait for room in the ring to another; whether anything moved. Each
        turn lets readers make room for those before them in the order, until a turn moves nothing."""
        before = self._linked_events
        for route in self._linked:
            route.advance(last)
        if self._linked_events == before:
            for route in self._linked:
                route.overrun(last)
        return self._linked_events > before

    @property
    def _linked_events(self) -> int:
        return sum(route.events_in for route in self._linked)

    def _release(self) -> None:
        """Gives providers the room of what every route has read: the slowest holds all of them up."""
        for ring, routes in self._ingresses:
            positions = [route.position(ring) for route in routes]
            ring.released = min(positions) if positions else ring.written

    def _wake(self) -> None:
        """Tells each reader its cut: it may handle events up to it in order, since none below is to come over
        any of its edges. Last of all, when the edges hold what the cut promises."""
        for reader in self._readers:
            cuts = [route.cut for route in reader.routes]
            reader.wake(min(cuts) if cuts else float(self.ingest.last_seq))
