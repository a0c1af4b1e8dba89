"""From a pipeline file to its graph, with everything that is wrong printed on the way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from meltica_compiler.compile import Compiled, CompileOptions, compile_file
from meltica_compiler.graph.graph import Graph
from meltica_dsl.diagnostics.diagnostic import Severity
from meltica_runtime import resources
from meltica_runtime.cli.options import CommonOptions
from meltica_runtime.cli.output import Exit
from meltica_runtime.config.fault import ConfigFault
from meltica_runtime.config.project import Project, find_project
from meltica_runtime.environment_fault import EnvironmentFault


class Use(Enum):
    """What a pipeline is compiled for. Only one that is to run needs the files that its adapters read."""

    LOOK = "look"
    RUN = "run"


def compile_pipeline(common: CommonOptions, file: Path, use: Use) -> Compiled:
    """Compiles `file` as its project's configuration says."""
    with exit_on_fault(common):
        project = find_project(file, common.config)
    return compile_file(file, compile_options(project, use))


def compile_options(project: Project, use: Use) -> CompileOptions:
    return CompileOptions(
        strategies_dir=project.strategies_dir,
        require_registry=project.require_registry,
        environ=os.environ,
        shipped_dir=resources.strategies_dir(),
        data_dir=project.root if use is Use.RUN else None,
    )


def report(common: CommonOptions, compiled: Compiled) -> None:
    """Prints the diagnostics, if there are any."""
    shown = [d for d in compiled.diagnostics if d.severity is Severity.ERROR or not common.output.quiet]
    if shown:
        common.output.diagnostics(tuple(shown), compiled.sources)


@contextmanager
def exit_on_fault(common: CommonOptions, unavailable: int = Exit.ENVIRONMENT) -> Iterator[None]:
    """Prints one message about a bad config or a missing part of the environment, and exits: `Exit.USER` for
    the config, `unavailable` for the environment."""
    output = common.output
    try:
        yield
    except ConfigFault as fault:
        output.diagnostics(fault.diagnostics, fault.sources)
        raise SystemExit(Exit.USER) from None
    except BaseException as error:
        missing = next((f for f in _leaves(error) if isinstance(f, EnvironmentFault)), None)
        if missing is None:
            raise
        output.fail(f"{missing.message} ({missing.place})", missing.help, unavailable)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors within an error: task groups raise theirs in groups."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def compiled_or_exit(common: CommonOptions, file: Path, use: Use) -> Compiled:
    """`file` compiled to a graph; prints what is wrong and exits where there is none."""
    compiled = compile_pipeline(common, file, use)
    report(common, compiled)
    if compiled.graph is None:
        raise SystemExit(Exit.USER)
    return compiled


def graph_or_exit(common: CommonOptions, file: Path, use: Use) -> Graph:
    """As `compiled_or_exit`, the graph alone."""
    graph = compiled_or_exit(common, file, use).graph
    assert graph is not None, "there is one, or an exit"
    return graph
