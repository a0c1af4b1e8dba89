"""`/pipeline`: what runs, node by node and edge by edge, with its counts."""

from __future__ import annotations

from fastapi import APIRouter, Response

from meltica_compiler.graph.graph import Edge, Graph, Node
from meltica_runtime.api.dependencies import GatewayDep
from meltica_runtime.api.models import ApiModel, NoParameters, json_response
from meltica_runtime.dataplane.route_flow import RouteStatistics
from meltica_runtime.sinks.sink import SinkStatistics
from meltica_runtime.strategies.instance import InstanceStatistics
from meltica_runtime.topology.snapshot import GatewaySnapshot
from meltica_runtime.venues.live_provider import ProviderStatistics

router = APIRouter(tags=["Pipeline"])

Counts = dict[str, int | float]
"""Counts since the start, and amounts of now; seconds where a name says so."""


class Budgets(ApiModel):
    """Bytes of rings and inboxes, and what the file allows; the latency budget in microseconds."""

    memory_bytes: int
    memory_budget_bytes: int | None = None
    latency_budget_us: float | None = None


class NodeView(ApiModel):
    """`place` is `file:line` of the declaration. `counts` since the start; which ones depends on `kind`."""

    id: str
    name: str
    kind: str
    state: str
    place: str
    fault: str | None = None
    counts: Counts


class EdgeView(ApiModel):
    """One ring: `fill` is the part of it that waits for its reader. `offered = consumed + dropped +
    conflated + waiting`, between two reads of its reader."""

    id: str
    route: str
    target: str
    target_kind: str
    event: str
    pool: str
    policy: str
    place: str
    capacity: int
    ring_bytes: int
    fill: float
    waiting: int
    offered: int
    consumed: int
    dropped: int
    conflated: int


class PipelineView(ApiModel):
    name: str
    file: str
    imports: list[str]
    hash: str
    phase: str
    uptime_seconds: float
    events: int
    symbols: list[str]
    budgets: Budgets
    nodes: list[NodeView]
    edges: list[EdgeView]


@router.get("/pipeline", response_model=PipelineView)
async def pipeline(gateway: GatewayDep, _: NoParameters) -> Response:
    """The pipeline that runs and what it has done so far, in the order of flow."""
    graph, now = gateway.graph, gateway.snapshot()
    memory, latency = graph.memory_budget, graph.latency_budget
    view = PipelineView(
        name=graph.pipeline,
        file=graph.file,
        imports=list(graph.imports),
        hash=graph.hash,
        phase=now.phase.value,
        uptime_seconds=now.uptime_s,
        events=now.events,
        symbols=list(graph.symbols),
        budgets=Budgets(
            memory_bytes=graph.total_bytes,
            memory_budget_bytes=None if memory is None else memory.bytes,
            latency_budget_us=None if latency is None else latency.us,
        ),
        nodes=_nodes(graph, now),
        edges=[_edge(edge, now) for edge in graph.all_edges],
    )
    return json_response(view)


def _nodes(graph: Graph, now: GatewaySnapshot) -> list[NodeView]:
    views = []
    for provider in graph.providers:
        own = now.providers[provider.name]
        views.append(_node(provider, "provider", own.state.value, own.error or None, _provider_counts(own)))
    for route in graph.routes:
        counts = _route_counts(now.routes[route.name])
        views.append(_node(route, "route", now.phase.value, None, counts))
    for strategy in graph.strategies:
        instance = now.strategies[strategy.name]
        fault = None if instance.fault is None else str(instance.fault)
        views.append(_node(strategy, "strategy", instance.state.value, fault, _strategy_counts(instance)))
    for sink in graph.sinks:
        written = now.sinks[sink.name]
        state = now.phase.value if written.fault is None else "failed"
        views.append(_node(sink, "sink", state, written.fault, _sink_counts(written)))
    return views


def _node(node: Node, kind: str, state: str, fault: str | None, counts: Counts) -> NodeView:
    place = f"{node.location.file}:{node.location.line}"
    return NodeView(
        id=node.id, name=node.name, kind=kind, state=state, place=place, fault=fault, counts=counts
    )


def _edge(edge: Edge, now: GatewaySnapshot) -> EdgeView:
    own = now.edges[edge.id]
    return EdgeView(
        id=edge.id,
        route=edge.route,
        target=edge.target,
        target_kind=edge.target_kind,
        event=edge.event,
        pool=edge.pool,
        policy=edge.policy.value,
        place=f"{edge.location.file}:{edge.location.line}",
        capacity=edge.capacity,
        ring_bytes=edge.ring_bytes,
        fill=own.waiting / edge.capacity,
        waiting=own.waiting,
        offered=own.offered,
        consumed=own.consumed,
        dropped=own.dropped,
        conflated=own.conflated,
    )


def _provider_counts(now: ProviderStatistics) -> Counts:
    by_event = {f"{event}Events": count for event, count in now.by_event.items()}
    return {
        "eventsOut": now.events,
        **by_event,
        "orders": now.orders,
        "fills": now.fills,
        "lagSeconds": now.lag_s,
    }


def _route_counts(now: RouteStatistics) -> Counts:
    return {
        "eventsIn": now.events_in,
        "eventsOut": now.events_out,
        "batches": now.batches,
        "lastBatch": now.last_batch,
        "lagEvents": now.lag_events,
    }


def _strategy_counts(now: InstanceStatistics) -> Counts:
    return {
        "eventsIn": now.events,
        "batches": now.drains,
        "lastBatch": now.last_batch,
        "effects": now.effects,
        "logs": now.logs,
        "restarts": now.restarts,
        "coldWaiting": now.cold_waiting,
        "coldDropped": now.cold_dropped,
        "v8Seconds": now.v8_seconds,
    }


def _sink_counts(now: SinkStatistics) -> Counts:
    return {
        "eventsIn": now.events,
        "written": now.written,
        "dropped": now.dropped,
        "bytes": now.bytes,
        "files": now.files,
    }
