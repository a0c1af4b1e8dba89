"""The graph itself: codes, rings and bytes, once nothing is wrong any more."""

from __future__ import annotations

from msgspec.structs import replace

from meltica_compiler.analyses.depth import kernel_depth, route_depth
from meltica_compiler.graph.canonical import graph_hash
from meltica_compiler.graph.dag import in_order
from meltica_compiler.graph.graph import (
    Edge,
    Graph,
    Ingress,
    Place,
    ProviderNode,
    RouteNode,
    SinkNode,
    StrategyNode,
)
from meltica_compiler.graph.node_id import NodeId, edge_id
from meltica_compiler.passes.compile_state import CompileState, event_of, given_by, providers_of, route_reads
from meltica_compiler.records.inbox_geometry import inbox_geometry
from meltica_compiler.records.layout import record_layout, ring_bytes
from meltica_dsl.model.fields import EVENT_BY_NAME
from meltica_dsl.model.pipeline import FullPolicy, Pipeline, Pool, Route, RouteSource
from meltica_dsl.text.source import Location

Feed = tuple[str, str]
"""One event type of one provider."""


def assemble(state: CompileState) -> CompileState:
    """Lays the graph out. Everything is in the order of names, so that the order of declarations decides
    nothing: not the codes, not the places of rings, not the hash.

    >>> text = '''
    ... provider paper { adapter = fake, symbols = [ETH-USDT, BTC-USDT] }
    ... pool ram { events = 1_000, on_full = drop_oldest }
    ... sink tape = log {}
    ... route trades via ram = paper.trade -> tape
    ... '''
    >>> from meltica_compiler.passes.providers import resolve_providers
    >>> from meltica_compiler.passes.sinks import resolve_sinks
    >>> graph = assemble(resolve_sinks(resolve_providers(state_of(text)))).graph
    >>> graph.symbols
    ('BTC-USDT', 'ETH-USDT')
    >>> graph.edges[0].ring_bytes == 64 + 1_000 * 64
    True
    """
    if state.is_wrong:
        return state
    pipeline = state.pipeline
    depths = _Depths(pipeline)
    edges = _edges(state, depths)
    graph = Graph(
        pipeline=pipeline.name,
        file=pipeline.span.path,
        imports=tuple(sorted({s.path for s in pipeline.sources} - {pipeline.span.path})),
        memory_budget=pipeline.memory,
        latency_budget=pipeline.latency,
        symbols=tuple(sorted({str(s) for provider in pipeline.providers for s in provider.symbols})),
        providers=_providers(state, depths),
        routes=_routes(state, depths),
        strategies=_strategies(state, edges),
        sinks=_sinks(state),
        edges=tuple(edge for edge in edges if edge.target_kind != "route"),
        hash="",
        links=tuple(edge for edge in edges if edge.target_kind == "route"),
    )
    return replace(state, graph=replace(graph, hash=graph_hash(graph)))


def _feeds(route: Route) -> list[Feed]:
    return [(source.provider, source.event.name) for source in route.sources]


class _Depths:
    """How deep the books are that each route gives, and those in the ring of each feed: as deep as the
    deepest need of the routes that read it."""

    def __init__(self, pipeline: Pipeline) -> None:
        routes = {route.name: route for route in pipeline.routes}
        self.routes: dict[str, int] = {}
        self.feeds: dict[Feed, int] = {}
        for name in in_order(route_reads(pipeline)):
            route = routes[name]
            read = [self.routes[source.route] for source in route.routes]
            self.routes[name] = needed = route_depth(event_of(route).name, route.stages, read)
            for feed in _feeds(route):
                self.feeds[feed] = max(needed, self.feeds.get(feed, 0))

    def of_kernel(self, route: Route) -> int:
        """That of the records that reach the route's kernel."""
        own = self.routes[route.name]
        return kernel_depth(
            own, [*(self.feeds[feed] for feed in _feeds(route)), *(own for _ in route.routes)]
        )


def _providers(state: CompileState, depths: _Depths) -> tuple[ProviderNode, ...]:
    capacities: dict[Feed, int] = {}
    pools = _pools(state.pipeline)
    for route in state.pipeline.routes:
        for feed in _feeds(route):
            # A ring as large as the largest pool behind it: a reader that keeps up never holds others back.
            capacities[feed] = max(pools[route.pool].events, capacities.get(feed, 0))
    venues = {strategy.trade_on for strategy in state.pipeline.strategies}
    return tuple(
        ProviderNode(
            id=NodeId("provider", provider.name),
            name=provider.name,
            adapter=provider.adapter,
            symbols=tuple(str(symbol) for symbol in provider.symbols),
            settings=state.provider_settings[provider.name],
            ingresses=tuple(
                _ingress(event, capacities[provider.name, event], depths.feeds[provider.name, event])
                for event in EVENT_BY_NAME
                if (provider.name, event) in capacities
            ),
            trades=provider.name in venues,
            location=state.location(provider.span),
        )
        for provider in sorted(state.pipeline.providers, key=lambda provider: provider.name)
    )


def _ingress(event: str, capacity: int, depth: int) -> Ingress:
    size = record_layout(event, depth).size
    return Ingress(event, capacity, depth, size, ring_bytes(event, depth, capacity))


def _routes(state: CompileState, depths: _Depths) -> tuple[RouteNode, ...]:
    return tuple(
        RouteNode(
            id=NodeId("route", route.name),
            name=route.name,
            event=event_of(route).name,
            depth=depths.routes[route.name],
            sources=tuple(sorted(source.provider for source in route.sources)),
            stages=route.stages,
            pool=route.pool,
            durable=route.durable,
            location=state.location(route.span),
            routes=tuple(sorted(source.route for source in route.routes)),
        )
        for route in sorted(state.pipeline.routes, key=lambda route: route.name)
    )


def _edges(state: CompileState, depths: _Depths) -> tuple[Edge, ...]:
    pipeline = state.pipeline
    pools, behind = _pools(pipeline), providers_of(pipeline)
    listed = {provider.name: len(provider.symbols) for provider in pipeline.providers}
    strategies = {strategy.name for strategy in pipeline.strategies}
    readers: dict[str, list[tuple[Route, RouteSource]]] = {route.name: [] for route in pipeline.routes}
    for reader in pipeline.routes:
        for source in reader.routes:
            readers[source.route].append((reader, source))
    edges: list[Edge] = []
    for route in pipeline.routes:
        pool, depth = pools[route.pool], depths.routes[route.name]
        waiting = 0
        if pool.on_full is FullPolicy.CONFLATE:
            # One place for each symbol of each provider. What waits is as deep as the kernel gave it.
            streams = sum(listed[provider] for provider in behind[route.name])
            waiting = streams * record_layout(given_by(route).name, depths.of_kernel(route)).size
        for target in route.targets:
            kind = "strategy" if target.name in strategies else "sink"
            place = state.location(target.span)
            edges.append(_edge(route, target.name, kind, pool, depth, waiting, place))
        for reader, source in readers[route.name]:
            depth, place = depths.routes[reader.name], state.location(source.span)
            edges.append(_edge(route, reader.name, "route", pool, depth, waiting, place))
    return tuple(sorted(edges, key=lambda edge: (edge.route, edge.target)))


def _edge(
    route: Route, target: str, kind: str, pool: Pool, depth: int, waiting_bytes: int, location: Location
) -> Edge:
    event = given_by(route).name
    return Edge(
        id=edge_id(route.name, NodeId(kind, target)),
        route=route.name,
        target=target,
        target_kind=kind,
        event=event,
        pool=pool.name,
        policy=pool.on_full,
        capacity=pool.events,
        depth=depth,
        record_bytes=record_layout(event, depth).size,
        ring_bytes=ring_bytes(event, depth, pool.events),
        waiting_bytes=waiting_bytes,
        location=location,
    )


def _strategies(state: CompileState, edges: tuple[Edge, ...]) -> tuple[StrategyNode, ...]:
    inboxes: dict[str, list[Edge]] = {strategy.name: [] for strategy in state.pipeline.strategies}
    for edge in edges:
        if edge.target_kind == "strategy":
            inboxes[edge.target].append(edge)
    venues = {provider.name: provider for provider in state.pipeline.providers}
    risks = {risk.name: risk for risk in state.pipeline.risks}
    places = {n.name: Place(p.name, p.cpus) for p in state.pipeline.places for n in p.nodes}
    return tuple(
        StrategyNode(
            id=NodeId("strategy", strategy.name),
            name=strategy.name,
            selector=strategy.selector.text,
            module=state.modules[strategy.name],
            config=state.configs[strategy.name],
            trade_on=strategy.trade_on,
            trade_symbols=tuple(str(symbol) for symbol in venues[strategy.trade_on].symbols)
            if strategy.trade_on is not None
            else (),
            risk=risks[strategy.risk] if strategy.risk is not None else None,
            dry_run=strategy.dry_run,
            linger=strategy.linger,
            memory=strategy.memory,
            drain_limit=strategy.drain_limit,
            restarts=strategy.restarts,
            inbox_bytes=inbox_geometry(inboxes[strategy.name]).size_bytes,
            location=state.location(strategy.span),
            place=places.get(strategy.name),
        )
        for strategy in sorted(state.pipeline.strategies, key=lambda strategy: strategy.name)
    )


def _sinks(state: CompileState) -> tuple[SinkNode, ...]:
    return tuple(
        SinkNode(
            id=NodeId("sink", sink.name),
            name=sink.name,
            kind=sink.kind,
            settings=state.sink_settings[sink.name],
            location=state.location(sink.span),
        )
        for sink in sorted(state.pipeline.sinks, key=lambda sink: sink.name)
    )


def _pools(pipeline: Pipeline) -> dict[str, Pool]:
    return {pool.name: pool for pool in pipeline.pools}
