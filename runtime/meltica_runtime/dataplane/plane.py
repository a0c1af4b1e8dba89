"""The memory and the routes of a graph, built inert: rings, flows, the pump. Sealed once built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from meltica_compiler.graph.canonical import content_text
from meltica_compiler.graph.graph import Edge, Graph, ProviderNode, RouteNode
from meltica_compiler.graph.node_id import edge_id
from meltica_compiler.kernels.expressions import Codes
from meltica_compiler.kernels.load import Kernel, load_kernel
from meltica_compiler.plan.plan import NodeAction, Plan
from meltica_compiler.records.layout import record_layout
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.ingress_ring import IngressRing
from meltica_runtime.dataplane.link_ring import LinkRing, RouteSource
from meltica_runtime.dataplane.linked_flow import LinkedFlow
from meltica_runtime.dataplane.pump import Pump, WakeTarget
from meltica_runtime.dataplane.route_flow import RouteFlow


@dataclass(frozen=True)
class DataPlane:
    """`ingresses` by provider and event, `edges` by id, `flows` by route name, each behind those it reads.
    `codes` are those of the symbols and providers in the records."""

    graph: Graph
    codes: Codes
    ingest: Ingest
    ingresses: Mapping[str, Mapping[str, IngressRing]]
    edges: Mapping[str, EdgeRing]
    flows: Mapping[str, RouteFlow]
    links: Mapping[str, LinkRing]
    """The rings between routes, by the ids of their edges, which `edges` holds too."""

    def edges_of(self, target: str) -> tuple[EdgeRing, ...]:
        """The edges that lead to a strategy or sink, in the graph's order."""
        return tuple(self.edges[edge.id] for edge in self.graph.index.edges_to(target))

    def pump(self, wakes: Mapping[str, Callable[[float], None]]) -> Pump:
        """The pump; `wakes` says for each strategy and sink what to call when there is more to read."""
        readers = [
            WakeTarget(target, tuple(self.flows[r] for r in self._routes_to(target)), wake)
            for target, wake in wakes.items()
        ]
        rings = [ring for own in self.ingresses.values() for ring in own.values()]
        return Pump(self.ingest, rings, self.flows.values(), readers)

    def symbols_behind(self, route: str) -> dict[str, tuple[str, ...]]:
        """The symbols that may come into a route, by provider."""
        index = self.graph.index
        return {name: index.providers[name].symbols for name in index.providers_behind[route]}

    def _routes_to(self, target: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(edge.route for edge in self.graph.index.edges_to(target)))


@dataclass(frozen=True, slots=True)
class Reuse:
    """A running plane, of which a new one shares all that the plan leaves as it is."""

    plane: DataPlane
    plan: Plan


def build_data_plane(graph: Graph, ingest: Ingest, reuse: Reuse | None = None) -> DataPlane:
    """Allocates everything that the graph's budget names, and nothing that it does not. Of `reuse` it takes
    the rings, kernels and flows that are the same, and touches none of them.

    Raises `KernelFault` and `MemoryError`.
    """
    return _Builder(graph, ingest, reuse).build()


class _Builder:
    def __init__(self, graph: Graph, ingest: Ingest, reuse: Reuse | None) -> None:
        self._former = reuse.plane if reuse else None
        steps = reuse.plan.steps if reuse else ()
        self._staying = frozenset(step.id for step in steps if step.action.stays)
        self._kept = frozenset(step.id for step in steps if step.action is NodeAction.KEPT)
        codes = self._former.codes.grown(graph) if self._former else Codes.of(graph)
        self._edges: dict[str, EdgeRing] = {}
        self._flows: dict[str, RouteFlow] = {}
        self._links: dict[str, LinkRing] = {}
        ingresses = {node.name: self._ingress_rings(node) for node in graph.providers}
        self._plane = DataPlane(graph, codes, ingest, ingresses, self._edges, self._flows, self._links)

    def build(self) -> DataPlane:
        for route in self._plane.graph.index.routes_in_order:
            self._flows[route.name] = self._flow(route)
        return self._plane

    def _ingress_rings(self, node: ProviderNode) -> dict[str, IngressRing]:
        former = self._former.ingresses.get(node.name, {}) if self._former else {}
        rings: dict[str, IngressRing] = {}
        for ingress in node.ingresses:
            layout = record_layout(ingress.event, ingress.depth)
            old = former.get(ingress.event)
            is_same = old is not None and (old.layout, old.capacity) == (layout, ingress.capacity)
            rings[ingress.event] = old if old and is_same else IngressRing(layout, ingress.capacity)
        return rings

    def _flow(self, route: RouteNode) -> RouteFlow:
        plane = self._plane
        sources: tuple[RouteSource, ...] = (
            *(plane.ingresses[name][route.event] for name in route.sources),
            *(self._links[edge_id(name, route.id)] for name in route.routes),
        )
        streams = sum(map(len, plane.symbols_behind(route.name).values()))
        written = plane.graph.index.edges_from(route.name)
        own = tuple(self._edge_ring(edge, route, sources, streams) for edge in written)
        self._edges.update((edge.id, ring) for edge, ring in zip(written, own, strict=True))
        links = tuple(self._edges[edge.id] for edge in written if edge.is_link)
        feeders = tuple(self._flows[name] for name in route.routes)
        old = self._former.flows.get(route.name) if self._former else None
        if old is None or not self._has_same_kernel(old, route, sources):
            return _open_flow(
                route, load_kernel(route, plane.graph, plane.codes), sources, own, links, streams, feeders
            )
        if (old.sources, old.edges, old.feeders) == (sources, own, feeders):
            return old
        return _open_flow(route, old.kernel, sources, own, links, streams, feeders)

    def _has_same_kernel(self, old: RouteFlow, route: RouteNode, sources: tuple[RouteSource, ...]) -> bool:
        """Whether the running kernel does what the route's own would do."""
        # What is kept has the same content: to compare it again would cost more than all else here.
        if route.id not in self._kept and content_text(old.node) != content_text(route):
            return False
        assert self._former is not None, "the old flow is the former plane's"
        before, after = ([ring.layout for ring in rings] for rings in (old.sources, sources))
        name = route.name
        return before == after and self._plane.symbols_behind(name) == self._former.symbols_behind(name)

    def _edge_ring(
        self, edge: Edge, route: RouteNode, sources: tuple[RouteSource, ...], streams: int
    ) -> EdgeRing:
        """The ring of an edge; that of the former plane where its reader goes on reading it."""
        if self._former is not None and self._stays(edge):
            if edge.is_link:
                self._links[edge.id] = self._former.links[edge.id]
            return self._former.edges[edge.id]
        ring = EdgeRing(
            layout=record_layout(edge.event, edge.depth),
            source=RouteFlow.delivered_layout(route, sources),
            capacity=edge.capacity,
            policy=edge.policy,
            streams=streams,
        )
        if edge.is_link:
            self._links[edge.id] = LinkRing(ring)
        return ring

    def _stays(self, edge: Edge) -> bool:
        """A strategy or sink that stays has the same edges; between routes each ring counts for itself."""
        if not edge.is_link:
            return edge.target_id in self._staying
        old = self._former.graph.index.edges.get(edge.id) if self._former is not None else None
        return old is not None and replace(old, location=edge.location) == edge


def _open_flow(
    route: RouteNode,
    kernel: Kernel,
    sources: tuple[RouteSource, ...],
    edges: tuple[EdgeRing, ...],
    links: tuple[EdgeRing, ...],
    streams: int,
    feeders: tuple[RouteFlow, ...],
) -> RouteFlow:
    """The flow of a route into its `edges`, of which `links` lead to routes; `feeders` are the flows of the
    routes that it reads."""
    if not links and not feeders:
        return RouteFlow(route, kernel, sources, edges, streams)
    return LinkedFlow(route, kernel, sources, edges, streams, feeders=feeders, links=links)
