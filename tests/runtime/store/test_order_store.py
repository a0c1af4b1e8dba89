"""Listings give the newest first, filtered and bounded; a start finds what was open and what is held."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.runtime.store.conftest import a_fill, an_order

from meltica_runtime.orders.lifecycle import Order, apply
from meltica_runtime.orders.order import OrderState, Side
from meltica_runtime.orders.write_log import ExecutionRecorded, OrderChanged, OrderPlaced
from meltica_runtime.store import order_store
from meltica_runtime.store.order_store import OrderStore
from meltica_runtime.store.pool import Database
from meltica_runtime.store.write_log import PostgresWriteLog

pytestmark = pytest.mark.anyio


def filled(order: Order, execution: str = "x1", quantity: str = "2", price: str = "100") -> ExecutionRecorded:
    fill = a_fill(order, execution, quantity, price)
    after = apply(order, fill)
    assert isinstance(after, Order)
    return ExecutionRecorded(after, fill)


async def place(database: Database, *orders: Order) -> None:
    await PostgresWriteLog(database).commit([OrderPlaced(order) for order in orders])


async def test_orders_are_listed_newest_first(database: Database) -> None:
    await place(database, *(an_order(number) for number in (2, 3, 1)))
    listed = await OrderStore(database).list_orders("maker")
    assert [order.client_order_id for order in listed] == ["maker-3", "maker-2", "maker-1"]


async def test_a_listing_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await place(database, *(an_order(number) for number in range(5)))
    store = OrderStore(database)
    assert len(await store.list_orders("maker", limit=3)) == 3
    monkeypatch.setattr(order_store, "MAX_PAGE", 2)
    assert len(await store.list_orders("maker", limit=1_000)) == 2


async def test_orders_are_filtered_by_instance_provider_and_state(database: Database) -> None:
    gone = replace(an_order(3), state=OrderState.CANCELLED, completed_us=1.0, version=1)
    await place(database, an_order(1), an_order(2, provider="other"), an_order(1, instance="taker"))
    await PostgresWriteLog(database).commit([OrderChanged(gone)])
    store = OrderStore(database)
    ids = {
        "maker": await store.list_orders("maker"),
        "other": await store.list_orders("maker", provider="other"),
        "new": await store.list_orders("maker", states=[OrderState.NEW]),
        "gone": await store.list_orders("maker", provider="paper", states=[OrderState.CANCELLED]),
        "none": await store.list_orders("maker", states=[]),
        "taker": await store.list_orders("taker"),
    }
    assert {key: [order.client_order_id for order in orders] for key, orders in ids.items()} == {
        "maker": ["maker-3", "maker-2", "maker-1"],
        "other": ["maker-2"],
        "new": ["maker-2", "maker-1"],
        "gone": ["maker-3"],
        "none": [],
        "taker": ["taker-1"],
    }


async def test_executions_are_filtered_by_order(database: Database) -> None:
    orders = [an_order(1), an_order(2)]
    await place(database, *orders)
    await PostgresWriteLog(database).commit([filled(order, f"x{n}") for n, order in enumerate(orders)])
    store = OrderStore(database)
    assert [e.execution_id for e in await store.list_executions("maker")] == ["x1", "x0"]
    assert [e.execution_id for e in await store.list_executions("maker", order_id="maker-1")] == ["x0"]
    assert await store.list_executions("maker", provider="other") == ()


async def test_amounts_come_back_without_padding(database: Database) -> None:
    await place(database, an_order())
    (order,) = await OrderStore(database).list_orders("maker")
    assert (str(order.quantity), str(order.price), str(order.filled)) == ("2", "100.5", "0")


async def test_only_open_orders_are_taken_up_again(database: Database) -> None:
    part, whole = an_order(1), an_order(2)
    await place(database, part, whole, an_order(3))
    await PostgresWriteLog(database).commit([filled(part, "x1", "0.5"), filled(whole)])
    restored = await OrderStore(database).open_orders()
    assert [order.client_order_id for order in restored] == ["maker-1", "maker-3"]
    assert [tuple(order.executions) for order in restored] == [("x1",), ()]


async def test_positions_are_what_the_executions_add_up_to(database: Database) -> None:
    buy, sell = an_order(1), an_order(2, side=Side.SELL)
    await place(database, buy, sell)
    await PostgresWriteLog(database).commit(
        [filled(buy, "x1", "1.5", "100"), filled(sell, "x2", "0.25", "101")]
    )
    (position,) = await OrderStore(database).positions()
    assert (position.instance, position.symbol) == ("maker", "BTC-USDT")
    assert (position.quantity, position.last_price) == (Decimal("1.25"), Decimal(101))
