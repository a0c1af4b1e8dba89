"""The schema refuses what cannot be, and the listings find their rows by an index."""

from __future__ import annotations

import asyncpg
import pytest
from tests.runtime.store.conftest import an_order

from meltica_runtime.orders.order import OrderState
from meltica_runtime.orders.write_log import OrderPlaced
from meltica_runtime.store.order_store import _EXECUTIONS, _OPEN_ORDERS, _ORDERS, _Listing
from meltica_runtime.store.pool import Database
from meltica_runtime.store.write_log import PostgresWriteLog

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "change",
    [
        "state = 'LOST'",
        "side = 'none'",
        "type = 'stop'",
        "time_in_force = 'day'",
        "quantity = 0",
        "price = -1",
        "filled = 3",
        "instance = 'nobody'",
        "provider = 'nowhere'",
        "type = 'market'",
    ],
)
async def test_an_order_that_cannot_be_is_refused(database: Database, change: str) -> None:
    await PostgresWriteLog(database).commit([OrderPlaced(an_order())])
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        async with database.connection() as connection:
            await connection.execute(f"UPDATE orders SET {change}")


async def test_every_state_that_an_order_can_have_is_known(database: Database) -> None:
    await PostgresWriteLog(database).commit([OrderPlaced(an_order())])
    async with database.connection() as connection:
        for state in OrderState:
            await connection.execute("UPDATE orders SET state = $1", state.value)


@pytest.mark.parametrize(
    ("listing", "filters", "index"),
    [
        (_ORDERS, ["instance = {}"], "orders_by_instance"),
        (_ORDERS, ["instance = {}", "provider = {}"], "orders_by_instance"),
        (_EXECUTIONS, ["instance = {}"], "executions_by_instance"),
    ],
)
async def test_listings_use_an_index(
    database: Database, listing: _Listing, filters: list[str], index: str
) -> None:
    statement, values = listing.query([(condition, "x") for condition in filters], 100)
    assert index in await plan(database, statement, values)


async def test_a_listing_by_a_rare_state_uses_an_index_of_its_own(database: Database) -> None:
    write_log = PostgresWriteLog(database)
    await write_log.commit([OrderPlaced(an_order(number)) for number in range(2_000)])
    async with database.connection() as connection:
        await connection.execute("ANALYZE orders")
    filters = [("instance = {}", "maker"), ("state = ANY({}::text[])", ["REJECTED"])]
    statement, values = _ORDERS.query(filters, 100)
    assert "orders_by_state" in await plan(database, statement, values)


async def test_open_orders_are_found_without_reading_the_others(database: Database) -> None:
    assert "orders_open" in await plan(database, _OPEN_ORDERS, [100])


async def plan(database: Database, statement: str, values: list[object]) -> str:
    """How Postgres goes about a statement when reading whole tables is dear, as it is once they are large."""
    async with database.connection() as connection:
        await connection.execute("SET enable_seqscan = off")
        rows = await connection.fetch(f"EXPLAIN {statement}", *values)
        await connection.execute("RESET enable_seqscan")
    return "\n".join(row[0] for row in rows)
