"""`meltica fmt`: the canonical form."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from meltica_dsl.formatting.formatter import format_source
from meltica_dsl.parse.read import read_source
from meltica_dsl.text.source import SourceFile
from meltica_runtime.cli.diffs import unified
from meltica_runtime.cli.options import CommonOptions, common_options
from meltica_runtime.cli.output import Exit


@click.command(name="fmt")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if a file is not in canonical form.")
@click.option("--diff", is_flag=True, help="Change nothing; show what would change, exit 1 if anything.")
@common_options
def command(common: CommonOptions, files: tuple[Path, ...], *, check: bool, diff: bool) -> None:
    """Put pipelines into their canonical form; without FILES, the project's one.

    `-` reads from stdin and writes to stdout.
    """
    files = files or (_default_pipeline(common),)
    good = True
    for file in files:
        good = _format(common, file, check=check, diff=diff) and good
    raise SystemExit(Exit.GOOD if good else Exit.USER)


def _default_pipeline(common: CommonOptions) -> Path:
    from meltica_runtime.cli.default_pipeline import pipeline_or_default

    return pipeline_or_default(common, None)


def _format(common: CommonOptions, file: Path, *, check: bool, diff: bool) -> bool:
    """Formats one file; whether it was good."""
    from_stdin = str(file) == "-"
    text = sys.stdin.read() if from_stdin else _read(common, file)
    if text is None:
        return False
    formatted = format_source(str(file), text)
    if formatted.text is None:
        common.output.diagnostics(formatted.diagnostics, (SourceFile(str(file), text),))
        return False
    if from_stdin and not (check or diff):
        common.output.write(formatted.text)
        return True
    if formatted.text == text:
        return True
    if diff:
        common.output.write(unified(str(file), text, formatted.text, "canonical"))
    if check:
        common.output.problem(f"{file}: not in canonical form; `meltica fmt {file}` puts it there")
    if check or diff:
        return False
    try:
        file.write_text(formatted.text, "utf-8")
    except OSError as error:
        common.output.fail(f"cannot write {file}: {error.strerror}", code=Exit.ENVIRONMENT)
    common.output.note(f"{file}: formatted")
    return True


def _read(common: CommonOptions, file: Path) -> str | None:
    text = read_source(file)
    if isinstance(text, str):
        return text
    common.output.diagnostics((text,), (SourceFile(str(file), ""),))
    return None
