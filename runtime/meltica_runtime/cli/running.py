"""A pipeline from the command line to a gateway that has stopped: store, gateway, API, view, signals."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import anyio.to_thread
from rich.console import Console

from meltica_compiler.graph import Graph
from meltica_dsl.values import Duration
from meltica_runtime.api.application import create_app
from meltica_runtime.api.server import bind, serve_api
from meltica_runtime.cli.live_view import Header, print_progress, show_live
from meltica_runtime.cli.options import Speech
from meltica_runtime.config import Config
from meltica_runtime.gateway.gateway import Farewell, Gateway, GatewayOptions
from meltica_runtime.project import Project
from meltica_runtime.store.migrate import migrate_up
from meltica_runtime.store.opening import reachable_dsn
from meltica_runtime.store.pool import open_database
from meltica_runtime.telemetry.exporting import exporting

WATCH_SECONDS = 0.02
"""How often `--events` is looked at."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """`length` and `events` end the run by themselves; None runs until a signal."""

    seed: int | None
    length: Duration | None
    events: int | None


async def run_gateway(
    graph: Graph, config: Config, project: Project, options: RunOptions, speech: Speech
) -> Farewell:
    """Runs until a signal or what `options` say, and returns when everything has stopped in order.

    Raises the faults of the store and of the API's address; nothing is left running then.
    """
    listener = bind(config.api_server.host, config.api_server.port)
    with listener:
        async with (
            reachable_dsn(config.database.dsn.get_secret_value(), config.database.directory) as dsn,
            _migrated(dsn, config),
            open_database(dsn, config.database.pool_limits()) as database,
        ):
            gateway = Gateway(
                graph,
                database,
                GatewayOptions(
                    project.root, options.seed, config.router_limits(), config.pools.desk_limits()
                ),
            )
            address = "http://{}:{}".format(*listener.getsockname()[:2])
            async with anyio.create_task_group() as tasks, exporting(gateway, config.telemetry):
                await tasks.start(serve_api, create_app(gateway), listener)
                farewell = await _serve(gateway, options, speech, address)
                tasks.cancel_scope.cancel()
            return farewell


@asynccontextmanager
async def _migrated(dsn: str, config: Config) -> AsyncIterator[None]:
    if config.database.run_migrations:
        await migrate_up(dsn)
    yield


async def _serve(gateway: Gateway, options: RunOptions, speech: Speech, address: str) -> Farewell:
    header = Header(gateway.graph.pipeline, address, gateway.graph.hash)
    async with anyio.create_task_group() as side:
        side.start_soon(_stop_on_signal, gateway)
        side.start_soon(_stop_by_itself, gateway, options)

        def ready() -> None:
            speech.result(f"{header.pipeline} runs; control API at {address}")
            if not speech.quiet:
                side.start_soon(_show, gateway, header, speech)

        farewell = await gateway.serve(ready=ready)
        side.cancel_scope.cancel()
    return farewell


async def _show(gateway: Gateway, header: Header, speech: Speech) -> None:
    console = Console(stderr=True, no_color=not speech.color, highlight=False)
    if console.is_terminal:
        await show_live(console, header, gateway.graph, gateway.snapshot)
    else:
        await print_progress(speech.note, gateway.snapshot)


async def _stop_on_signal(gateway: Gateway) -> None:
    """The first Ctrl-C or TERM stops in order; a second one is left to do what it always does."""
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            gateway.stop()
            return


async def _stop_by_itself(gateway: Gateway, options: RunOptions) -> None:
    if options.length is None and options.events is None:
        return
    with anyio.move_on_after(options.length.seconds if options.length else None):
        while options.events is None or gateway.events < options.events:  # noqa: ASYNC110 - no one counts for us
            await anyio.sleep(WATCH_SECONDS)
    gateway.stop()
