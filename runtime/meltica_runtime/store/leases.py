"""Leases: at most one gateway runs a strategy instance on a database.

A lease is a session lock of Postgres, so that it ends with its holder, however that comes to its end. Two
gateways that ran the same instance would each take the other's orders for their own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import asyncpg

from meltica_runtime.store.dsn import shown
from meltica_runtime.store.faults import StoreFault
from meltica_runtime.store.pool import Database, connect, faults_of

# The 64-bit key is a hash of the name: that two names share one is as good as impossible.
_TAKE = """
SELECT name FROM unnest($1::text[]) AS name
WHERE pg_try_advisory_lock(hashtextextended('meltica instance ' || name, 0))
"""


class InstanceInUse(StoreFault):
    """Another gateway runs this instance on the same database."""


class Leases:
    """What one gateway holds, for as long as its connection lasts."""

    def __init__(self, dsn: str, connection: asyncpg.Connection) -> None:
        self._dsn = dsn
        self._connection = connection

    async def take(self, instances: Collection[str]) -> frozenset[str]:
        """Takes the leases that are to be had, and says which."""
        with faults_of(self._dsn):
            rows = await self._connection.fetch(_TAKE, sorted(instances))
        return frozenset(row["name"] for row in rows)


@asynccontextmanager
async def leased(database: Database, instances: Collection[str]) -> AsyncIterator[Leases]:
    """Holds the leases of all `instances` for the length of the block.

    Raises `InstanceInUse` if another gateway has one of them, and `DatabaseUnreachable`.
    """
    connection = await connect(database.dsn)
    try:
        leases = Leases(database.dsn, connection)
        busy = sorted(frozenset(instances) - await leases.take(instances))
        if busy:
            raise InstanceInUse(
                f"another gateway already runs `{busy[0]}` on this database",
                place=shown(database.dsn),
                help="stop it, or give the strategy another name or this project another database",
            )
        yield leases
    finally:
        await connection.close(timeout=1.0)
