"""`meltica test`: the tests of pipelines, on a clock that nobody waits for."""

from __future__ import annotations

from pathlib import Path

import click

from meltica_runtime.cli.options import Common, Exit, common_options


@click.command(name="test")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-k", "word", metavar="WORD", help="Run only tests with this in their titles.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit XML too.")
@click.option(
    "--limit",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    help="Seconds that one test may take.",
)
@common_options
def command(
    common: Common, files: tuple[Path, ...], word: str | None, junit: Path | None, limit: float
) -> None:
    """Run the tests that pipelines bring along."""
    from meltica_runtime.cli.compiling import faults_said
    from meltica_runtime.cli.testing import Wishes, run_files

    with faults_said(common):
        good = run_files(common, files, Wishes(word, junit, limit))
    raise SystemExit(Exit.GOOD if good else Exit.USER)
