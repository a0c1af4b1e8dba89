"""A Postgres for the tests: one server for the whole run, a database of its own for each test that asks."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import anyio
import asyncpg
import pytest
from hypothesis import is_hypothesis_test, settings

from meltica_runtime.store.embedded.server import EmbeddedServer
from meltica_runtime.store.migrate import migrate_up

# The same examples on every run, so that what lands is what was tested; `make fuzz` looks for new ones.
LOOKS_FOR_NEW = os.environ.get("MELTICA_FUZZ") == "long"
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("new", deadline=None)
settings.load_profile("new" if LOOKS_FOR_NEW else "steady")

TEMPLATE = "meltica_template"
_numbers = itertools.count(1)


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Marks what can be told from a test itself: that it tries random things, or works with a Postgres."""
    if is_hypothesis_test(getattr(item, "obj", None)):
        item.add_marker(pytest.mark.fuzz)
    if "new_server_folder" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.process)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """When new failures are looked for, only the random tests run. What takes long comes first.

    So another worker takes over the short tests that stand behind it, and none ends alone with a long one.
    """
    if LOOKS_FOR_NEW:
        config.hook.pytest_deselected(items=[item for item in items if not _has(item, "fuzz")])
        items[:] = [item for item in items if _has(item, "fuzz")]
    items.sort(key=lambda item: not _has(item, "slow"))


def _has(item: pytest.Item, mark: str) -> bool:
    return item.get_closest_marker(mark) is not None


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def new_server_folder() -> Iterator[Callable[[], Path]]:
    """Makes folders for embedded servers or for projects that start one.

    They lie outside pytest's own temporary folder: whenever another pytest starts, it closes that one to all
    other accounts, and a server that root starts runs as another account.
    """
    with tempfile.TemporaryDirectory(prefix="meltica-test-") as root:
        yield lambda: Path(tempfile.mkdtemp(dir=root))


@pytest.fixture(scope="session")
def postgres_server(new_server_folder: Callable[[], Path]) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer.start(new_server_folder() / "postgres")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def migrated_template(postgres_server: EmbeddedServer) -> str:
    """Name of a database that has the schema and that nobody is connected to, to be copied."""
    _run(_execute, postgres_server.dsn, f"CREATE DATABASE {TEMPLATE}")
    _run(migrate_up, _in_database(postgres_server.dsn, TEMPLATE))
    return TEMPLATE


@pytest.fixture
def empty_dsn(postgres_server: EmbeddedServer) -> Iterator[str]:
    """A new database without any table."""
    yield from _new_database(postgres_server.dsn, "template0")


@pytest.fixture
def migrated_dsn(postgres_server: EmbeddedServer, migrated_template: str) -> Iterator[str]:
    """A new database that has the schema."""
    yield from _new_database(postgres_server.dsn, migrated_template)


@pytest.fixture(scope="module")
def module_dsn(postgres_server: EmbeddedServer, migrated_template: str) -> Iterator[str]:
    """A new database that has the schema, for all tests of a module that only add rows of their own."""
    yield from _new_database(postgres_server.dsn, migrated_template)


def _new_database(server_dsn: str, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    _run(_execute, server_dsn, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    yield _in_database(server_dsn, name)
    _run(_execute, server_dsn, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _in_database(dsn: str, name: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


def _run(function: Callable[..., Awaitable[object]], *arguments: str) -> None:
    anyio.run(function, *arguments)
