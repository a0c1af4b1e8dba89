"""`meltica apply`: another file in the place of what a gateway runs."""

from __future__ import annotations

from pathlib import Path

import click

from meltica_runtime.cli.compiling import Use, compiled_or_exit, faults_said
from meltica_runtime.cli.default_pipeline import told_default_pipeline
from meltica_runtime.cli.options import Common, common_options


@click.command(name="apply")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--api", metavar="URL", help="The gateway to change [default: as the config says].")
@click.option(
    "--against",
    metavar="HASH",
    help="Only if the gateway runs this graph, as `meltica plan` says it [default: what it runs now].",
)
@common_options
def command(common: Common, file: Path | None, api: str | None, against: str | None) -> None:
    """Put FILE in the place of what a gateway runs, while events flow.

    If any new part fails, everything stays as it was. Without FILE, the project's one pipeline.
    """
    from meltica_runtime.cli.gateway_client import client_for
    from meltica_runtime.cli.plan import say_plan
    from meltica_runtime.cli.refusals import refusals_said

    file = file or told_default_pipeline(common)
    compiled = compiled_or_exit(common, file, Use.RUN)
    with faults_said(common), refusals_said(common.speech):
        gateway = client_for(file, common.config, api)
        planned = gateway.plan(compiled)
        if against is not None and not planned.old_hash.startswith(against):
            common.speech.fail(
                f"the gateway runs the graph {planned.old_hash[:12]}, not {against}",
                "make the plan anew: somebody else has changed it",
            )
        done, sequence, lost = gateway.apply(compiled, planned.old_hash)
    say_plan(common.speech, done, "text")
    if done.changes:
        common.speech.note(f"applied: from event {sequence + 1:,} on")
    if lost:
        common.speech.trouble(f"{lost:,} events had not reached readers that are gone, and are dropped")
