"""Connections are bounded, renewed and replaced, and what is not there is said with the way out."""

from __future__ import annotations

from pathlib import Path

import anyio
import asyncpg
import pytest

from meltica_runtime.store.embedded.server import reachable_dsn
from meltica_runtime.store.faults import DatabaseUnreachable
from meltica_runtime.store.pool import Database, PoolLimits, connect, open_database

pytestmark = pytest.mark.anyio


async def test_no_more_connections_than_allowed(module_dsn: str) -> None:
    async with open_database(module_dsn, PoolLimits(max_connections=2, connect_s=1.0)) as database:
        async with database.connection(), database.connection():
            with pytest.raises(DatabaseUnreachable, match="no answer in time"):
                async with database.connection():
                    pass
        assert database.open_connections == 2


async def test_a_connection_is_made_anew_after_its_lifetime(module_dsn: str) -> None:
    async def backend() -> int:
        async with database.connection() as connection:
            return int(await connection.fetchval("SELECT pg_backend_pid()"))

    async with open_database(module_dsn, PoolLimits(max_connections=1)) as database:
        assert await backend() == await backend()
    async with open_database(module_dsn, PoolLimits(max_connections=1, lifetime_s=0.0)) as database:
        assert await backend() != await backend()


async def test_a_statement_that_takes_too_long_is_cut(module_dsn: str) -> None:
    async with open_database(module_dsn, PoolLimits(command_s=0.05)) as database:
        with pytest.raises(DatabaseUnreachable, match="no answer in time"):
            async with database.connection() as connection:
                await connection.execute("SELECT pg_sleep(30)")


async def test_errors_of_statements_pass_through(module_dsn: str) -> None:
    async with open_database(module_dsn, PoolLimits()) as database:
        with pytest.raises(asyncpg.UndefinedTableError):
            async with database.connection() as connection:
                await connection.execute("SELECT * FROM nowhere")


async def test_closing_does_not_wait_for_ever_for_a_connection_in_use(
    module_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meltica_runtime.store.pool.CLOSE_LIMIT_S", 0.05)
    taken = anyio.Event()

    async def hold(database: Database) -> None:
        async with database.connection() as connection:
            taken.set()
            await connection.execute("SELECT pg_sleep(30)")

    async def close_while_held() -> None:
        async with anyio.create_task_group() as tasks, open_database(module_dsn, PoolLimits()) as database:
            tasks.start_soon(hold, database)
            await taken.wait()

    with anyio.fail_after(10), pytest.raises(ExceptionGroup) as caught:
        await close_while_held()
    assert caught.group_contains(DatabaseUnreachable)


@pytest.mark.parametrize(
    "dsn", ["postgresql://me:hunter2@127.0.0.1:1/db", "postgresql://me:hunter2@/db?host=/nowhere"]
)
async def test_a_database_that_is_not_there_is_named_without_its_password(dsn: str) -> None:
    with pytest.raises(DatabaseUnreachable, match="DATABASE_URL") as caught:
        await connect(dsn)
    assert "hunter2" not in str(caught.value)
    with pytest.raises(DatabaseUnreachable):
        async with open_database(dsn, PoolLimits()):
            pass


async def test_a_given_data_source_name_starts_no_server(module_dsn: str, tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    async with reachable_dsn(module_dsn, folder) as dsn:
        assert dsn == module_dsn
    assert not folder.exists()
