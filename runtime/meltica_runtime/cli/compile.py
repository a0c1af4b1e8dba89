"""`meltica compile`: the parts of the compiled graph, for reading."""

from __future__ import annotations

from pathlib import Path

import click

from meltica_runtime.cli.compiling import Use, graph_or_exit
from meltica_runtime.cli.options import Common, common_options


@click.command(name="compile")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--emit",
    type=click.Choice(["graph", "kernels", "layout", "budget", "loss"]),
    default="graph",
    show_default=True,
    help="Which part to show.",
)
@common_options
def command(common: Common, file: Path, emit: str) -> None:
    """Show the graph as JSON, the kernels, the record layouts, the memory budget, or what may be lost."""
    from meltica_compiler.emit import emit as emit_part

    common.speech.result(emit_part(graph_or_exit(common, file, Use.LOOK), emit).rstrip("\n"))
