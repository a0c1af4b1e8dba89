"""From the config's data source name to one that can be connected to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from meltica_runtime.store.dsn import EMBEDDED
from meltica_runtime.store.embedded import running_server


@asynccontextmanager
async def reachable_dsn(dsn: str, embedded_folder: Path) -> AsyncIterator[str]:
    """The data source name itself, or that of the embedded server, which runs as long as the block does.

    Raises `EmbeddedServerFault`.
    """
    if dsn != EMBEDDED:
        yield dsn
        return
    async with running_server(embedded_folder) as server:
        yield server.dsn
