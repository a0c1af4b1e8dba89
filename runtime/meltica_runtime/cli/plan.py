"""`meltica plan`: what another file would change."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import click

from meltica_compiler.graph.graph import Graph
from meltica_compiler.plan.plan import Plan, plan
from meltica_compiler.plan.text import plan_json, plan_text
from meltica_runtime.cli.compiling import Use, compiled_or_exit, exit_on_fault, graph_or_exit
from meltica_runtime.cli.default_pipeline import pipeline_or_default
from meltica_runtime.cli.drawing import report_drawing
from meltica_runtime.cli.options import CommonOptions, common_options
from meltica_runtime.cli.output import Exit, Output

NO_CHANGES, FAILED, CHANGES = 0, 1, 2


class PlanCommand(click.Command):
    """Exits with 1 where others exit with 2, which means here that there are changes."""

    def make_context(self, *words: Any, **options: Any) -> click.Context:
        try:
            return super().make_context(*words, **options)
        except click.UsageError as error:
            error.show()
            raise SystemExit(FAILED) from None


@click.command(name="plan", cls=PlanCommand)
@click.argument("files", metavar="[[OLD] NEW]", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--api", metavar="URL", help="The gateway that NEW is compared with [default: as the config says]."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to tell.")
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw the plan between two files too: .svg, .png, .html, .dot or .mmd by its suffix.",
)
@click.option("--all", "whole", is_flag=True, help="Draw each node, also where alike ones would be folded.")
@common_options
def command(
    common: CommonOptions,
    files: tuple[Path, ...],
    api: str | None,
    form: str,
    target: Path | None,
    *,
    whole: bool,
) -> NoReturn:
    """Say what becomes of each node when NEW takes the place of OLD, or of what a gateway runs.

    Without files, NEW is the project's one pipeline. Exits with 0 if nothing changes, with 2 if something
    does, and with 1 if there is no plan.
    """
    match files or (pipeline_or_default(common, None, FAILED),):
        case (new,) if target is None:
            planned = _against(common, new, api)
        case (old, new) if api is None:
            before, after = graph_or_exit(common, old, Use.LOOK), graph_or_exit(common, new, Use.LOOK)
            planned = plan(before, after)
            if target is not None:
                _draw(common, before, after, target, whole=whole)
        case (_,):
            common.output.fail("a drawing is of two files", "write `meltica plan OLD NEW -o FILE`")
        case _:
            common.output.fail(
                "a plan is between two files, or between one and a gateway",
                "write `meltica plan OLD NEW`, or `meltica plan NEW --api URL`",
            )
    print_plan(common.output, planned, form)
    raise SystemExit(CHANGES if planned.changes else NO_CHANGES)


def _draw(common: CommonOptions, before: Graph, after: Graph, target: Path, *, whole: bool) -> None:
    from meltica_compiler.draw.render import render_difference

    # The code for wrong usage would say here that there are changes.
    with report_drawing(common, target, Exit.USER):
        target.write_bytes(render_difference(before, after, target.suffix, whole=whole))


def _against(common: CommonOptions, new: Path, api: str | None) -> Plan:
    """The plan against the gateway that runs."""
    from meltica_runtime.cli.gateway_client import client_for, exit_on_rejection

    compiled = compiled_or_exit(common, new, Use.LOOK)
    with exit_on_fault(common, unavailable=FAILED), exit_on_rejection(common.output):
        return client_for(new, common.config, api).plan(compiled)


def print_plan(output: Output, planned: Plan, form: str) -> None:
    shown = (
        plan_json(planned) if form == "json" else plan_text(planned, width=output.width, color=output.color)
    )
    output.result(shown.rstrip("\n"))
