"""`meltica graph`: what a pipeline compiles to, drawn."""

from __future__ import annotations

from pathlib import Path

import click

from meltica_compiler.draw.tree import render_tree
from meltica_runtime.cli.compiling import Use, graph_or_exit
from meltica_runtime.cli.default_pipeline import pipeline_or_default
from meltica_runtime.cli.drawing import report_drawing
from meltica_runtime.cli.options import CommonOptions, common_options


@click.command(name="graph")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a drawing instead: .svg, .png, .html, .dot or .mmd by its suffix.",
)
@click.option("--all", "whole", is_flag=True, help="Draw each node, also where alike ones would be folded.")
@common_options
def command(common: CommonOptions, file: Path | None, target: Path | None, *, whole: bool) -> None:
    """Draw what a pipeline compiles to: a tree in the terminal, or a file.

    Without FILE, of the project's one pipeline.
    """
    file = pipeline_or_default(common, file)
    graph = graph_or_exit(common, file, Use.LOOK)
    if target is None:
        output = common.output
        output.result(render_tree(graph, width=output.width, color=output.color, whole=whole).rstrip("\n"))
        return
    from meltica_compiler.draw.render import render

    with report_drawing(common, target):
        target.write_bytes(render(graph, target.suffix, whole=whole))
