"""`meltica convert`: a pipeline as JSON, and back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

from meltica_dsl.json_form.from_json import json_to_mel
from meltica_dsl.json_form.to_json import Converted, mel_to_json
from meltica_dsl.parse.read import decode, read_source
from meltica_dsl.text.source import SourceFile
from meltica_runtime.cli.options import CommonOptions, common_options
from meltica_runtime.cli.output import Exit

FORMS = ("json", "mel")


@click.command(name="convert")
@click.argument("file", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--to", "form", type=click.Choice(FORMS), help="The form wanted [default: the other one].")
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write here, not to stdout.",
)
@click.option("--schema", "wants_schema", is_flag=True, help="Print the JSON Schema of the JSON form.")
@common_options
def command(
    common: CommonOptions, file: Path | None, form: str | None, target: Path | None, *, wants_schema: bool
) -> None:
    """Convert a pipeline to its JSON form and back, comments included. `-` reads from stdin.

    What ends in .json is converted to a pipeline's text, anything else to JSON.
    """
    if wants_schema:
        from meltica_dsl.json_form.schema import schema
        from meltica_dsl.json_form.values import dump_json

        _write(common, target, dump_json(schema()))
        return
    if file is None:
        common.output.fail("no file to convert", "meltica convert FILE", Exit.USAGE)
    text = _read(common, file)
    wanted = form or ("mel" if file.suffix.lower() == ".json" else "json")
    converted = (mel_to_json if wanted == "json" else json_to_mel)(str(file), text)
    if converted.text is None:
        _fail(common, file, text, converted)
    else:
        _write(common, target, converted.text)


def _read(common: CommonOptions, file: Path) -> str:
    found = decode("-", sys.stdin.buffer.read()) if str(file) == "-" else read_source(file)
    if isinstance(found, str):
        return found
    _fail(common, file, "", Converted(None, (found,)))


def _fail(common: CommonOptions, file: Path, text: str, converted: Converted) -> NoReturn:
    common.output.diagnostics(converted.diagnostics, (SourceFile(str(file), text),))
    raise SystemExit(Exit.USER)


def _write(common: CommonOptions, target: Path | None, text: str) -> None:
    if target is None:
        common.output.write(text)
        return
    try:
        target.write_text(text, "utf-8")
    except OSError as error:
        common.output.fail(f"cannot write {target}: {error.strerror}", code=Exit.ENVIRONMENT)
    common.output.note(f"{target}: written")
