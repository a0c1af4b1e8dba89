"""What is measured of each node."""

from __future__ import annotations

from collections.abc import Iterator

from meltica_compiler.graph.graph import Graph, Node
from meltica_runtime.strategies.instance import InstanceState
from meltica_runtime.telemetry.metric import Attributes, MetricPoint, counter, gauge
from meltica_runtime.topology.snapshot import GatewaySnapshot, Phase
from meltica_runtime.venues.live_provider import ProviderState

UP = gauge("meltica.node.up", "{node}", "1 while the node runs and can do its work, 0 otherwise")
EVENTS_IN = counter("meltica.node.events.in", "{event}", "Events that a route, strategy or sink has read")
EVENTS_OUT = counter("meltica.node.events.out", "{event}", "Events that a provider or route has delivered")
DROPPED = counter(
    "meltica.node.events.dropped",
    "{event}",
    "Events that the node itself lost: a sink that cannot write, a strategy that is down",
)
WAITING = gauge(
    "meltica.node.events.waiting", "{event}", "Orders, fills and the like that wait for a strategy"
)
BATCHES = counter("meltica.node.batches", "{batch}", "Batches: runs of a route, drains of a strategy")
BATCH_SIZE = gauge("meltica.node.batch.size", "{event}", "Events in the last batch")
LAG_EVENTS = gauge(
    "meltica.node.lag.events", "{event}", "Events that have arrived and that a route has not read"
)
LAG = gauge("meltica.node.lag", "s", "How far behind its clock a provider is, because its readers block it")
LATENCY = gauge(
    "meltica.node.latency", "s", "From the receipt of an event to the end of its handler, of the last batch"
)
WAITING_TIME = gauge(
    "meltica.node.waiting", "s", "How long the oldest event has been waiting for its handler"
)
LATENCY_BUDGET = gauge("meltica.node.latency.budget", "s", "What the pipeline allows it to take")
V8_TIME = counter("meltica.node.v8.time", "s", "Time inside V8, lingering included")
EFFECTS = counter("meltica.node.effects", "{effect}", "Orders and other requests of a strategy")
RESTARTS = counter("meltica.node.restarts", "{restart}", "Restarts of a strategy after a fault")
LOG_LINES = counter("meltica.node.log.lines", "{line}", "Lines that a strategy has logged")
WRITTEN = counter("meltica.node.events.written", "{event}", "Events that a sink has written")
WRITTEN_BYTES = counter("meltica.node.written", "By", "Bytes that a sink has written")
FILES = counter("meltica.node.files", "{file}", "Files that a sink has finished")
FILLS = counter("meltica.node.fills", "{fill}", "Fills at a venue")
VENUE_ORDERS = counter("meltica.node.orders", "{order}", "Orders that reached a venue")


def node_points(graph: Graph, now: GatewaySnapshot) -> Iterator[MetricPoint]:
    """The points of every node, in the order of flow."""
    yield from _provider_points(graph, now)
    yield from _route_points(graph, now)
    yield from _strategy_points(graph, now)
    yield from _sink_points(graph, now)


def _provider_points(graph: Graph, now: GatewaySnapshot) -> Iterator[MetricPoint]:
    for node in graph.providers:
        own, at = now.providers[node.name], _at(graph, node, "provider")
        yield MetricPoint(UP, int(own.state is ProviderState.RUNNING), at)
        for event, count in own.by_event.items():
            yield MetricPoint(EVENTS_OUT, count, {**at, "event": event})
        yield MetricPoint(VENUE_ORDERS, own.orders, at)
        yield MetricPoint(FILLS, own.fills, at)
        yield MetricPoint(LAG, own.lag_s, at)


def _route_points(graph: Graph, now: GatewaySnapshot) -> Iterator[MetricPoint]:
    for node in graph.routes:
        own, at = now.routes[node.name], _at(graph, node, "route")
        yield MetricPoint(UP, int(now.phase is Phase.RUNNING), at)
        yield MetricPoint(EVENTS_IN, own.events_in, at)
        yield MetricPoint(EVENTS_OUT, own.events_out, {**at, "event": node.gives})
        yield MetricPoint(BATCHES, own.batches, at)
        yield MetricPoint(BATCH_SIZE, own.last_batch, at)
        yield MetricPoint(LAG_EVENTS, own.lag_events, at)


def _strategy_points(graph: Graph, now: GatewaySnapshot) -> Iterator[MetricPoint]:
    for node in graph.strategies:
        own, at = now.strategies[node.name], _at(graph, node, "strategy")
        yield MetricPoint(UP, int(own.state is InstanceState.RUNNING), at)
        yield MetricPoint(EVENTS_IN, own.events, at)
        yield MetricPoint(DROPPED, own.cold_dropped, {**at, "reason": "reader down"})
        yield MetricPoint(WAITING, own.cold_waiting, at)
        yield MetricPoint(BATCHES, own.drains, at)
        yield MetricPoint(BATCH_SIZE, own.last_batch, at)
        yield MetricPoint(V8_TIME, own.v8_seconds, at)
        yield MetricPoint(LATENCY, own.latency_s, at)
        yield MetricPoint(WAITING_TIME, own.waiting_s, at)
        if graph.latency_budget is not None:
            yield MetricPoint(LATENCY_BUDGET, graph.latency_budget.seconds, at)
        yield MetricPoint(EFFECTS, own.effects, at)
        yield MetricPoint(RESTARTS, own.restarts, at)
        yield MetricPoint(LOG_LINES, own.logs, at)


def _sink_points(graph: Graph, now: GatewaySnapshot) -> Iterator[MetricPoint]:
    for node in graph.sinks:
        own, at = now.sinks[node.name], _at(graph, node, "sink")
        yield MetricPoint(UP, int(now.phase is Phase.RUNNING and own.fault is None), at)
        yield MetricPoint(EVENTS_IN, own.events, at)
        yield MetricPoint(DROPPED, own.dropped, {**at, "reason": "not writable"})
        yield MetricPoint(WRITTEN, own.written, at)
        yield MetricPoint(WRITTEN_BYTES, own.bytes, at)
        yield MetricPoint(FILES, own.files, at)


def _at(graph: Graph, node: Node, kind: str) -> Attributes:
    place = f"{node.location.file}:{node.location.line}"
    return {"pipeline": graph.pipeline, "node": node.name, "kind": kind, "place": place}
