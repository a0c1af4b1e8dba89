"""A process that is killed while it commits loses nothing that it was told is stored, and leaves no half."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from tests.runtime.store.conftest import CATALOG, a_group

from meltica_runtime.orders.order import OrderState
from meltica_runtime.store.embedded.server import EmbeddedServer
from meltica_runtime.store.migrate import migrate_up
from meltica_runtime.store.order_store import OrderStore
from meltica_runtime.store.pool import Database, PoolLimits, open_database
from meltica_runtime.store.write_log import PostgresWriteLog

GROUP = 50

WRITER = """
import sys, anyio
sys.path.insert(0, sys.argv[2])
from meltica_runtime.store.write_log import PostgresWriteLog
from meltica_runtime.store.pool import PoolLimits, open_database
from tests.runtime.store.conftest import a_group

async def main() -> None:
    async with open_database(sys.argv[1], PoolLimits()) as database:
        write_log = PostgresWriteLog(database)
        for group in range(100_000):
            await write_log.commit(a_group(group, int(sys.argv[3])))
            print(group, flush=True)

anyio.run(main)
"""
"""Commits group after group and says the number of each one that is stored."""


def kill_after(dsn: str, root: str, groups: int) -> int:
    """Kills a writer that has said `groups` numbers, and returns how many it said in all."""
    command = [sys.executable, "-c", WRITER, dsn, root, str(GROUP)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(groups)]
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.readlines()
    # The last word may have been cut short.
    return sum(1 for line in said if line.endswith("\n"))


@pytest.mark.anyio
@pytest.mark.parametrize("groups", [1, 7, 20])
async def test_every_acknowledged_group_is_there_and_none_is_half(
    database: Database, module_dsn: str, pytestconfig: pytest.Config, groups: int
) -> None:
    acknowledged = kill_after(module_dsn, str(pytestconfig.rootpath), groups)
    async with database.connection() as connection:
        # The killed writer's connection may still be at its last commit.
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        orders = await connection.fetchval("SELECT count(*) FROM orders")
        events = await connection.fetchval("SELECT count(*) FROM risk_events")
    assert orders % GROUP == 0
    assert orders == events
    assert acknowledged * GROUP <= orders <= (acknowledged + 1) * GROUP


@pytest.mark.anyio
async def test_a_restart_writes_again_what_it_is_unsure_of_and_nothing_doubles(
    database: Database, module_dsn: str, pytestconfig: pytest.Config
) -> None:
    acknowledged = kill_after(module_dsn, str(pytestconfig.rootpath), 3)
    write_log = PostgresWriteLog(database)
    for group in range(acknowledged + 2):
        await write_log.commit(a_group(group, GROUP))
    listed = await OrderStore(database).list_orders("maker", limit=1_000)
    assert len({order.client_order_id for order in listed}) == (acknowledged + 2) * GROUP
    assert {order.state for order in listed} == {OrderState.NEW}
    async with database.connection() as connection:
        events = await connection.fetchval("SELECT count(*) FROM risk_events")
    assert events == (acknowledged + 2) * GROUP


def test_a_killed_server_comes_back_with_every_acknowledged_group(
    new_server_folder: Callable[[], Path], pytestconfig: pytest.Config
) -> None:
    folder = new_server_folder() / "postgres"
    server = EmbeddedServer.start(folder)
    anyio.run(prepare, server.dsn)
    command = [sys.executable, "-c", WRITER, server.dsn, str(pytestconfig.rootpath), str(GROUP)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(10)]
        os.kill(server.pid, signal.SIGKILL)
        said += writer.stdout.readlines()
    server.stop()
    again = EmbeddedServer.start(folder)
    try:
        orders, events = anyio.run(counts, again.dsn)
    finally:
        again.stop()
    assert orders == events
    assert orders % GROUP == 0
    assert len(said) * GROUP <= orders <= (len(said) + 1) * GROUP


async def prepare(dsn: str) -> None:
    await migrate_up(dsn)
    async with open_database(dsn, PoolLimits()) as database, database.connection() as connection:
        await connection.execute(CATALOG)


async def counts(dsn: str) -> tuple[int, int]:
    async with open_database(dsn, PoolLimits()) as database, database.connection() as connection:
        orders = await connection.fetchval("SELECT count(*) FROM orders")
        return orders, await connection.fetchval("SELECT count(*) FROM risk_events")
