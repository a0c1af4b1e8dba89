"""The store as the gateway holds it: a database that runs, has the schema, and answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from meltica_runtime.store.dsn import EMBEDDED, shown
from meltica_runtime.store.embedded import running_server
from meltica_runtime.store.faults import MigrationFault
from meltica_runtime.store.journal import PostgresJournal
from meltica_runtime.store.migrate import migrate_up, migration_status
from meltica_runtime.store.order_store import OrderStore
from meltica_runtime.store.outbox import Outbox
from meltica_runtime.store.pool import Database, PoolLimits, open_database


@dataclass(frozen=True, slots=True)
class Store:
    """`place` is the database as messages may show it; `applied` the migrations that opening it ran."""

    database: Database
    journal: PostgresJournal
    orders: OrderStore
    outbox: Outbox
    place: str
    applied: tuple[str, ...]


@asynccontextmanager
async def reachable_dsn(dsn: str, embedded_folder: Path) -> AsyncIterator[str]:
    """The data source name to connect to; for `embedded`, of a server that runs as long as the block."""
    if dsn != EMBEDDED:
        yield dsn
        return
    async with running_server(embedded_folder) as server:
        yield server.dsn


@asynccontextmanager
async def open_store(
    dsn: str, embedded_folder: Path, limits: PoolLimits, *, run_migrations: bool
) -> AsyncIterator[Store]:
    """The store, for as long as the block lasts. Raises a `StoreFault` that says the way out."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(reachable_dsn(dsn, embedded_folder))
        applied = await migrate_up(url) if run_migrations else await _checked(url)
        database = await stack.enter_async_context(open_database(url, limits))
        place = f"embedded, in {embedded_folder}" if dsn == EMBEDDED else shown(dsn)
        yield Store(
            database, PostgresJournal(database), OrderStore(database), Outbox(database), place, applied
        )


async def _checked(dsn: str) -> tuple[str, ...]:
    missing = [migration.name for migration in await migration_status(dsn) if not migration.applied]
    if missing:
        raise MigrationFault(
            f"the database lacks {len(missing)} of the migrations, the first is {missing[0]}",
            place=shown(dsn),
            help="run `meltica migrate up`, or set `database.runMigrations: true`",
        )
    return ()
