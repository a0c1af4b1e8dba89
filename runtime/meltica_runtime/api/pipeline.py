"""`/pipeline`: what runs, node by node and edge by edge, with its counts."""

from __future__ import annotations

from fastapi import APIRouter, Response

from meltica_compiler.graph.graph import Edge, Graph, Node
from meltica_runtime.api.dependencies import GatewayDep
from meltica_runtime.api.models import ApiModel, NoParameters, json_response
from meltica_runtime.api.node_counts import (
    Counts,
    provider_counts,
    route_counts,
    sink_counts,
    strategy_counts,
)
from meltica_runtime.topology.snapshot import GatewaySnapshot

router = APIRouter(tags=["Pipeline"])


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
        views.append(_node(provider, "provider", own.state.value, own.error or None, provider_counts(own)))
    for route in graph.routes:
        counts = route_counts(now.routes[route.name])
        views.append(_node(route, "route", now.phase.value, None, counts))
    for strategy in graph.strategies:
        instance = now.strategies[strategy.name]
        fault = None if instance.fault is None else str(instance.fault)
        views.append(_node(strategy, "strategy", instance.state.value, fault, strategy_counts(instance)))
    for sink in graph.sinks:
        written = now.sinks[sink.name]
        state = now.phase.value if written.fault is None else "failed"
        views.append(_node(sink, "sink", state, written.fault, sink_counts(written)))
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
