"""`meltica compile`: the parts of the compiled graph, for reading."""

from __future__ import annotations

from pathlib import Path

import click

from meltica_runtime.cli.compiling import Use, graph_or_exit
from meltica_runtime.cli.default_pipeline import pipeline_or_default
from meltica_runtime.cli.options import CommonOptions, common_options


@click.command(name="compile")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--emit",
    type=click.Choice(
        ["graph", "kernels", "layout", "budget", "loss", "blast", "latency", "secrets"],
    ),
    default="graph",
    show_default=True,
    help="Which part to show.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Tables or JSON.")
@common_options
def command(common: CommonOptions, file: Path | None, emit: str, form: str) -> None:
    """Show the graph as JSON, the kernels, the record layouts, or what the compiler has proved: the memory
    budget, what may be lost, who suffers when a node stops, how long stages hold events back, and where
    secrets go. Without FILE, of the project's one pipeline."""
    from meltica_compiler.emit import JSON_PARTS, emit_json
    from meltica_compiler.emit import emit as emit_part

    if form == "json" and emit not in ("graph", *JSON_PARTS):
        raise click.UsageError(f"`--emit {emit}` is program text, and has no JSON form")
    file = pipeline_or_default(common, file)
    graph = graph_or_exit(common, file, Use.LOOK)
    shown = emit_json(graph, emit) if form == "json" else emit_part(graph, emit)
    common.output.result(shown.rstrip("\n"))
