"""The embedded server starts, is shared, is taken over, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import anyio
import asyncpg
import pytest

from meltica_runtime.store.embedded.processes import processes_in, works_in
from meltica_runtime.store.embedded.server import SOCKET_NAME, EmbeddedServer, running_server
from meltica_runtime.store.faults import EmbeddedServerFault

HOLDER = """
import signal, sys, anyio
from pathlib import Path
from meltica_runtime.store.embedded.server import running_server

async def main() -> None:
    with anyio.open_signal_receiver(signal.SIGTERM) as signals:
        async with running_server(Path(sys.argv[1])) as server:
            print(server.pid, flush=True)
            async for _ in signals:
                return

anyio.run(main)
"""
"""A process that holds a server until SIGTERM."""


@pytest.fixture(scope="module")
def initialised(new_server_folder: Callable[[], Path]) -> Path:
    """A folder whose database is made, and whose server does not run. Tests that share it leave it so."""
    folder = new_server_folder() / "postgres"
    EmbeddedServer.start(folder).stop()
    return folder


@pytest.fixture
def folder(initialised: Path) -> Iterator[Path]:
    yield initialised
    assert not processes_in(initialised / "data")


def ask(dsn: str, statement: str) -> object:
    async def main() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return anyio.run(main)


def holder(folder: Path) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not come true within 10 s"
        os.sched_yield()


def end(process: subprocess.Popen[str], how: signal.Signals) -> int:
    process.send_signal(how)
    process.communicate(timeout=30)
    return process.returncode


def test_data_outlives_the_server(folder: Path) -> None:
    server = EmbeddedServer.start(folder)
    ask(server.dsn, "CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS answer")
    server.stop()
    again = EmbeddedServer.start(folder)
    try:
        assert ask(again.dsn, "SELECT answer FROM kept") == 42
    finally:
        again.stop()


def test_commits_are_durable_by_setting(postgres_server: EmbeddedServer) -> None:
    settings = [ask(postgres_server.dsn, f"SHOW {name}") for name in ("fsync", "synchronous_commit")]
    assert settings == ["on", "on"]


def test_only_the_socket_lets_anyone_in(postgres_server: EmbeddedServer) -> None:
    assert ask(postgres_server.dsn, "SHOW listen_addresses") == ""
    assert (postgres_server.folder / SOCKET_NAME).stat().st_mode & 0o777 == 0o700


def test_one_server_is_shared_and_the_last_user_stops_it(folder: Path) -> None:
    first = EmbeddedServer.start(folder)
    second = EmbeddedServer.start(folder)
    assert first.pid == second.pid
    first.stop()
    assert ask(second.dsn, "SELECT 1") == 1
    second.stop()
    assert not processes_in(folder / "data")


def test_a_server_that_outlived_its_gateway_is_taken_over(folder: Path) -> None:
    process, pid = holder(folder)
    assert end(process, signal.SIGKILL) == -signal.SIGKILL
    server = EmbeddedServer.start(folder)
    assert server.pid == pid
    server.stop()
    assert not processes_in(folder / "data")


def test_sigterm_leaves_no_process(folder: Path) -> None:
    process, pid = holder(folder)
    assert processes_in(folder / "data") >= {pid}
    assert end(process, signal.SIGTERM) == 0
    assert not processes_in(folder / "data")


def test_a_server_used_by_another_process_is_left_running(folder: Path) -> None:
    process, pid = holder(folder)
    server = EmbeddedServer.start(folder)
    server.stop()
    assert pid in processes_in(folder / "data")
    end(process, signal.SIGTERM)


def test_a_killed_server_recovers(folder: Path) -> None:
    server = EmbeddedServer.start(folder)
    ask(server.dsn, "CREATE TABLE IF NOT EXISTS survivors AS SELECT 7 AS number")
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    again = EmbeddedServer.start(folder)
    try:
        assert ask(again.dsn, "SELECT number FROM survivors") == 7
    finally:
        again.stop()


def test_a_stale_pid_file_that_names_a_living_process_is_no_obstacle(folder: Path) -> None:
    stale = folder / "data" / "postmaster.pid"
    lines = (str(os.getppid()), str(folder / "data"), "1", "5432", str(folder), "", "1 1", "ready")
    stale.write_text("\n".join(lines) + "\n")
    server = EmbeddedServer.start(folder)
    try:
        assert ask(server.dsn, "SELECT 1") == 1
    finally:
        server.stop()


def test_nobody_starts_a_second_server_under_another_users_feet(folder: Path) -> None:
    process, pid = holder(folder)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not works_in(pid, folder / "data"))
    with pytest.raises(EmbeddedServerFault, match="another process uses this database"):
        EmbeddedServer.start(folder)
    end(process, signal.SIGTERM)


def test_cancellation_stops_the_server(folder: Path) -> None:
    async def main() -> None:
        with anyio.CancelScope() as scope:
            async with running_server(folder) as server:
                assert processes_in(folder / "data") >= {server.pid}
                scope.cancel()
                await anyio.sleep_forever()

    anyio.run(main)
    assert not processes_in(folder / "data")


def test_a_path_too_long_for_a_socket_works(new_server_folder: Callable[[], Path]) -> None:
    long = new_server_folder() / ("x" * 90) / "postgres"
    server = EmbeddedServer.start(long)
    try:
        assert server.socket_dir != long
        assert ask(server.dsn, "SELECT 1") == 1
    finally:
        server.stop()
        server.socket_dir.rmdir()


def test_what_the_server_says_is_in_the_fault(folder: Path) -> None:
    override = folder / "data" / "postgresql.auto.conf"
    before = override.read_text()
    override.write_text("no_such_setting = 1\n")
    try:
        with pytest.raises(EmbeddedServerFault) as caught:
            EmbeddedServer.start(folder)
    finally:
        override.write_text(before)
    assert 'unrecognized configuration parameter "no_such_setting"' in caught.value.help
    assert caught.value.place == str(folder / "server.log")


def test_data_of_an_unknown_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedServerFault, match="made by Postgres 9"):
        EmbeddedServer.start(tmp_path)


def test_a_file_where_the_folder_should_be_is_a_fault_with_a_way_out(tmp_path: Path) -> None:
    taken = tmp_path / "postgres"
    taken.write_text("")
    with pytest.raises(EmbeddedServerFault, match="DATABASE_URL"):
        EmbeddedServer.start(taken)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files that belong to another user")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "postgres"
    foreign.mkdir()
    os.chown(foreign, 12_345, 12_345)
    with pytest.raises(EmbeddedServerFault, match="belongs to another user"):
        EmbeddedServer.start(foreign)
