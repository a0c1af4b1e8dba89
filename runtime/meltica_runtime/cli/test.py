"""`meltica test`: the tests of pipelines, on a clock that nobody waits for."""

from __future__ import annotations

from pathlib import Path

import click

from meltica_runtime.cli.options import Common, Exit, common_options


@click.command(name="test")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("-k", "word", metavar="WORD", help="Run only tests with this word in their titles.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit XML here.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to report.")
@click.option(
    "--limit",
    "limit_s",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    help="The longest that one test may take.",
)
@common_options
def command(
    common: Common, files: tuple[Path, ...], word: str | None, junit: Path | None, form: str, limit_s: float
) -> None:
    """Run the tests that pipelines bring along. Without FILES, those of the project's one."""
    from meltica_runtime.cli.compiling import faults_said
    from meltica_runtime.cli.default_pipeline import default_pipeline
    from meltica_runtime.cli.testing import Choice, Console, Quiet, run_files, write_junit

    files = files or (default_pipeline(common),)
    choice = Choice(word or "", limit_s)
    with faults_said(common):
        console = Console(common.speech) if form == "text" else Quiet(common.speech)
        done = run_files(common, files, choice, console)
    if junit is not None:
        write_junit(common, junit, done)
    good = all(file.is_good for file in done.files)
    raise SystemExit(Exit.GOOD if good and not done.found_nothing else Exit.USER)
