"""`meltica test`: the tests of pipelines, on a clock that nobody waits for."""

from __future__ import annotations

from pathlib import Path

import click

from meltica_runtime.cli.options import CommonOptions, common_options
from meltica_runtime.cli.output import Exit


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
    common: CommonOptions,
    files: tuple[Path, ...],
    word: str | None,
    junit: Path | None,
    form: str,
    limit_s: float,
) -> None:
    """Run the tests that pipelines bring along. Without FILES, those of the project's one."""
    from meltica_runtime.cli.compiling import exit_on_fault
    from meltica_runtime.cli.default_pipeline import default_pipeline
    from meltica_runtime.cli.run_tests import JsonReporter, TestFilter, TextReporter, run_files, write_junit

    files = files or (default_pipeline(common),)
    chosen = TestFilter(word or "", limit_s)
    with exit_on_fault(common):
        reporter = TextReporter(common.output) if form == "text" else JsonReporter(common.output)
        run = run_files(common, files, chosen, reporter)
    if junit is not None:
        write_junit(common, junit, run)
    good = all(file.is_good for file in run.files)
    raise SystemExit(Exit.GOOD if good and not run.found_nothing else Exit.USER)
