"""From a pipeline file to its graph, with everything that is wrong said on the way."""

from __future__ import annotations

import os
from pathlib import Path

from meltica_compiler.compile import Compiled, CompileOptions, compile_file
from meltica_dsl.render_text import render

from meltica_compiler.graph import Graph
from meltica_dsl.diagnostics import Severity
from meltica_runtime.cli.options import Common, Exit
from meltica_runtime.project import find_project


def compile_pipeline(common: Common, file: Path) -> Compiled:
    """Compiles `file` as its project's configuration says."""
    project = find_project(file, common.config)
    options = CompileOptions(
        strategies_dir=project.strategies_dir,
        require_registry=project.require_registry,
        environ=os.environ,
    )
    return compile_file(file, options)


def report(common: Common, compiled: Compiled) -> None:
    """Renders the diagnostics, if there are any."""
    shown = [d for d in compiled.diagnostics if d.severity is Severity.ERROR or not common.speech.quiet]
    if shown:
        speech = common.speech
        text = render(tuple(shown), compiled.sources, color=speech.color, width=speech.width)
        speech.trouble(text.rstrip("\n"))


def graph_or_exit(common: Common, file: Path) -> Graph:
    """The graph of `file`; says what is wrong and exits where there is none."""
    compiled = compile_pipeline(common, file)
    report(common, compiled)
    if compiled.graph is None:
        raise SystemExit(Exit.USER)
    return compiled.graph
