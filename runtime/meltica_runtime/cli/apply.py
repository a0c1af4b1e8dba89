"""`meltica apply`: another file in the place of what a gateway runs."""

from __future__ import annotations

from pathlib import Path

import click

from meltica_runtime.cli.compiling import Use, compiled_or_exit, exit_on_fault
from meltica_runtime.cli.default_pipeline import pipeline_or_default
from meltica_runtime.cli.options import CommonOptions, common_options


@click.command(name="apply")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--api", metavar="URL", help="The gateway to change [default: as the config says].")
@click.option(
    "--against",
    metavar="HASH",
    help="Only if the gateway runs this graph, as `meltica plan` says it [default: what it runs now].",
)
@common_options
def command(common: CommonOptions, file: Path | None, api: str | None, against: str | None) -> None:
    """Put FILE in the place of what a gateway runs, while events flow.

    If any new part fails, everything stays as it was. Without FILE, the project's one pipeline.
    """
    from meltica_runtime.cli.gateway_client import client_for, exit_on_rejection
    from meltica_runtime.cli.plan import print_plan

    file = pipeline_or_default(common, file)
    compiled = compiled_or_exit(common, file, Use.RUN)
    with exit_on_fault(common), exit_on_rejection(common.output):
        gateway = client_for(file, common.config, api)
        planned = gateway.plan(compiled)
        if against is not None and not planned.old_hash.startswith(against):
            common.output.fail(
                f"the gateway runs the graph {planned.old_hash[:12]}, not {against}",
                "make the plan anew: somebody else has changed it",
            )
        done, sequence, lost = gateway.apply(compiled, planned.old_hash)
    print_plan(common.output, done, "text")
    if done.changes:
        common.output.note(f"applied: from event {sequence + 1:,} on")
    if lost:
        common.output.problem(f"{lost:,} events had not reached readers that are gone, and are dropped")
