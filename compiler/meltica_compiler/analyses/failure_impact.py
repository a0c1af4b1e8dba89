"""The impact of a failure: for each node, who stands still and who loses data when it stops.

What follows from edges and their policies. A full ring of policy `block` holds its route, a held route
leaves the rings of its sources full, and so it goes back to the providers, and on to everything behind them.
Any other policy loses events at that edge and touches nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from meltica_compiler.graph.dag import reachable
from meltica_compiler.graph.graph import Edge, Graph, Node
from meltica_dsl.model.pipeline import FullPolicy
from meltica_dsl.text.source import Location

Id = tuple[str, str]
"""Kind and name: a provider and a strategy may share one."""


class FailureImpact(Struct, frozen=True):
    """What the stop of one node does. All are names, in the order of the graph."""

    kind: str
    node: str
    location: Location
    stalls: tuple[str, ...]
    """Routes and providers that stand still until it reads again. A provider that stands still does not
    read its venue."""
    starves: tuple[str, ...]
    """Who is sent less, or nothing, meanwhile: all that lies behind it, and behind what stands still."""
    loses: tuple[str, ...]
    """Edges into it that lose events meanwhile, with their policies."""
    strands: tuple[str, ...]
    """Strategies whose orders go there."""


def failure_impacts(graph: Graph) -> tuple[FailureImpact, ...]:
    """What the stop of every node does, in the order of flow."""
    flow = tuple(_flow(graph))
    ids = tuple(_ids(graph))
    return tuple(_impact(graph, node, id, flow, [other for other, _ in ids]) for id, node in ids)


def _impact(
    graph: Graph, node: Node, id: Id, flow: tuple[tuple[Id, Id], ...], order: list[Id]
) -> FailureImpact:
    held = _held(graph, id)
    behind = reachable([id, *held], flow) - held - {id}
    loses = tuple(
        f"{edge.route} → {edge.target} ({edge.policy.value})"
        for edge in graph.all_edges
        if _end(edge) == id and edge.policy is not FullPolicy.BLOCK
    )
    strands = tuple(s.name for s in graph.strategies if id == ("provider", s.trade_on))
    return FailureImpact(
        id[0], id[1], node.location, _names(order, held), _names(order, behind), loses, strands
    )


def _held(graph: Graph, id: Id) -> frozenset[Id]:
    """Routes and providers that stand still with a node: back along edges that block. A route always
    holds what it reads: the ingress rings of providers lose nothing."""
    back: list[tuple[Id, Id]] = []
    for edge in graph.all_edges:
        if edge.policy is FullPolicy.BLOCK:
            back.append((_end(edge), ("route", edge.route)))
    for route in graph.routes:
        back += [(("route", route.name), ("provider", name)) for name in route.sources]
    return reachable([id], back) - {id}


def _flow(graph: Graph) -> Iterable[tuple[Id, Id]]:
    for route in graph.routes:
        yield from ((("provider", name), ("route", route.name)) for name in route.sources)
    yield from ((("route", edge.route), _end(edge)) for edge in graph.all_edges)


def _end(edge: Edge) -> Id:
    return (edge.target_kind, edge.target)


def _ids(graph: Graph) -> Iterable[tuple[Id, Node]]:
    for kind, nodes in (
        ("provider", graph.providers),
        ("route", graph.routes),
        ("strategy", graph.strategies),
        ("sink", graph.sinks),
    ):
        yield from (((kind, node.name), node) for node in nodes)


def _names(order: Iterable[Id], chosen: frozenset[Id]) -> tuple[str, ...]:
    return tuple(name for kind, name in order if (kind, name) in chosen)
