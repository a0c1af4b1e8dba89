"""What a gateway was started with, kept so that orders can refer to it and the API can show it later."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec
from asyncpg.pool import PoolConnectionProxy

from meltica_compiler.graph.canonical import Json
from meltica_compiler.graph.graph import Graph, ProviderNode, SettingValue, StrategyNode
from meltica_dsl.model.value_text import decimal_text
from meltica_dsl.model.values import Secret
from meltica_runtime.store.pool import Database

_ADD_PROVIDER = """
INSERT INTO providers (name, adapter, symbols, settings, trades) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (name) DO UPDATE SET adapter = EXCLUDED.adapter, symbols = EXCLUDED.symbols,
  settings = EXCLUDED.settings, trades = EXCLUDED.trades, changed_us = now_us()
WHERE (providers.adapter, providers.symbols, providers.settings, providers.trades)
  IS DISTINCT FROM (EXCLUDED.adapter, EXCLUDED.symbols, EXCLUDED.settings, EXCLUDED.trades)
"""
_ADD_INSTANCE = """
INSERT INTO strategy_instances
  (id, pipeline, strategy, selector, tag, sha256, config, trade_on, symbols, dry_run, graph_hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (id) DO UPDATE SET pipeline = EXCLUDED.pipeline, strategy = EXCLUDED.strategy,
  selector = EXCLUDED.selector, tag = EXCLUDED.tag, sha256 = EXCLUDED.sha256, config = EXCLUDED.config,
  trade_on = EXCLUDED.trade_on, symbols = EXCLUDED.symbols, dry_run = EXCLUDED.dry_run,
  graph_hash = EXCLUDED.graph_hash, changed_us = now_us()
"""
_ROUTE_COLUMNS = ("provider", "pipeline", "route", "event", "targets", "durable")


async def store_catalog(database: Database, graph: Graph) -> None:
    """Stores the graph's providers, routes and strategy instances, all or none.

    Providers and instances of earlier runs stay, because their orders refer to them; the routes are
    those of this graph alone. Settings are stored with secrets as their names. Raises `DatabaseUnreachable`.
    """
    async with database.connection() as connection, connection.transaction():
        await connection.executemany(_ADD_PROVIDER, [_provider(node) for node in graph.providers])
        await connection.executemany(_ADD_INSTANCE, [_instance(graph, node) for node in graph.strategies])
        await _store_routes(connection, graph)


async def _store_routes(connection: PoolConnectionProxy, graph: Graph) -> None:
    await connection.execute("DELETE FROM provider_routes WHERE pipeline = $1", graph.pipeline)
    index = graph.index
    rows = [
        (
            source,
            graph.pipeline,
            route.name,
            route.event,
            [edge.target for edge in index.edges_from(route.name) if not edge.is_link],
            route.durable,
        )
        for route in graph.routes
        for source in index.providers_behind[route.name]
    ]
    # A reload stores all of them anew, and a big desk has thousands: COPY is much faster than INSERT.
    await connection.copy_records_to_table("provider_routes", records=rows, columns=_ROUTE_COLUMNS)


def _provider(node: ProviderNode) -> tuple[object, ...]:
    return (node.name, node.adapter, list(node.symbols), _settings_text(node.settings), node.trades)


def _instance(graph: Graph, node: StrategyNode) -> tuple[object, ...]:
    return (
        node.name,
        graph.pipeline,
        node.module.name,
        node.selector,
        node.module.tag,
        node.module.sha256,
        _settings_text(node.config),
        node.trade_on,
        list(node.trade_symbols),
        node.dry_run,
        graph.hash,
    )


def settings_json(settings: Mapping[str, SettingValue]) -> dict[str, Json]:
    """Settings as JSON values. Exact decimals are strings; durations are seconds, rates per second, sizes
    bytes. A secret is `{"secret": "NAME"}`. Settings that were left out and have no default are null.

    >>> settings_json({"api_key": Secret("OKX_API_KEY"), "size": Decimal("0.010")})
    {'api_key': {'secret': 'OKX_API_KEY'}, 'size': '0.01'}
    """
    return {name: setting_json(value) for name, value in settings.items()}


def setting_json(value: SettingValue) -> Json:
    """One value, in the form of `settings_json`."""
    match value:
        case Secret():
            return {"secret": value.name}
        case Decimal():
            return decimal_text(value)
        case tuple():
            return [setting_json(item) for item in value]
        case dict():
            return settings_json(value)
        case _:
            return value


def _settings_text(settings: Mapping[str, SettingValue]) -> str:
    return msgspec.json.encode(settings_json(settings)).decode()
