"""What a gateway was started with is stored at each start, without secrets and without losing history."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from msgspec.structs import replace
from tests.runtime.store.conftest import an_order

from meltica_compiler.graph.graph import Edge, Graph, ModuleInfo, ProviderNode, RouteNode, StrategyNode
from meltica_dsl.model.pipeline import FullPolicy, Linger
from meltica_dsl.model.values import Duration, Secret, Size
from meltica_dsl.text.source import Location
from meltica_runtime.orders.write_log import OrderPlaced
from meltica_runtime.store.catalog import store_catalog
from meltica_runtime.store.pool import Database
from meltica_runtime.store.write_log import PostgresWriteLog

pytestmark = pytest.mark.anyio

HERE = Location("maker.mel", 1, 1)


def a_graph() -> Graph:
    provider = ProviderNode(
        id="provider:paper",
        name="paper",
        adapter="fake",
        symbols=("BTC-USDT",),
        settings={"seed": Decimal(7), "key": Secret("PAPER_KEY"), "nested": {"keys": (Secret("OTHER"),)}},
        ingresses=(),
        trades=True,
        location=HERE,
    )
    route = RouteNode("route:trades", "trades", "trade", 0, ("paper",), (), "market", False, HERE)
    module = ModuleInfo("noop", "v1", "abc123", "noop.js", "", "No-op", "", ("trade",))
    strategy = StrategyNode(
        id="strategy:maker",
        name="maker",
        selector="noop:latest",
        module=module,
        config={"spread": Decimal("0.0005")},
        trade_on="paper",
        trade_symbols=("BTC-USDT",),
        risk=None,
        dry_run=False,
        linger=Linger(Duration(0)),
        memory=Size(2**26),
        drain_limit=Duration(10**9),
        restarts=3,
        inbox_bytes=4_096,
        location=HERE,
    )
    edge = Edge(
        id="edge:1",
        route="trades",
        target="maker",
        target_kind="strategy",
        event="trade",
        pool="market",
        policy=FullPolicy.BLOCK,
        capacity=16,
        depth=0,
        record_bytes=96,
        ring_bytes=1_536,
        waiting_bytes=0,
        location=HERE,
    )
    return Graph(
        pipeline="spot",
        file="maker.mel",
        memory_budget=None,
        latency_budget=None,
        symbols=("BTC-USDT",),
        providers=(provider,),
        routes=(route,),
        strategies=(strategy,),
        sinks=(),
        edges=(edge,),
        hash="first",
    )


async def rows(database: Database, statement: str) -> list[tuple[object, ...]]:
    async with database.connection() as connection:
        return [tuple(row) for row in await connection.fetch(statement)]


async def test_a_graph_is_found_again(bare_database: Database) -> None:
    await store_catalog(bare_database, a_graph())
    assert await rows(bare_database, "SELECT name, adapter, symbols, trades FROM providers") == [
        ("paper", "fake", ["BTC-USDT"], True)
    ]
    assert await rows(bare_database, "SELECT provider, route, event, targets FROM provider_routes") == [
        ("paper", "trades", "trade", ["maker"])
    ]
    instance = "SELECT id, pipeline, strategy, tag, sha256, trade_on, dry_run FROM strategy_instances"
    assert await rows(bare_database, instance) == [("maker", "spot", "noop", "v1", "abc123", "paper", False)]


async def test_settings_hold_the_names_of_secrets(bare_database: Database) -> None:
    await store_catalog(bare_database, a_graph())
    ((settings,),) = await rows(bare_database, "SELECT settings FROM providers")
    assert json.loads(str(settings)) == {
        "seed": "7",
        "key": {"secret": "PAPER_KEY"},
        "nested": {"keys": [{"secret": "OTHER"}]},
    }


async def test_a_second_start_changes_what_changed_and_keeps_the_orders(bare_database: Database) -> None:
    graph = a_graph()
    await store_catalog(bare_database, graph)
    await PostgresWriteLog(bare_database).commit([OrderPlaced(an_order())])
    renamed = replace(graph.routes[0], name="prints")
    edges = (replace(graph.edges[0], route="prints"),)
    await store_catalog(bare_database, replace(graph, routes=(renamed,), edges=edges, hash="second"))
    assert await rows(bare_database, "SELECT route FROM provider_routes") == [("prints",)]
    assert await rows(bare_database, "SELECT graph_hash FROM strategy_instances") == [("second",)]
    assert await rows(bare_database, "SELECT client_order_id FROM orders") == [("maker-1",)]


async def test_a_provider_that_did_not_change_is_not_written_again(bare_database: Database) -> None:
    await store_catalog(bare_database, a_graph())
    before = await rows(bare_database, "SELECT changed_us, xmin FROM providers")
    await store_catalog(bare_database, a_graph())
    assert await rows(bare_database, "SELECT changed_us, xmin FROM providers") == before


async def test_an_instance_that_is_gone_keeps_its_row(bare_database: Database) -> None:
    graph = a_graph()
    await store_catalog(bare_database, graph)
    await store_catalog(bare_database, replace(graph, strategies=(), edges=(), routes=()))
    assert await rows(bare_database, "SELECT id FROM strategy_instances") == [("maker",)]
    assert await rows(bare_database, "SELECT route FROM provider_routes") == []
