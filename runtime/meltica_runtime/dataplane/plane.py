"""The memory and the routes of a graph, built inert: rings, flows, the pump. Sealed once built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from meltica_compiler.graph.graph import Edge, Graph, RouteNode
from meltica_compiler.graph.upstream import is_link, link_id, providers_behind, routes_in_order
from meltica_compiler.kernels.expressions import Codes
from meltica_compiler.kernels.load import Kernel, load_kernel
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
    links: Mapping[str, LinkRing] = field(default_factory=dict)
    """The rings between routes, by the ids of their edges, which `edges` holds too."""

    def edges_of(self, target: str) -> tuple[EdgeRing, ...]:
        """The edges that lead to a strategy or sink, in the graph's order."""
        return tuple(self.edges[edge.id] for edge in self.graph.edges if edge.target == target)

    def pump(self, wakes: Mapping[str, Callable[[float], None]]) -> Pump:
        """The pump; `wakes` says for each strategy and sink what to call when there is more to read."""
        readers = [
            WakeTarget(target, tuple(self.flows[r] for r in self._routes_to(target)), wake)
            for target, wake in wakes.items()
        ]
        rings = [ring for own in self.ingresses.values() for ring in own.values()]
        return Pump(self.ingest, rings, self.flows.values(), readers)

    def _routes_to(self, target: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(edge.route for edge in self.graph.edges if edge.target == target))


def build_data_plane(graph: Graph, ingest: Ingest) -> DataPlane:
    """Allocates everything that the graph's budget names, and nothing that it does not."""
    ingresses = {
        provider.name: {
            ingress.event: IngressRing(record_layout(ingress.event, ingress.depth), ingress.capacity)
            for ingress in provider.ingresses
        }
        for provider in graph.providers
    }
    symbols = {provider.name: len(provider.symbols) for provider in graph.providers}
    behind = providers_behind(graph)
    own: dict[str, list[Edge]] = {route.name: [] for route in graph.routes}
    for edge in graph.all_edges:
        own[edge.route].append(edge)
    edges: dict[str, EdgeRing] = {}
    flows: dict[str, RouteFlow] = {}
    links: dict[str, LinkRing] = {}
    for route in routes_in_order(graph):
        sources: tuple[RouteSource, ...] = (
            *(ingresses[name][route.event] for name in route.sources),
            *(links[link_id(name, route.name)] for name in route.routes),
        )
        streams = sum(symbols[name] for name in behind[route.name])
        for edge in own[route.name]:
            edges[edge.id] = edge_ring(edge, route, sources, streams)
            if edge.target_kind == "route":
                links[edge.id] = LinkRing(edges[edge.id])
        written = {edge.id: edges[edge.id] for edge in own[route.name]}
        kernel, feeders = load_kernel(route, graph), tuple(flows[name] for name in route.routes)
        flows[route.name] = open_flow(route, kernel, sources, written, streams, feeders)
    return DataPlane(graph, Codes.of(graph), ingest, ingresses, edges, flows, links)


def open_flow(
    route: RouteNode,
    kernel: Kernel,
    sources: tuple[RouteSource, ...],
    edges: Mapping[str, EdgeRing],
    streams: int,
    feeders: tuple[RouteFlow, ...],
) -> RouteFlow:
    """The flow of a route into its `edges`, by id; `feeders` are the flows of the routes that it reads."""
    rings = tuple(edges.values())
    links = tuple(ring for id, ring in edges.items() if is_link(id))
    if not links and not feeders:
        return RouteFlow(route, kernel, sources, rings, streams)
    return LinkedFlow(route, kernel, sources, rings, streams, feeders=feeders, links=links)


def edge_ring(edge: Edge, route: RouteNode, sources: tuple[RouteSource, ...], streams: int) -> EdgeRing:
    return EdgeRing(
        layout=record_layout(edge.event, edge.depth),
        source=RouteFlow.delivered_layout(route, sources),
        capacity=edge.capacity,
        policy=edge.policy,
        streams=streams,
    )
