"""The listening socket, and uvicorn on it in the gateway's own event loop."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import uvicorn
from anyio.abc import TaskStatus
from fastapi import FastAPI

from meltica_runtime.api.connection import Connection
from meltica_runtime.environment_fault import EnvironmentFault

BACKLOG = 128
"""Connections that the kernel keeps while the loop is busy elsewhere."""

MAX_CONNECTIONS = 128
"""Connections at once; one more is answered 503. A scraper and some browsers need a dozen."""

MAX_HEAD_BYTES = 16 * 1024
"""Request line and headers together."""

KEEP_ALIVE_SECONDS = 15
"""How long an idle connection is kept. Prometheus's usual interval lies within it."""

STOP_SECONDS = 1
"""How long a stop waits for responses that are under way."""


class AddressInUse(EnvironmentFault):
    """Something else listens on the API's address."""


class AddressUnusable(EnvironmentFault):
    """The API's address is not one that this machine can listen on."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `AddressInUse` or `AddressUnusable`."""
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _unusable(place, error) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressInUse(
                "something else listens on the control API's address",
                place=place,
                help="stop it, or set another `apiServer.addr` in the config; port 0 takes a free one",
            ) from error
        raise _unusable(place, error) from error
    listener.setblocking(False)
    return listener


def _unusable(place: str, error: OSError) -> AddressUnusable:
    return AddressUnusable(
        f"the control API cannot listen on its address: {error.strerror or error}",
        place=place,
        help="set `apiServer.addr` in the config to an address of this machine, such as `127.0.0.1:8880`",
    )


class _Server(uvicorn.Server):
    """Leaves signals to the gateway."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_api(
    app: FastAPI, listener: socket.socket, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    """Answers requests until cancelled; then no connection is left, whatever its client does.

    Closes `listener`.
    """
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
    )
    config.load()
    server = _Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    try:
        task_status.started()
        await server.main_loop()
    finally:
        with anyio.CancelScope(shield=True):
            await server.shutdown(sockets=[listener])
            for connection in tuple(server.server_state.connections):
                connection.transport.abort()
