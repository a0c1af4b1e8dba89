"""Connections to Postgres, whichever one it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import anyio
import asyncpg
from asyncpg.pool import PoolConnectionProxy

from meltica_runtime.clock import Seconds, monotonic_s
from meltica_runtime.store.dsn import shown, without_secrets
from meltica_runtime.store.faults import DatabaseUnreachable

CLOSE_LIMIT_S = 5.0
"""Longest wait for connections that are still in use when the pool closes; then they are cut."""

_HELP = (
    "check DATABASE_URL or `database.dsn` in the config, and that the server runs and lets this machine in"
)


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """Sizes and lifetimes of a pool's connections; times in seconds."""

    min_connections: int = 1
    max_connections: int = 8
    idle_s: float = 300.0
    """A connection that nobody used for so long is closed, down to `min_connections`."""
    lifetime_s: float = 3_600.0
    """Connections are made anew after so long, so that a moved server or a new certificate is noticed."""
    connect_s: float = 10.0
    command_s: float = 30.0


@contextmanager
def faults_of(dsn: str) -> Iterator[None]:
    """Turns a lost or refused connection into `DatabaseUnreachable`. Errors of statements pass through."""
    try:
        yield
    except (OSError, TimeoutError) as error:
        reason = str(error) or "no answer in time"
    except (
        asyncpg.PostgresConnectionError,
        asyncpg.InvalidAuthorizationSpecificationError,
        asyncpg.InvalidCatalogNameError,
        asyncpg.CannotConnectNowError,
        asyncpg.AdminShutdownError,
        asyncpg.CrashShutdownError,
        asyncpg.TooManyConnectionsError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
    ) as error:
        reason = str(error)
    else:
        return
    raise DatabaseUnreachable(
        f"the database cannot be reached: {without_secrets(reason, dsn)}", place=shown(dsn), help=_HELP
    )


async def connect(dsn: str, limits: PoolLimits | None = None) -> asyncpg.Connection:
    """One connection of its own; `DatabaseUnreachable` when there is none to be had."""
    limits = limits or PoolLimits()
    with faults_of(dsn):
        return await asyncpg.connect(dsn, timeout=limits.connect_s, command_timeout=limits.command_s)


class Database:
    """A pool of connections to one database."""

    def __init__(self, dsn: str, limits: PoolLimits, pool: asyncpg.Pool, clock: Seconds) -> None:
        self.dsn = dsn
        self._limits = limits
        self._pool = pool
        self._clock = clock
        self._renew_at = clock() + limits.lifetime_s

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[PoolConnectionProxy]:
        """A connection for the length of the block. Losing the database in it is `DatabaseUnreachable`."""
        if self._clock() >= self._renew_at:
            self._renew_at = self._clock() + self._limits.lifetime_s
            await self._pool.expire_connections()
        with faults_of(self.dsn):
            async with self._pool.acquire(timeout=self._limits.connect_s) as connection:
                yield connection

    @property
    def open_connections(self) -> int:
        return self._pool.get_size()


@asynccontextmanager
async def open_database(
    dsn: str, limits: PoolLimits, clock: Seconds = monotonic_s
) -> AsyncIterator[Database]:
    """A pool for the length of the block. Raises `DatabaseUnreachable` when the first connection fails."""
    with faults_of(dsn):
        pool = await asyncpg.create_pool(
            dsn,
            min_size=limits.min_connections,
            max_size=limits.max_connections,
            max_inactive_connection_lifetime=limits.idle_s,
            timeout=limits.connect_s,
            command_timeout=limits.command_s,
        )
    try:
        yield Database(dsn, limits, pool, clock)
    finally:
        with anyio.CancelScope(shield=True):
            with anyio.move_on_after(CLOSE_LIMIT_S) as closing:
                await pool.close()
            if closing.cancelled_caught:
                pool.terminate()
