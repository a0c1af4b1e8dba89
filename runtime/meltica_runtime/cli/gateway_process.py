"""A pipeline from the command line to a gateway that has stopped: store, gateway, API, view, signals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import anyio
import anyio.to_thread
from msgspec.structs import replace
from rich.console import Console

from meltica_compiler.graph.graph import Graph
from meltica_dsl.model.values import Duration
from meltica_runtime.api.application import create_app
from meltica_runtime.api.server import bind, serve_api
from meltica_runtime.cli.compiling import Use, compile_options
from meltica_runtime.cli.file_watch import FileWatch
from meltica_runtime.cli.live_view import Header, print_progress, show_live
from meltica_runtime.cli.output import Output
from meltica_runtime.cli.signal_handling import SignalHandling
from meltica_runtime.config.load import Config
from meltica_runtime.config.project import Project
from meltica_runtime.store.embedded.server import reachable_dsn
from meltica_runtime.store.migrate import prepare_schema
from meltica_runtime.store.pool import open_database
from meltica_runtime.telemetry.exporting import exporting
from meltica_runtime.topology.gateway import Gateway, GatewayOptions, ShutdownReport
from meltica_runtime.venues.live_provider import ENDED

POLL_SECONDS = 0.02
"""How often is looked whether `--events` and `--to-end` are reached."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """`length`, `events` and `to_end`, which is when no provider has anything more to play, end the run by
    themselves; else it goes on until a signal. `environ` is what a pipeline
    that is sent to the API reads by `env`. `released` are strategies that may trade again though their kill
    switch was engaged, None for that of the whole gateway; `watch` applies what is saved."""

    seed: int | None
    length: Duration | None
    events: int | None
    to_end: bool
    environ: Mapping[str, str]
    released: tuple[str | None, ...] = ()
    watch: FileWatch | None = None


async def run_gateway(
    graph: Graph, config: Config, project: Project, options: RunOptions, output: Output
) -> ShutdownReport | None:
    """Runs until a signal or what `options` say, and returns when everything has stopped in order; None if
    it was called off before the gateway ran.

    Raises the faults of the store and of the API's address; nothing is left running then.
    """
    signals = SignalHandling()
    shutdown: ShutdownReport | None = None
    async with anyio.create_task_group() as watching:
        await watching.start(signals.watch)
        with signals.scope:
            shutdown = await _run(graph, config, project, options, output, signals)
        watching.cancel_scope.cancel()
    return shutdown


async def _run(
    graph: Graph,
    config: Config,
    project: Project,
    options: RunOptions,
    output: Output,
    signals: SignalHandling,
) -> ShutdownReport:
    with bind(config.api_server.host, config.api_server.port) as listener:
        async with reachable_dsn(config.database.dsn.get_secret_value(), config.database.directory) as dsn:
            await prepare_schema(dsn, run_migrations=config.database.run_migrations)
            async with open_database(dsn, config.database.pool_limits()) as database:
                gateway = Gateway(graph, database, _gateway_options(config, project, options))
                signals.arm(gateway.stop)
                address = "http://{}:{}".format(*listener.getsockname()[:2])
                async with anyio.create_task_group() as tasks, exporting(gateway, config.telemetry):
                    sent = replace(compile_options(project, Use.RUN), environ=options.environ)
                    await tasks.start(serve_api, create_app(gateway, sent), listener)
                    shutdown = await _serve(gateway, options, output, address)
                    tasks.cancel_scope.cancel()
                return shutdown


def _gateway_options(config: Config, project: Project, options: RunOptions) -> GatewayOptions:
    return GatewayOptions(
        project_root=project.root,
        seed=options.seed,
        router=config.router_limits(),
        engine=config.pools.engine_limits(),
        released=options.released,
    )


async def _serve(gateway: Gateway, options: RunOptions, output: Output, address: str) -> ShutdownReport:
    header = Header(gateway.graph.pipeline, address)
    async with anyio.create_task_group() as side:

        def ready() -> None:
            side.start_soon(_stop_by_itself, gateway, options)
            if options.watch is not None:
                side.start_soon(options.watch.run, gateway)
            output.result(f"{header.pipeline} runs; control API at {address}")
            output.note(f"from {', '.join((gateway.graph.file, *gateway.graph.imports))}")
            if not output.quiet:
                side.start_soon(_show, gateway, header, output)

        shutdown = await gateway.serve(ready=ready)
        side.cancel_scope.cancel()
    return shutdown


async def _show(gateway: Gateway, header: Header, output: Output) -> None:
    console = Console(stderr=True, no_color=not output.color, highlight=False)
    if console.is_terminal:
        await show_live(console, header, lambda: (gateway.graph, gateway.snapshot()))
    else:
        await print_progress(output.note, gateway.snapshot)


async def _stop_by_itself(gateway: Gateway, options: RunOptions) -> None:
    if options.length is None and options.events is None and not options.to_end:
        return
    with anyio.move_on_after(options.length.seconds if options.length else None):
        while not _is_enough(gateway, options):  # noqa: ASYNC110 - no one counts for us
            await anyio.sleep(POLL_SECONDS)
    gateway.stop()


def _is_enough(gateway: Gateway, options: RunOptions) -> bool:
    if options.events is not None and gateway.events >= options.events:
        return True
    return options.to_end and all(one.statistics().state in ENDED for one in gateway.providers.values())


def print_shutdown(output: Output, shutdown: ShutdownReport) -> None:
    orders = shutdown.orders
    kept = f"{shutdown.events:,} events handled"
    if shutdown.unhandled:
        kept += f", {shutdown.unhandled:,} more were still waiting and are dropped"
    output.note(f"stopped in order: {kept}")
    stored = "all but what follows" if orders.unsaved else "every order and fill"
    output.note(
        f"kept in the store: {stored}; {_open_at_venues(orders.open_orders)}"
        + (f", {orders.unknown_outcomes} of them in doubt" if orders.unknown_outcomes else "")
    )


def _open_at_venues(count: int) -> str:
    return "1 order stays open at its venue" if count == 1 else f"{count} orders stay open at their venues"
