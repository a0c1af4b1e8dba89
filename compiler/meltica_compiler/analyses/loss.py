"""Which edges lose events when their reader falls behind, and which hold the market up instead.

Orders, executions and balances travel as typed objects beside the rings, so no lossy edge lies on
their way.
"""

from __future__ import annotations

from msgspec import Struct

from meltica_compiler.graph.dag import follow, successors
from meltica_compiler.graph.graph import Edge, Graph
from meltica_dsl.model.pipeline import FullPolicy


class Stall(Struct, frozen=True):
    """A blocking edge. While it is full, its route stands still; once the ingress rings are full too,
    `providers` stop reading, and `routes` that read them starve."""

    edge: Edge
    providers: tuple[str, ...]
    routes: tuple[str, ...]


def lossy_edges(graph: Graph) -> tuple[Edge, ...]:
    """Edges whose policy drops events, or lets newer ones replace them."""
    return tuple(edge for edge in graph.all_edges if edge.policy is not FullPolicy.BLOCK)


def stalls(graph: Graph) -> tuple[Stall, ...]:
    """Who would stall with the reader of each blocking edge."""
    routes = graph.index.routes
    blocking = successors(
        (edge.target, edge.route) for edge in graph.links if edge.policy is FullPolicy.BLOCK
    )
    found: list[Stall] = []
    for edge in graph.all_edges:
        if edge.policy is FullPolicy.BLOCK:
            # A blocking ring from another route fills up too, and what is before it stands still as well.
            held = follow([edge.route], blocking)
            providers = {source for name in held for source in routes[name].sources}
            others = tuple(
                route.name
                for route in graph.routes
                if route.name != edge.route and (route.name in held or providers.intersection(route.sources))
            )
            found.append(Stall(edge, tuple(sorted(providers)), others))
    return tuple(found)
