"""Graphs to draw: the quickstart's shape by hand, and a generator for any size."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal

import pytest

from meltica_compiler.graph.graph import (
    Edge,
    Graph,
    Ingress,
    ModuleInfo,
    ProviderNode,
    RouteNode,
    SinkNode,
    StrategyNode,
)
from meltica_compiler.records.layout import record_layout, ring_bytes
from meltica_compiler.records.shared_memory import INBOX_CONTROL_BYTES
from meltica_dsl.model.fields import EVENT_BY_NAME
from meltica_dsl.model.pipeline import (
    Binary,
    CircuitBreaker,
    Conflate,
    Const,
    Dedupe,
    Depth,
    ExprType,
    FieldRef,
    FullPolicy,
    KillSwitch,
    Linger,
    Risk,
    Sample,
    Stage,
    Where,
)
from meltica_dsl.model.values import Duration, Rate, Ratio, Secret, Size
from meltica_dsl.text.source import Location, Span

SPAN = Span("demo.mel", 0, 0)
EVENTS = ("trade", "book", "ticker", "kline")


def at(line: int) -> Location:
    return Location("demo.mel", line, 1)


def field(event: str, name: str, type_: ExprType) -> FieldRef:
    found = EVENT_BY_NAME[event].field(name)
    assert found is not None
    return FieldRef(found, type_, SPAN)


def number(text: str) -> Const:
    return Const(Decimal(text), ExprType.NUMBER, SPAN)


def where(event: str, name: str, op: str, const: Const) -> Where:
    return Where(Binary(op, field(event, name, const.type), const, ExprType.BOOL, SPAN), SPAN)


def symbol_is(event: str, symbol: str) -> Where:
    return where(event, "symbol", "==", Const(symbol, ExprType.SYMBOL, SPAN))


def risk(name: str) -> Risk:
    return Risk(
        name,
        max_position=Decimal(2),
        max_notional=Decimal("250000"),
        notional_currency=None,
        order_throttle=Rate(Decimal(5), Duration(10**9)),
        symbol_throttle=None,
        order_burst=10,
        max_open_orders=6,
        price_band=Ratio(Decimal("0.02")),
        order_types=("limit", "market"),
        kill_switch=KillSwitch(5),
        circuit_breaker=CircuitBreaker(3, Duration(30 * 10**9)),
        span=SPAN,
        name_span=SPAN,
    )


def ingress(event: str, depth: int = 0, capacity: int = 65_536) -> Ingress:
    return Ingress(
        event, capacity, depth, record_layout(event, depth).size, ring_bytes(event, depth, capacity)
    )


def edge(route: RouteNode, target: str, kind: str, policy: FullPolicy, capacity: int, line: int) -> Edge:
    size = record_layout(route.event, route.depth).size
    return Edge(
        id=f"{route.name}->{target}",
        route=route.name,
        target=target,
        target_kind=kind,
        event=route.event,
        pool=route.pool,
        policy=policy,
        capacity=capacity,
        depth=route.depth,
        record_bytes=size,
        ring_bytes=ring_bytes(route.event, route.depth, capacity),
        waiting_bytes=size * 4 if policy is FullPolicy.CONFLATE else 0,
        location=at(line),
    )


def strategy(name: str, selector: str, edges: list[Edge], **changes: object) -> StrategyNode:
    module_name, _, tag = selector.partition(":")
    values: dict[str, object] = {
        "id": f"strategy/{name}",
        "name": name,
        "selector": selector,
        "module": ModuleInfo(
            module_name,
            "1.2.0" if tag in ("", "latest") else tag,
            hashlib.sha256(selector.encode()).hexdigest(),
            f"strategies/{module_name}.js",
            "module.exports = {}",
            module_name.replace("-", " ").title(),
            "Quotes both sides around the mid price.",
            ("trade", "book"),
        ),
        "config": {"spread": Decimal("0.0005"), "size": Decimal("0.01")},
        "trade_on": None,
        "trade_symbols": ("BTC-USDT",),
        "risk": None,
        "dry_run": True,
        "linger": Linger(Duration(200_000)),
        "memory": Size(64 << 20),
        "drain_limit": Duration(10**9),
        "restarts": 5,
        "inbox_bytes": INBOX_CONTROL_BYTES + sum(e.ring_bytes for e in edges if e.target == name),
        "location": at(40),
    }
    return StrategyNode(**{**values, **changes})  # type: ignore[arg-type]


def provider(
    name: str, adapter: str, symbols: tuple[str, ...], events: tuple[Ingress, ...], **changes: object
) -> ProviderNode:
    values: dict[str, object] = {
        "id": f"provider/{name}",
        "name": name,
        "adapter": adapter,
        "symbols": symbols,
        "settings": {},
        "ingresses": events,
        "trades": False,
        "location": at(6),
    }
    return ProviderNode(**{**values, **changes})  # type: ignore[arg-type]


def route(
    name: str, event: str, sources: tuple[str, ...], stages: tuple[Stage, ...], **changes: object
) -> RouteNode:
    values: dict[str, object] = {
        "id": f"route/{name}",
        "name": name,
        "event": event,
        "depth": 10 if event == "book" else 0,
        "sources": sources,
        "stages": stages,
        "pool": "market",
        "durable": False,
        "location": at(30),
    }
    return RouteNode(**{**values, **changes})  # type: ignore[arg-type]


def make_graph(name: str, **parts: object) -> Graph:
    values: dict[str, object] = {
        "pipeline": name,
        "file": "demo.mel",
        "memory_budget": Size(4 << 30),
        "latency_budget": Duration(2_000_000),
        "symbols": ("BTC-USDT", "ETH-USDT"),
        "providers": (),
        "routes": (),
        "strategies": (),
        "sinks": (),
        "edges": (),
        "hash": hashlib.sha256(name.encode()).hexdigest(),
    }
    return Graph(**{**values, **parts})  # type: ignore[arg-type]


def quickstart() -> Graph:
    trades = route(
        "trades",
        "trade",
        ("binance", "okx", "paper"),
        (
            symbol_is("trade", "BTC-USDT"),
            where("trade", "quantity", ">=", number("0.001")),
            Dedupe(Duration(60 * 10**9), SPAN),
        ),
    )
    quotes = route(
        "quotes",
        "book",
        ("binance",),
        (Depth(20, SPAN), Conflate(Duration(100 * 10**6), SPAN)),
        depth=20,
        pool="books",
    )
    edges = [
        edge(trades, "maker", "strategy", FullPolicy.DROP_OLDEST, 65_536, 31),
        edge(trades, "tape", "sink", FullPolicy.BLOCK, 65_536, 31),
        edge(quotes, "maker", "strategy", FullPolicy.CONFLATE, 1_024, 36),
    ]
    secrets = {"api_key": Secret("OKX_API_KEY"), "passphrase": Secret("OKX_PASSPHRASE")}
    return make_graph(
        "spot_maker",
        providers=(
            provider("binance", "binance", ("BTC-USDT", "ETH-USDT"), (ingress("trade"), ingress("book", 20))),
            provider("okx", "okx", ("BTC-USDT",), (ingress("trade"),), settings=secrets),
            provider(
                "paper",
                "fake",
                ("BTC-USDT",),
                (ingress("trade"),),
                trades=True,
                settings={"seed": 7, "rate": 20_000.0},
            ),
        ),
        routes=(trades, quotes),
        strategies=(
            strategy(
                "maker", "market-making:latest", edges, trade_on="paper", risk=risk("careful"), dry_run=False
            ),
        ),
        sinks=(
            SinkNode("sink/tape", "tape", "parquet", {"path": "data/tape/{date}/{event}.parquet"}, at(58)),
        ),
        edges=tuple(edges),
    )


def generated_routes(
    routes_wanted: int, venues: int, strategies: int, sinks: int, symbols: tuple[str, ...]
) -> tuple[list[RouteNode], list[Edge]]:
    policies = tuple(FullPolicy)
    routes: list[RouteNode] = []
    edges: list[Edge] = []
    for i in range(routes_wanted):
        event = EVENTS[i % len(EVENTS)]
        home = i * venues // routes_wanted
        sources = tuple(dict.fromkeys((f"venue_{home}", f"venue_{(home + i % 2) % venues}")))
        stages: tuple[Stage, ...] = (symbol_is(event, symbols[i % 6]),)
        if i % 3 == 0:
            stages += (Dedupe(Duration(60 * 10**9), SPAN), Sample(10, SPAN))
        node = route(f"{event}s_{i}", event, sources, stages, pool=("market", "slow", "wide")[i % 3])
        routes.append(node)
        policy = policies[i % len(policies)]
        home_strategy = i * strategies // routes_wanted
        edges.append(edge(node, f"strategy_{home_strategy}", "strategy", policy, 1 << (10 + i % 7), i))
        if i % 2:
            sink = f"sink_{i * sinks // routes_wanted}"
            edges.append(edge(node, sink, "sink", policy, 1 << (10 + i % 7), i))
    return routes, edges


def generated(nodes: int) -> Graph:
    """A plausible pipeline of about `nodes` nodes: a tenth venues, half routes, the rest strategies and
    sinks; every route reads venues of its own neighbourhood, as people group them."""
    venue_count, sink_count = max(1, nodes // 10), max(1, nodes // 10)
    route_count = max(1, nodes // 2)
    strategy_count = max(1, nodes - venue_count - sink_count - route_count)
    symbols = tuple(f"{base}-USDT" for base in ("BTC", "ETH", "SOL", "XRP", "ADA", "DOGE"))
    routes, edges = generated_routes(route_count, venue_count, strategy_count, sink_count, symbols)
    risks = tuple(risk(name) for name in ("careful", "bold", "tight"))
    strategies = tuple(
        strategy(
            f"strategy_{i}",
            ("market-making:latest", "momentum:2.0.1", "grid")[i % 3],
            edges,
            trade_on=None if i % 4 == 3 else f"venue_{(i * venue_count // strategy_count) // 3 * 3}",
            risk=risks[i % 3] if i % 4 != 3 else None,
            dry_run=i % 5 == 0,
        )
        for i in range(strategy_count)
    )
    trading = {s.trade_on for s in strategies}
    read = {(source, r.event) for r in routes for source in r.sources}
    providers = tuple(
        provider(
            f"venue_{i}",
            ("binance", "okx", "fake")[i % 3],
            symbols[: 1 + i % 6],
            tuple(
                ingress(event, 10 if event == "book" else 0)
                for event in EVENTS
                if (f"venue_{i}", event) in read
            ),
            trades=f"venue_{i}" in trading,
        )
        for i in range(venue_count)
    )
    sinks = tuple(
        SinkNode(f"sink/sink_{i}", f"sink_{i}", "parquet", {"path": f"tape/{i}/{{date}}.parquet"}, at(i))
        for i in range(sink_count)
    )
    return make_graph(
        f"generated_{nodes}",
        providers=providers,
        routes=tuple(routes),
        strategies=strategies,
        sinks=sinks,
        edges=tuple(edges),
        symbols=symbols,
    )


@pytest.fixture(scope="session")
def quickstart_graph() -> Graph:
    return quickstart()


@pytest.fixture(scope="session")
def generate() -> Callable[[int], Graph]:
    return generated
