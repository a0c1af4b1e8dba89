"""A group is stored whole or not at all, once, and never takes anything back."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from urllib.parse import urlsplit

import anyio
import asyncpg
import pytest
from tests.runtime.store.conftest import a_fill, an_order

from meltica_runtime.orders.lifecycle import Order, apply
from meltica_runtime.orders.limits import RiskEvent, RiskLimit, RiskStatus
from meltica_runtime.orders.order import Acknowledged, BalanceChanged, Cancelled, OrderReport, OrderState
from meltica_runtime.orders.write_log import (
    BalanceRecorded,
    EntryRefused,
    ExecutionRecorded,
    OrderChanged,
    OrderPlaced,
    RiskRecorded,
    WriteLogEntry,
    WriteLogUnavailable,
)
from meltica_runtime.store.embedded.server import EmbeddedServer
from meltica_runtime.store.order_store import OrderStore
from meltica_runtime.store.pool import Database, PoolLimits, open_database
from meltica_runtime.store.write_log import PostgresWriteLog

pytestmark = pytest.mark.anyio


def after(order: Order, *reports: OrderReport) -> Order:
    for report in reports:
        changed = apply(order, report)
        assert isinstance(changed, Order)
        order = changed
    return order


def a_life() -> tuple[WriteLogEntry, ...]:
    """Placed, acknowledged, filled twice, cancelled; with a balance and a risk event."""
    order = an_order()
    acknowledged = after(order, Acknowledged(order.client_order_id, "venue-1", order.updated_us + 5))
    first, second = a_fill(order, "x1"), a_fill(order, "x2", "0.25", "100.125")
    once, twice = after(acknowledged, first), after(acknowledged, first, second)
    gone = after(twice, Cancelled(order.client_order_id, order.updated_us + 50, "by us"))
    balance = BalanceChanged("paper", "BTC", Decimal("1.75"), Decimal("1.5"), order.updated_us + 30)
    event = RiskEvent(
        "maker", 1, order.updated_us, RiskStatus.TRIGGERED, RiskLimit.PRICE_BAND, "too far", False, False
    )
    return (
        OrderPlaced(order),
        OrderChanged(acknowledged),
        ExecutionRecorded(once, first),
        ExecutionRecorded(twice, second),
        BalanceRecorded(balance),
        RiskRecorded(event),
        OrderChanged(gone),
    )


async def stored(database: Database) -> tuple[object, ...]:
    """Everything in the tables that the write log writes, but for the times of writing."""
    found: list[object] = []
    async with database.connection() as connection:
        for table in ("orders", "executions", "balances", "risk_events"):
            rows = await connection.fetch(
                f"SELECT to_jsonb(t) - '{{id,created_us,changed_us}}'::text[] AS row FROM {table} AS t"
            )
            found.append(sorted(row["row"] for row in rows))
    return tuple(found)


async def commit_cut(database: Database, entries: Sequence[WriteLogEntry], cuts: Sequence[int]) -> None:
    write_log = PostgresWriteLog(database)
    for begin, end in zip((0, *cuts), (*cuts, len(entries)), strict=True):
        await write_log.commit(entries[begin:end])


async def balances(database: Database) -> list[tuple[str, Decimal]]:
    """Asset and total, the newest first."""
    async with database.connection() as connection:
        rows = await connection.fetch("SELECT asset, total FROM balances ORDER BY snapshot_us DESC, asset")
    return [(row["asset"], row["total"]) for row in rows]


async def test_an_order_is_found_as_it_ended(database: Database) -> None:
    await PostgresWriteLog(database).commit(a_life())
    (order,) = await OrderStore(database).list_orders("maker")
    assert order.state is OrderState.CANCELLED
    assert (order.filled, order.exchange_order_id, order.reason) == (Decimal("0.75"), "venue-1", "by us")
    assert order.fees == {"USDT": Decimal("0.0002")}
    assert order.notional == Decimal("0.5") * Decimal("100.25") + Decimal("0.25") * Decimal("100.125")
    assert (order.acknowledged_us, order.completed_us) == (1_700_000_000_000_006, 1_700_000_000_000_051)


@pytest.mark.parametrize("seed", range(5))
async def test_how_entries_are_cut_into_groups_makes_no_difference(database: Database, seed: int) -> None:
    life = a_life()
    await PostgresWriteLog(database).commit(life)
    whole = await stored(database)
    async with database.connection() as connection:
        await connection.execute("TRUNCATE orders, executions, balances, risk_events")
    cuts = sorted(random.Random(seed).sample(range(1, len(life)), 3))
    await commit_cut(database, life, cuts)
    assert await stored(database) == whole


@pytest.mark.parametrize("seed", range(5))
async def test_writing_any_part_again_changes_nothing(database: Database, seed: int) -> None:
    life = a_life()
    write_log = PostgresWriteLog(database)
    await write_log.commit(life)
    before = await stored(database)
    begin, end = sorted(random.Random(seed).sample(range(len(life) + 1), 2))
    await write_log.commit(life[begin:end])
    assert await stored(database) == before


async def test_a_group_that_is_half_known_is_completed(database: Database) -> None:
    life = a_life()
    write_log = PostgresWriteLog(database)
    await write_log.commit(life[:3])
    await write_log.commit(life)
    again = await stored(database)
    async with database.connection() as connection:
        await connection.execute("TRUNCATE orders, executions, balances, risk_events")
    await write_log.commit(life)
    assert await stored(database) == again


async def test_an_entry_twice_in_a_group_is_stored_once(database: Database) -> None:
    life = a_life()
    await PostgresWriteLog(database).commit((*life, *life))
    assert len(await OrderStore(database).list_executions("maker")) == 2


async def test_an_older_version_never_replaces_a_newer_one(database: Database) -> None:
    life = a_life()
    write_log = PostgresWriteLog(database)
    await write_log.commit(life)
    acknowledged = life[1]
    assert isinstance(acknowledged, OrderChanged)
    late = replace(acknowledged.order, updated_us=acknowledged.order.updated_us + 1)
    await write_log.commit((OrderChanged(late),))
    (order,) = await OrderStore(database).list_orders("maker")
    assert order.state is OrderState.CANCELLED


async def test_an_older_balance_does_not_replace_the_newest(database: Database) -> None:
    write_log = PostgresWriteLog(database)
    newer, older = (
        BalanceChanged("paper", "BTC", Decimal(total), Decimal(total), time_us)
        for total, time_us in ((2, 200.0), (1, 100.0))
    )
    await write_log.commit((BalanceRecorded(newer),))
    await write_log.commit((BalanceRecorded(older),))
    assert await balances(database) == [("BTC", 2), ("BTC", 1)]


async def test_balances_are_a_history_by_asset(database: Database) -> None:
    changes = [
        BalanceChanged("paper", asset, Decimal(total), Decimal(total), time_us)
        for asset, total, time_us in (("BTC", 1, 10.0), ("USDT", 500, 10.0), ("BTC", 2, 20.0))
    ]
    await PostgresWriteLog(database).commit([BalanceRecorded(change) for change in changes])
    assert await balances(database) == [("BTC", 2), ("BTC", 1), ("USDT", 500)]


async def test_another_order_under_a_known_id_is_refused(database: Database) -> None:
    write_log = PostgresWriteLog(database)
    await write_log.commit((OrderPlaced(an_order(1)),))
    request = replace(an_order(1).request, placed_us=1.0)
    with pytest.raises(EntryRefused, match="another order is stored under this client order id"):
        await write_log.commit((OrderPlaced(Order(request)),))


async def test_the_entry_that_cannot_be_stored_is_named_and_nothing_else_is_stored(
    database: Database,
) -> None:
    good, stranger = an_order(1), an_order(2, instance="nobody")
    write_log = PostgresWriteLog(database)
    with pytest.raises(EntryRefused, match="strategy_instances") as caught:
        await write_log.commit((OrderPlaced(good), OrderPlaced(stranger)))
    assert caught.value.event_id == OrderPlaced(stranger).event_id
    assert await stored(database) == ([], [], [], [])


async def test_an_amount_that_no_column_holds_is_refused(database: Database) -> None:
    request = replace(an_order().request, quantity=Decimal("1e16"))
    with pytest.raises(EntryRefused, match="overflow"):
        await PostgresWriteLog(database).commit((OrderPlaced(Order(request)),))


@pytest.mark.parametrize("placed_us", [float("inf"), float("nan"), 1e300])
async def test_a_time_that_no_column_holds_is_refused(database: Database, placed_us: float) -> None:
    good, timeless = an_order(1), Order(replace(an_order(2).request, placed_us=placed_us))
    with pytest.raises(EntryRefused) as caught:
        await PostgresWriteLog(database).commit((OrderPlaced(timeless), OrderPlaced(good)))
    assert caught.value.event_id == OrderPlaced(timeless).event_id


async def test_an_entry_with_a_zero_character_in_a_name_is_refused(database: Database) -> None:
    good, forged = an_order(1), BalanceChanged("paper", "B\0C", Decimal(1), Decimal(1), 100.0)
    risky = RiskEvent("ma\0ker", 1, 1.0, RiskStatus.TRIGGERED, RiskLimit.PRICE_BAND, "", False, False)
    for entry in (BalanceRecorded(forged), RiskRecorded(risky)):
        with pytest.raises(EntryRefused) as caught:
            await PostgresWriteLog(database).commit((entry, OrderPlaced(good)))
        assert caught.value.event_id == entry.event_id
    assert await stored(database) == ([], [], [], [])


async def test_a_risk_event_with_a_zero_character_is_no_obstacle(database: Database) -> None:
    event = RiskEvent("maker", 1, 1.0, RiskStatus.TRIGGERED, RiskLimit.PRICE_BAND, "b\0d", False, False)
    await PostgresWriteLog(database).commit((RiskRecorded(event),))
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT reason FROM risk_events") == "bd"


async def test_what_was_stored_comes_back_as_the_same_order(database: Database) -> None:
    life = a_life()
    await PostgresWriteLog(database).commit(life[:4])
    entry = life[3]
    assert isinstance(entry, ExecutionRecorded)
    (restored,) = await OrderStore(database).open_orders()
    assert restored == entry.order
    assert restored.version == entry.order.version


async def test_a_reason_with_a_zero_character_is_no_obstacle(database: Database) -> None:
    order = after(an_order(), Cancelled(an_order().client_order_id, 1.0, "bad\0byte"))
    await PostgresWriteLog(database).commit((OrderChanged(order),))
    (found,) = await OrderStore(database).list_orders("maker")
    assert found.reason == "badbyte"


async def test_what_risk_limits_did_is_found(database: Database) -> None:
    life = a_life()
    await commit_cut(database, life, [2, 5])
    async with database.connection() as connection:
        (found,) = await connection.fetch("SELECT * FROM risk_events")
    assert (found["instance"], found["number"]) == ("maker", 1)
    assert (found["status"], found["limit_name"], found["reason"]) == ("triggered", "price_band", "too far")
    assert (found["kill_switch_engaged"], found["circuit_breaker_open"]) == (False, False)
    assert found["occurred_us"] == an_order().updated_us


async def test_a_group_whose_orders_were_placed_before_brings_what_is_new(database: Database) -> None:
    write_log = PostgresWriteLog(database)
    await write_log.commit((OrderPlaced(an_order(1)),))
    await write_log.commit((OrderPlaced(an_order(2)), OrderPlaced(an_order(1))))
    assert len(await OrderStore(database).list_orders("maker")) == 2


async def test_text_that_is_no_unicode_is_refused(database: Database) -> None:
    good = an_order(1)
    bad = OrderChanged(replace(an_order(2), reason="\ud800"))
    with pytest.raises(EntryRefused) as caught:
        await PostgresWriteLog(database).commit((OrderPlaced(good), bad))
    assert caught.value.event_id == bad.event_id


async def test_groups_of_several_tasks_do_not_mix(database: Database) -> None:
    write_log = PostgresWriteLog(database)
    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(write_log.commit, (OrderPlaced(an_order(number)),))
    assert len(await OrderStore(database).list_orders("maker")) == 20


async def test_a_cut_connection_is_replaced(database: Database) -> None:
    write_log = PostgresWriteLog(database)
    async with database.connection() as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await write_log.commit((OrderPlaced(an_order()),))
    assert len(await OrderStore(database).list_orders("maker")) == 1


async def test_a_lost_database_is_said_to_be_unavailable(
    migrated_dsn: str, postgres_server: EmbeddedServer
) -> None:
    async with open_database(migrated_dsn, PoolLimits()) as lost:
        name = urlsplit(migrated_dsn).path.removeprefix("/")
        dropping = await asyncpg.connect(postgres_server.dsn)
        await dropping.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await dropping.close()
        with pytest.raises(WriteLogUnavailable, match="cannot be reached"):
            await PostgresWriteLog(lost).commit((OrderPlaced(an_order()),))
