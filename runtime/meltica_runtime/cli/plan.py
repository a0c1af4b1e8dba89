"""`meltica plan`: what another file would change."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import click

from meltica_compiler.graph.graph import Graph
from meltica_compiler.plan.plan import Plan, plan
from meltica_compiler.plan.text import plan_json, plan_text
from meltica_runtime.cli.compiling import Use, compiled_or_exit, faults_said, graph_or_exit
from meltica_runtime.cli.default_pipeline import told_default_pipeline
from meltica_runtime.cli.drawing import drawing_said
from meltica_runtime.cli.options import Common, Exit, Speech, common_options

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
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw the plan between two files too: .svg, .png, .html, .dot or .mmd by its suffix.",
)
@click.option("--all", "whole", is_flag=True, help="Draw each node, also where alike ones would be folded.")
@common_options
def command(
    common: Common, files: tuple[Path, ...], api: str | None, form: str, output: Path | None, *, whole: bool
) -> NoReturn:
    """Say what becomes of each node when NEW takes the place of OLD, or of what a gateway runs.

    Without files, NEW is the project's one pipeline. Exits with 0 if nothing changes, with 2 if something
    does, and with 1 if there is no plan.
    """
    match files or (told_default_pipeline(common, FAILED),):
        case (new,) if output is None:
            planned = _against(common, new, api)
        case (old, new) if api is None:
            before, after = graph_or_exit(common, old, Use.LOOK), graph_or_exit(common, new, Use.LOOK)
            planned = plan(before, after)
            if output is not None:
                _draw(common, before, after, output, whole=whole)
        case (_,):
            common.speech.fail("a drawing is of two files", "write `meltica plan OLD NEW -o FILE`")
        case _:
            common.speech.fail(
                "a plan is between two files, or between one and a gateway",
                "write `meltica plan OLD NEW`, or `meltica plan NEW --api URL`",
            )
    say_plan(common.speech, planned, form)
    raise SystemExit(CHANGES if planned.changes else NO_CHANGES)


def _draw(common: Common, before: Graph, after: Graph, output: Path, *, whole: bool) -> None:
    from meltica_compiler.draw.render import render_difference

    # The code for wrong usage would say here that there are changes.
    with drawing_said(common, output, Exit.USER):
        output.write_bytes(render_difference(before, after, output.suffix, whole=whole))


def _against(common: Common, new: Path, api: str | None) -> Plan:
    """The plan against the gateway that runs."""
    from meltica_runtime.cli.gateway_client import client_for
    from meltica_runtime.cli.refusals import refusals_said

    compiled = compiled_or_exit(common, new, Use.LOOK)
    with faults_said(common, away=FAILED), refusals_said(common.speech):
        return client_for(new, common.config, api).plan(compiled)


def say_plan(speech: Speech, planned: Plan, form: str) -> None:
    shown = (
        plan_json(planned) if form == "json" else plan_text(planned, width=speech.width, color=speech.color)
    )
    speech.result(shown.rstrip("\n"))
