"""The memory and the routes of a graph, built inert: rings, flows, the pump. Sealed once built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from meltica_compiler.graph import Edge, Graph, RouteNode
from meltica_compiler.kernels.expressions import Codes
from meltica_compiler.kernels.load import load_kernel
from meltica_compiler.layout import record_layout
from meltica_runtime.pump import Pump, Reader
from meltica_runtime.rings import EdgeRing, IngressRing, Sequencer
from meltica_runtime.route_flow import RouteFlow


@dataclass(frozen=True)
class DataPlane:
    """`ingresses` by provider and event, `edges` by id, `flows` by route name. `codes` are those of the
    symbols and providers in the records."""

    graph: Graph
    codes: Codes
    sequencer: Sequencer
    ingresses: Mapping[str, Mapping[str, IngressRing]]
    edges: Mapping[str, EdgeRing]
    flows: Mapping[str, RouteFlow]

    def edges_of(self, target: str) -> tuple[EdgeRing, ...]:
        """The edges that lead to a strategy or sink, in the graph's order."""
        return tuple(self.edges[edge.id] for edge in self.graph.edges if edge.target == target)

    def pump(self, wakes: Mapping[str, Callable[[float], None]]) -> Pump:
        """The pump; `wakes` says for each strategy and sink what to call when there is more to read."""
        readers = [
            Reader(target, tuple(self.flows[r] for r in self._routes_to(target)), wake)
            for target, wake in wakes.items()
        ]
        rings = [ring for own in self.ingresses.values() for ring in own.values()]
        return Pump(self.sequencer, rings, self.flows.values(), readers)

    def _routes_to(self, target: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(edge.route for edge in self.graph.edges if edge.target == target))


def build_data_plane(graph: Graph) -> DataPlane:
    """Allocates everything that the graph's budget names, and nothing that it does not."""
    ingresses = {
        provider.name: {
            ingress.event: IngressRing(record_layout(ingress.event, ingress.depth), ingress.capacity)
            for ingress in provider.ingresses
        }
        for provider in graph.providers
    }
    symbols = {provider.name: len(provider.symbols) for provider in graph.providers}
    edges: dict[str, EdgeRing] = {}
    flows: dict[str, RouteFlow] = {}
    for route in graph.routes:
        sources = tuple(ingresses[name][route.event] for name in route.sources)
        streams = sum(symbols[name] for name in route.sources)
        own = {
            edge.id: edge_ring(edge, route, sources, streams)
            for edge in graph.edges
            if edge.route == route.name
        }
        edges.update(own)
        flows[route.name] = RouteFlow(
            route, load_kernel(route, graph), sources, tuple(own.values()), streams=streams
        )
    return DataPlane(graph, Codes.of(graph), Sequencer(), ingresses, edges, flows)


def edge_ring(edge: Edge, route: RouteNode, sources: tuple[IngressRing, ...], streams: int) -> EdgeRing:
    return EdgeRing(
        layout=record_layout(edge.event, edge.depth),
        source=RouteFlow.delivered_layout(route, sources),
        capacity=edge.capacity,
        policy=edge.policy,
        streams=streams,
    )
