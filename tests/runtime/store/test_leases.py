"""Of two gateways on one database, one runs an instance; its lease ends with it, however it ends."""

from __future__ import annotations

import asyncpg
import pytest

from meltica_runtime.store.leases import InstanceInUse, leased
from meltica_runtime.store.pool import Database

pytestmark = pytest.mark.anyio


async def test_an_instance_is_leased_once(database: Database) -> None:
    async with leased(database, {"maker", "pulse"}):
        with pytest.raises(InstanceInUse, match="already runs `maker`"):
            async with leased(database, {"maker", "other"}):
                pytest.fail("both have it")


async def test_a_refused_gateway_keeps_nothing(database: Database) -> None:
    async with leased(database, {"maker"}):
        with pytest.raises(InstanceInUse):
            async with leased(database, {"other", "maker"}):
                pytest.fail("both have it")
        async with leased(database, {"other"}) as leases:
            assert await leases.take({"maker"}) == frozenset()
            assert await leases.take({"third"}) == {"third"}


async def test_a_lease_ends_with_its_block(database: Database) -> None:
    async with leased(database, {"maker"}):
        pass
    async with leased(database, {"maker"}):
        pass


async def test_a_lease_ends_with_the_connection_of_a_holder_that_was_killed(database: Database) -> None:
    async with leased(database, {"maker"}):
        async with database.connection() as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            await until_unlocked(connection)
        async with leased(database, {"maker"}):
            pass


async def until_unlocked(connection: asyncpg.Connection) -> None:
    """Waits for the end of the terminated backend: it answers the next statement or does not exist."""
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
    held += " (SELECT oid FROM pg_database WHERE datname = current_database())"
    for _ in range(10_000):
        if not await connection.fetchval(held):
            return
    pytest.fail("the lock outlived its backend")
