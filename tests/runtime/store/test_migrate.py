"""The schema goes up and down, twice does nothing, and no secret is printed on the way."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from meltica_runtime.store.faults import DatabaseUnreachable, MigrationFault
from meltica_runtime.store.migrate import (
    _run_dbmate,
    migrate_down,
    migrate_up,
    migration_status,
    prepare_schema,
)

pytestmark = pytest.mark.anyio

TABLES = {
    "providers",
    "provider_routes",
    "strategy_instances",
    "orders",
    "executions",
    "balances",
    "closed_positions",
    "risk_events",
    "halts",
    "market_book",
    "market_kline",
    "market_ticker",
    "market_trade",
}


def in_database(dsn: str, name: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


async def tables(dsn: str) -> set[str]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    finally:
        await connection.close()
    return {row["tablename"] for row in rows} - {"schema_migrations"}


async def functions(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        count = await connection.fetchval(
            "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        )
    finally:
        await connection.close()
    return int(count)


async def test_up_makes_every_table(empty_dsn: str) -> None:
    applied = await migrate_up(empty_dsn)
    assert await tables(empty_dsn) == TABLES
    assert applied == tuple(migration.name for migration in await migration_status(empty_dsn))


async def test_up_a_second_time_has_nothing_to_do(migrated_dsn: str) -> None:
    assert await migrate_up(migrated_dsn) == ()


async def test_every_step_down_is_the_inverse_of_a_step_up(migrated_dsn: str) -> None:
    names = [migration.name for migration in await migration_status(migrated_dsn)]
    taken_back = [await migrate_down(migrated_dsn) for _ in names]
    assert taken_back == names[::-1]
    assert await tables(migrated_dsn) == set()
    assert await functions(migrated_dsn) == 0
    assert await migrate_down(migrated_dsn) is None
    assert await migrate_up(migrated_dsn) == tuple(names)
    assert await tables(migrated_dsn) == TABLES


async def test_status_says_what_is_applied(migrated_dsn: str) -> None:
    last = await migrate_down(migrated_dsn)
    status = await migration_status(migrated_dsn)
    assert [m.name for m in status if not m.applied] == [last]


async def test_a_database_of_a_newer_version_is_refused(migrated_dsn: str) -> None:
    connection = await asyncpg.connect(migrated_dsn)
    await connection.execute("INSERT INTO schema_migrations VALUES ('99990101000000')")
    await connection.close()
    with pytest.raises(MigrationFault, match="99990101000000, which this version of meltica does not know"):
        await migrate_up(migrated_dsn)


async def test_what_dbmate_says_is_shown_and_the_password_is_not() -> None:
    dsn = "postgresql://gateway:hunter2@127.0.0.1:1/meltica"
    with pytest.raises(MigrationFault, match="dbmate ended with code") as caught:
        await _run_dbmate(dsn, "migrate")
    assert "hunter2" not in str(caught.value)
    assert "gateway:***@127.0.0.1:1/meltica" in str(caught.value)


async def test_a_database_that_is_not_there_is_a_fault_with_a_way_out() -> None:
    with pytest.raises(DatabaseUnreachable, match="DATABASE_URL") as caught:
        await migrate_up("postgresql://gateway:hunter2@127.0.0.1:1/meltica")
    assert "hunter2" not in str(caught.value)


async def test_a_database_name_that_is_not_there_is_named(empty_dsn: str) -> None:
    with pytest.raises(DatabaseUnreachable, match='database "nowhere" does not exist'):
        await migrate_up(in_database(empty_dsn, "nowhere"))


async def test_without_migrations_a_database_that_lacks_one_is_refused(migrated_dsn: str) -> None:
    assert await prepare_schema(migrated_dsn, run_migrations=False) == ()
    last = await migrate_down(migrated_dsn)
    assert last is not None
    with pytest.raises(MigrationFault, match=f"lacks 1 of the migrations, the first is {last}"):
        await prepare_schema(migrated_dsn, run_migrations=False)
    assert await prepare_schema(migrated_dsn, run_migrations=True) == (last,)
