"""`meltica plan`: what another file would change."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import click

from meltica_compiler.plan import plan
from meltica_compiler.plan_text import plan_json, plan_text
from meltica_runtime.cli.compiling import graph_or_exit
from meltica_runtime.cli.drawing import drawing_said
from meltica_runtime.cli.options import Common, Exit, common_options

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
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to tell.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a drawing too: .svg, .png, .html, .dot or .mmd by its suffix.",
)
@click.option("--all", "whole", is_flag=True, help="Draw each node, also where alike ones would be folded.")
@common_options
def command(common: Common, old: Path, new: Path, form: str, output: Path | None, *, whole: bool) -> NoReturn:
    """Say what becomes of each node when NEW takes the place of OLD.

    Exits with 0 if nothing changes, with 2 if something does, and with 1 if there is no plan.
    """
    before, after = graph_or_exit(common, old), graph_or_exit(common, new)
    planned = plan(before, after)
    if output is not None:
        from meltica_compiler.draw.render import render_difference

        # 2 would say here that there are changes.
        with drawing_said(common, output, Exit.USER):
            output.write_bytes(render_difference(before, after, output.suffix, whole=whole))
    speech = common.speech
    if form == "json":
        speech.result(plan_json(planned).rstrip("\n"))
    else:
        speech.result(plan_text(planned, width=speech.width, color=speech.color).rstrip("\n"))
    raise SystemExit(CHANGES if planned.changes else NO_CHANGES)
