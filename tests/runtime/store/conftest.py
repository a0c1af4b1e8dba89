"""A database with the schema and the providers and instances that the orders of these tests name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest

from meltica_runtime.orders.lifecycle import Order, new_order
from meltica_runtime.orders.limits import RiskEvent, RiskLimit, RiskStatus
from meltica_runtime.orders.order import Filled, OrderRequest, OrderType, Side, TimeInForce
from meltica_runtime.orders.write_log import OrderPlaced, RiskRecorded, WriteLogEntry
from meltica_runtime.store.pool import Database, PoolLimits, open_database

CATALOG = """
INSERT INTO providers (name, adapter, symbols, settings, trades)
VALUES ('paper', 'fake', '{BTC-USDT}', '{}', true), ('other', 'fake', '{BTC-USDT}', '{}', true);
INSERT INTO strategy_instances
  (id, pipeline, strategy, selector, tag, sha256, config, trade_on, symbols, dry_run, graph_hash)
VALUES ('maker', 'test', 'market-making', 'market-making', 'v1', 'abc', '{}', 'paper', '{}', false, 'h'),
  ('taker', 'test', 'momentum', 'momentum', 'v1', 'abc', '{}', 'paper', '{}', false, 'h');
"""


TABLES = (
    "risk_events",
    "halts",
    "market_book",
    "market_kline",
    "market_ticker",
    "market_trade",
    "balances",
    "closed_positions",
    "executions",
    "orders",
    "strategy_instances",
    "provider_routes",
    "providers",
)


@pytest.fixture
async def bare_database(module_dsn: str) -> AsyncIterator[Database]:
    """The schema without any row. The tests of a module take turns with one database: a new one for each
    test would cost ten times as much."""
    async with open_database(module_dsn, PoolLimits(max_connections=4)) as opened:
        async with opened.connection() as connection:
            await connection.execute(";".join(f"DELETE FROM {table}" for table in TABLES))
        yield opened


@pytest.fixture
async def database(bare_database: Database) -> Database:
    async with bare_database.connection() as connection:
        await connection.execute(CATALOG)
    return bare_database


def an_order(
    number: int = 1, instance: str = "maker", provider: str = "paper", side: Side = Side.BUY
) -> Order:
    """A new limit order of 2 at 100.5, placed `number` microseconds after a round time."""
    placed_us = 1_700_000_000_000_000.0 + number
    request = OrderRequest(
        client_order_id=f"{instance}-{number}",
        instance=instance,
        provider=provider,
        symbol="BTC-USDT",
        side=side,
        type=OrderType.LIMIT,
        quantity=Decimal(2),
        price=Decimal("100.5"),
        time_in_force=TimeInForce.GTC,
        placed_us=placed_us,
    )
    return replace(new_order(request, placed_us), version=0)


def a_fill(order: Order, execution: str = "x1", quantity: str = "0.5", price: str = "100.25") -> Filled:
    return Filled(
        client_order_id=order.client_order_id,
        execution_id=execution,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal("0.0001"),
        fee_asset="USDT",
        is_maker=True,
        time_us=order.updated_us + 10,
    )


def a_group(number: int, size: int) -> list[WriteLogEntry]:
    """`size` new orders, and for each a risk event, so that a group is in two tables."""
    numbers = range(number * size, (number + 1) * size)
    events = (
        RiskEvent("maker", n, float(n), RiskStatus.TRIGGERED, RiskLimit.PRICE_BAND, "", False, False)
        for n in numbers
    )
    return [*(OrderPlaced(an_order(n)) for n in numbers), *map(RiskRecorded, events)]
