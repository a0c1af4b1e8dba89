"""`meltica run`: a pipeline, running."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import click

from meltica_compiler.adapters.sinks import LATER_SINK_KINDS
from meltica_compiler.graph.graph import Graph
from meltica_dsl.model.values import Duration
from meltica_dsl.parse.literals import read_literal
from meltica_dsl.text.suggest import nearest
from meltica_runtime.cli.options import CommonOptions, common_options
from meltica_runtime.cli.output import Exit, Output


class DurationType(click.ParamType[Duration]):
    """A duration as the language spells it: `30s`, `1m30s`."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, context: click.Context | None
    ) -> Duration:
        if isinstance(value, Duration):
            return value
        read = read_literal(str(value)) if str(value)[:1].isdigit() else None
        if isinstance(read, Duration) and read.ns > 0:
            return read
        self.fail(f"`{value}` is no duration; write `30s`, `5m` or `1h30m`", param, context)


@click.command(name="run")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--for", "length", type=DurationType(), help="Stop after this long.")
@click.option("--events", type=click.IntRange(min=1), help="Stop after this many events.")
@click.option("--to-end", is_flag=True, help="Stop when every provider has played all that it has.")
@click.option(
    "--seed", type=click.IntRange(min=0), help="Replace the seeds of fake providers and strategies."
)
@click.option(
    "--release",
    "released",
    multiple=True,
    metavar="STRATEGY",
    help="Let a strategy trade again whose kill switch an earlier run engaged. May be given several times.",
)
@click.option(
    "--release-gateway",
    "releases_gateway",
    is_flag=True,
    help="Let strategies trade again if an earlier run engaged the kill switch of the whole gateway.",
)
@click.option("--watch", "watches", is_flag=True, help="Apply the file whenever it is saved.")
@common_options
def command(
    common: CommonOptions,
    file: Path | None,
    length: Duration | None,
    events: int | None,
    seed: int | None,
    released: tuple[str, ...],
    *,
    to_end: bool,
    releases_gateway: bool,
    watches: bool,
) -> None:
    """Run a pipeline until Ctrl-C. Without FILE, the project's one."""
    from meltica_runtime.cli.compiling import Use, compile_options, compiled_or_exit, exit_on_fault
    from meltica_runtime.cli.default_pipeline import default_pipeline

    file = file or default_pipeline(common)
    compiled = compiled_or_exit(common, file, Use.RUN)
    graph = compiled.graph
    assert graph is not None, "there is one, or an exit"
    _check_sinks(common, graph)
    _check_released(common, released, [strategy.name for strategy in graph.strategies])
    if to_end:
        _check_end(common, graph)
    with exit_on_fault(common):
        import uvloop

        from meltica_dsl.resolve.environment import shown_variables
        from meltica_runtime.cli.file_watch import FileWatch
        from meltica_runtime.cli.gateway_process import RunOptions, print_shutdown, run_gateway
        from meltica_runtime.config.load import load_config
        from meltica_runtime.config.project import find_project
        from meltica_runtime.logs.setup import set_up_logs

        project = find_project(file, common.config)
        config = load_config(project.root, project.config_path)
        set_up_logs(_log_level(common.output), color=common.output.color)
        watch = FileWatch(common, file, compile_options(project, Use.RUN), compiled) if watches else None
        # What is posted to the API may not read what this pipeline keeps to itself.
        shown = shown_variables(source.text for source in compiled.sources)
        environ = {name: value for name, value in os.environ.items() if name in shown}
        switches = (*released, None) if releases_gateway else released
        options = RunOptions(seed, length, events, to_end, environ, switches, watch)
        shutdown = uvloop.run(run_gateway(graph, config, project, options, common.output))
    if shutdown is None:
        common.output.note("called off before it ran; nothing is left running")
        return
    print_shutdown(common.output, shutdown)
    orders = shutdown.orders
    if orders.unsaved or orders.unsent:
        common.output.problem(f"not saved: {orders.unsaved} records, not sent: {orders.unsent} requests")
        raise SystemExit(Exit.ENVIRONMENT)
    if to_end and shutdown.failed:
        common.output.problem(f"not played to its end: {', '.join(shutdown.failed)}")
        raise SystemExit(Exit.ENVIRONMENT)


def _check_sinks(common: CommonOptions, graph: Graph) -> None:
    """What `check` warns of, nothing is started for."""
    for sink in graph.sinks:
        if sink.kind in LATER_SINK_KINDS:
            place = f"{sink.location}: sink `{sink.name}`"
            common.output.fail(f"{place}: this build cannot run sinks of kind `{sink.kind}`")


def _check_end(common: CommonOptions, graph: Graph) -> None:
    """A run that is to end must not wait for a market that has none."""
    from meltica_runtime.venues.adapters import ADAPTERS

    for provider in graph.providers:
        if not ADAPTERS[provider.adapter].has_end:
            place = f"{provider.location}: provider `{provider.name}`"
            hint = "say `--for 1h` or `--events N`, or replay a recording"
            common.output.fail(f"--to-end: {place} of adapter `{provider.adapter}` has no end", hint)


def _check_released(common: CommonOptions, released: tuple[str, ...], strategies: list[str]) -> None:
    """A misspelt name must not leave a strategy halted that its operator believes to be released."""
    for name in released:
        if name in strategies:
            continue
        likely = nearest(name, strategies)
        listed = ", ".join(f"`{strategy}`" for strategy in strategies)
        hint = f"did you mean `{likely}`?" if likely else f"its strategies are {listed}" if listed else ""
        common.output.fail(f"--release: the pipeline has no strategy `{name}`", hint)


def _log_level(output: Output) -> int:
    if output.verbose:
        return logging.DEBUG
    return logging.WARNING if output.quiet else logging.INFO
