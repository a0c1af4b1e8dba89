"""What is measured of each edge: the ring between a route and one of its readers."""

from __future__ import annotations

from collections.abc import Iterator

from meltica_compiler.graph.graph import Graph
from meltica_runtime.telemetry.metric import MetricPoint, counter, gauge
from meltica_runtime.topology.snapshot import GatewaySnapshot

EVENTS_IN = counter("meltica.edge.events.in", "{event}", "Events that the route has offered to the edge")
EVENTS_OUT = counter("meltica.edge.events.out", "{event}", "Events that the reader has taken from the edge")
DROPPED = counter(
    "meltica.edge.events.dropped",
    "{event}",
    "Events lost under the edge's policy: `full` found no room, `conflated` gave way to a newer one",
)
WAITING = gauge("meltica.edge.events.waiting", "{event}", "Events that wait for the reader: its lag")
CAPACITY = gauge("meltica.edge.capacity", "{event}", "Events that the edge has room for")


def edge_points(graph: Graph, now: GatewaySnapshot) -> Iterator[MetricPoint]:
    for edge in graph.all_edges:
        own = now.edges[edge.id]
        at = {
            "pipeline": graph.pipeline,
            "route": edge.route,
            "node": edge.target,
            "kind": edge.target_kind,
            "policy": edge.policy.value,
            "place": f"{edge.location.file}:{edge.location.line}",
        }
        yield MetricPoint(EVENTS_IN, own.offered, at)
        yield MetricPoint(EVENTS_OUT, own.consumed, at)
        yield MetricPoint(DROPPED, own.dropped, {**at, "reason": "full"})
        yield MetricPoint(DROPPED, own.conflated, {**at, "reason": "conflated"})
        yield MetricPoint(WAITING, own.waiting, at)
        yield MetricPoint(CAPACITY, edge.capacity, at)
