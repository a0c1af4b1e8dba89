"""Which edges lose events when their reader falls behind, and which hold the market up instead.

Orders, executions and balances travel as typed objects beside the rings, so no lossy edge lies on
their way.
"""

from __future__ import annotations

from dataclasses import dataclass

from meltica_compiler.graph import Edge, Graph
from meltica_dsl.model import FullPolicy


@dataclass(frozen=True, slots=True)
class Stall:
    """A blocking edge. While it is full, its route stands still; once the ingress rings are full too,
    `providers` stop reading, and `routes` that read them starve."""

    edge: Edge
    providers: tuple[str, ...]
    routes: tuple[str, ...]


def lossy_edges(graph: Graph) -> tuple[Edge, ...]:
    """Edges whose policy drops events, or lets newer ones replace them."""
    return tuple(edge for edge in graph.edges if edge.policy is not FullPolicy.BLOCK)


def stalls(graph: Graph) -> tuple[Stall, ...]:
    """Who would stall with the reader of each blocking edge."""
    routes = {route.name: route for route in graph.routes}
    found: list[Stall] = []
    for edge in graph.edges:
        if edge.policy is FullPolicy.BLOCK:
            held = routes[edge.route].sources
            others = [r.name for r in graph.routes if r.name != edge.route and set(r.sources) & set(held)]
            found.append(Stall(edge, held, tuple(others)))
    return tuple(found)
