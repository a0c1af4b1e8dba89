"""`meltica graph`: what a pipeline compiles to, drawn."""

from __future__ import annotations

from pathlib import Path

import click

from meltica_compiler.draw.tree import render_tree
from meltica_runtime.cli.compiling import Use, graph_or_exit
from meltica_runtime.cli.default_pipeline import told_default_pipeline
from meltica_runtime.cli.drawing import drawing_said
from meltica_runtime.cli.options import Common, common_options


@click.command(name="graph")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a drawing instead: .svg, .png, .html, .dot or .mmd by its suffix.",
)
@click.option("--all", "whole", is_flag=True, help="Draw each node, also where alike ones would be folded.")
@common_options
def command(common: Common, file: Path | None, output: Path | None, *, whole: bool) -> None:
    """Draw what a pipeline compiles to: a tree in the terminal, or a file.

    Without FILE, of the project's one pipeline.
    """
    file = file or told_default_pipeline(common)
    graph = graph_or_exit(common, file, Use.LOOK)
    if output is None:
        speech = common.speech
        speech.result(render_tree(graph, width=speech.width, color=speech.color, whole=whole).rstrip("\n"))
        return
    from meltica_compiler.draw.render import render

    with drawing_said(common, output):
        output.write_bytes(render(graph, output.suffix, whole=whole))
