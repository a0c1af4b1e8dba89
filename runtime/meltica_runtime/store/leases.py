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


_GIVE = """
SELECT pg_advisory_unlock(hashtextextended('meltica instance ' || name, 0))
FROM unnest($1::text[]) AS name
"""


class InstanceInUse(StoreFault):
    """Another gateway runs this instance on the same database."""


class Leases:
    """What one gateway holds, for as long as its connection lasts."""

    def __init__(self, dsn: str, connection: asyncpg.Connection) -> None:
        self._dsn = dsn
        self._connection = connection
        self._held: set[str] = set()

    async def take(self, instances: Collection[str]) -> frozenset[str]:
        """Takes the leases that are to be had, and says which; those that are held already among them."""
        wanted = frozenset(instances)
        with faults_of(self._dsn):
            rows = await self._connection.fetch(_TAKE, sorted(wanted - self._held))
        self._held.update(row["name"] for row in rows)
        return wanted & self._held

    async def take_all(self, instances: Collection[str]) -> frozenset[str]:
        """Takes the leases of all `instances`, and says which were not held before. Raises `InstanceInUse`
        if another gateway has one of them; none is taken then."""
        new = frozenset(instances) - self._held
        busy = sorted(new - await self.take(new))
        if busy:
            await self.give(new)
            raise InstanceInUse(
                f"another gateway already runs `{busy[0]}` on this database",
                place=shown(self._dsn),
                help="stop it, or give the strategy another name or this project another database",
            )
        return new

    async def give(self, instances: Collection[str]) -> None:
        """Lets others have these leases."""
        given = sorted(self._held.intersection(instances))
        with faults_of(self._dsn):
            await self._connection.execute(_GIVE, given)
        self._held.difference_update(given)


@asynccontextmanager
async def leased(database: Database, instances: Collection[str]) -> AsyncIterator[Leases]:
    """Holds the leases of all `instances` for the length of the block.

    Raises `InstanceInUse` if another gateway has one of them, and `DatabaseUnreachable`.
    """
    connection = await connect(database.dsn)
    try:
        leases = Leases(database.dsn, connection)
        await leases.take_all(instances)
        yield leases
    finally:
        await connection.close(timeout=1.0)
