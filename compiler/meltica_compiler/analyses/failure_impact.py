"""The impact of a failure: for each node, who stands still and who loses data when it stops.

What follows from edges and their policies. A full ring of policy `block` holds its route, a held route
leaves the rings of its sources full, and so it goes back to the providers, and on to everything behind them.
Any other policy loses events at that edge and touches nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from meltica_compiler.graph.dag import follow, successors
from meltica_compiler.graph.graph import Edge, Graph, Node
from meltica_dsl.model.pipeline import FullPolicy
from meltica_dsl.text.source import Location

Id = tuple[str, str]
"""Kind and name: a provider and a strategy may share one."""

Edges = Mapping[Id, Iterable[Id]]


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
    flow, held_by = successors(_flow(graph)), successors(_held_by(graph))
    order = {id: position for position, (id, _) in enumerate(_ids(graph))}
    return tuple(_impact(graph, node, id, flow, held_by, order) for id, node in _ids(graph))


def _impact(
    graph: Graph, node: Node, id: Id, flow: Edges, held_by: Edges, order: Mapping[Id, int]
) -> FailureImpact:
    held = follow([id], held_by) - {id}
    behind = follow([id, *held], flow) - held - {id}
    loses = tuple(
        f"{edge.route} → {edge.target} ({edge.policy.value})"
        for edge in graph.index.edges_into(node.id)
        if edge.policy is not FullPolicy.BLOCK
    )
    strands = tuple(s.name for s in graph.strategies if id == ("provider", s.trade_on))
    return FailureImpact(
        id[0], id[1], node.location, _names(order, held), _names(order, behind), loses, strands
    )


def _held_by(graph: Graph) -> Iterable[tuple[Id, Id]]:
    """From each node to the routes and providers that stand still with it: back along edges that block. A
    route always holds what it reads: the ingress rings of providers lose nothing."""
    for edge in graph.all_edges:
        if edge.policy is FullPolicy.BLOCK:
            yield _end(edge), ("route", edge.route)
    for route in graph.routes:
        yield from ((("route", route.name), ("provider", name)) for name in route.sources)


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


def _names(order: Mapping[Id, int], chosen: frozenset[Id]) -> tuple[str, ...]:
    return tuple(name for _, name in sorted(chosen, key=order.__getitem__))
