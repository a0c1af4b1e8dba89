"""`/strategy/instances`: the strategies of the pipeline, what they run and whether they run."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field, JsonValue

from meltica_compiler.graph.graph import Graph, StrategyNode
from meltica_runtime.api.dependencies import GatewayDep, InstanceDep
from meltica_runtime.api.models import ApiModel, NoParameters, json_response
from meltica_runtime.api.scope import strategy_scope
from meltica_runtime.store.catalog import settings_json
from meltica_runtime.strategies.instance import InstanceState, InstanceStatistics

router = APIRouter(tags=["Instances"])


class ModuleRevisionUsage(ApiModel):
    """Who else runs the same revision of a module in this pipeline."""

    strategy: str
    hash: str
    instances: list[str]
    count: int
    running: bool


class InstanceLinks(ApiModel):
    self_: Annotated[str, Field(alias="self")]


class InstanceHealth(ApiModel):
    """What the contract has no place for: more than `running` says."""

    state: str
    dry_run: bool
    trade_on: str | None = None
    events: int
    restarts: int
    latency_us: float
    """From the receipt of the last event of the last batch to the end of its handler."""
    waiting_us: float
    """How long the oldest event that is not handled has been waiting."""
    latency_budget_us: float | None = None
    over_latency_budget: bool = False
    fault: str | None = None


class InstanceSummary(ApiModel):
    id: str
    strategy_identifier: str
    strategy_tag: str
    strategy_hash: str
    strategy_selector: str
    providers: list[str]
    aggregated_symbols: list[str]
    running: bool
    usage: ModuleRevisionUsage
    links: InstanceLinks
    health: InstanceHealth


class InstancesResponse(ApiModel):
    instances: list[InstanceSummary]


class LambdaStrategySpec(ApiModel):
    identifier: str
    selector: str
    tag: str
    hash: str
    config: dict[str, JsonValue]


class ProviderSymbols(ApiModel):
    symbols: list[str]


class InstanceSnapshotResponse(ApiModel):
    id: str
    strategy: LambdaStrategySpec
    scope: dict[str, ProviderSymbols]
    providers: list[str]
    aggregated_symbols: list[str]
    running: bool
    usage: ModuleRevisionUsage
    links: InstanceLinks
    health: InstanceHealth


@router.get("/strategy/instances", response_model=InstancesResponse)
async def instances(gateway: GatewayDep, _: NoParameters) -> Response:
    """Every strategy instance of the pipeline."""
    now = gateway.snapshot().strategies
    summaries = [_summary(gateway.graph, node, now[node.name]) for node in gateway.graph.strategies]
    return json_response(InstancesResponse(instances=summaries))


@router.get("/strategy/instances/{id}", response_model=InstanceSnapshotResponse)
async def instance(gateway: GatewayDep, node: InstanceDep, _: NoParameters) -> Response:
    """One strategy instance: its module, its config, and the markets it has to do with."""
    graph, now = gateway.graph, gateway.snapshot().strategies[node.name]
    scope = strategy_scope(graph, node)
    spec = LambdaStrategySpec(
        identifier=node.module.name,
        selector=node.selector,
        tag=node.module.tag,
        hash=_hash(node),
        config=settings_json(node.config),
    )
    snapshot = InstanceSnapshotResponse(
        id=node.name,
        strategy=spec,
        scope={name: ProviderSymbols(symbols=list(symbols)) for name, symbols in scope.items()},
        providers=list(scope),
        aggregated_symbols=_symbols(scope),
        running=now.state is InstanceState.RUNNING,
        usage=_usage(graph, node, now),
        links=InstanceLinks(self_=f"/strategy/instances/{node.name}"),
        health=_health(graph, node, now),
    )
    return json_response(snapshot)


def _summary(graph: Graph, node: StrategyNode, now: InstanceStatistics) -> InstanceSummary:
    scope = strategy_scope(graph, node)
    return InstanceSummary(
        id=node.name,
        strategy_identifier=node.module.name,
        strategy_tag=node.module.tag,
        strategy_hash=_hash(node),
        strategy_selector=node.selector,
        providers=list(scope),
        aggregated_symbols=_symbols(scope),
        running=now.state is InstanceState.RUNNING,
        usage=_usage(graph, node, now),
        links=InstanceLinks(self_=f"/strategy/instances/{node.name}"),
        health=_health(graph, node, now),
    )


def _health(graph: Graph, node: StrategyNode, now: InstanceStatistics) -> InstanceHealth:
    budget = graph.latency_budget
    return InstanceHealth(
        state=now.state.value,
        dry_run=node.dry_run,
        trade_on=node.trade_on,
        events=now.events,
        restarts=now.restarts,
        latency_us=now.latency_s * 1e6,
        waiting_us=now.waiting_s * 1e6,
        latency_budget_us=None if budget is None else budget.us,
        over_latency_budget=budget is not None and max(now.latency_s, now.waiting_s) > budget.seconds,
        fault=None if now.fault is None else str(now.fault),
    )


def _usage(graph: Graph, node: StrategyNode, now: InstanceStatistics) -> ModuleRevisionUsage:
    same = [other.name for other in graph.strategies if other.module.sha256 == node.module.sha256]
    return ModuleRevisionUsage(
        strategy=node.module.name,
        hash=_hash(node),
        instances=same,
        count=len(same),
        running=now.state is InstanceState.RUNNING,
    )


def _hash(node: StrategyNode) -> str:
    """The module's hash as selectors and the registry spell it."""
    return f"sha256:{node.module.sha256}"


def _symbols(scope: dict[str, tuple[str, ...]]) -> list[str]:
    return list(dict.fromkeys(symbol for symbols in scope.values() for symbol in symbols))
