"""`meltica convert`: a pipeline as JSON, and back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

from meltica_dsl.diagnostics.render_text import render
from meltica_dsl.json_form.from_json import json_to_mel
from meltica_dsl.json_form.to_json import Converted, mel_to_json
from meltica_dsl.parse.read import decode, read_source
from meltica_dsl.text.source import SourceFile
from meltica_runtime.cli.options import Common, Exit, common_options

FORMS = ("json", "mel")


@click.command(name="convert")
@click.argument("file", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--to", "form", type=click.Choice(FORMS), help="The form wanted [default: the other one].")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write here, not to stdout."
)
@click.option("--schema", "wants_schema", is_flag=True, help="Print the JSON Schema of the JSON form.")
@common_options
def command(
    common: Common, file: Path | None, form: str | None, output: Path | None, *, wants_schema: bool
) -> None:
    """Convert a pipeline to its JSON form and back, comments included. `-` reads from stdin.

    What ends in .json is converted to a pipeline's text, anything else to JSON.
    """
    if wants_schema:
        from meltica_dsl.json_form.schema import schema
        from meltica_dsl.json_form.values import written

        _write(common, output, written(schema()))
        return
    if file is None:
        common.speech.fail("no file to convert", "meltica convert FILE", Exit.USAGE)
    text = _read(common, file)
    wanted = form or ("mel" if file.suffix.lower() == ".json" else "json")
    converted = (mel_to_json if wanted == "json" else json_to_mel)(str(file), text)
    if converted.text is None:
        _complain(common, file, text, converted)
    else:
        _write(common, output, converted.text)


def _read(common: Common, file: Path) -> str:
    found = decode("-", sys.stdin.buffer.read()) if str(file) == "-" else read_source(file)
    if isinstance(found, str):
        return found
    _complain(common, file, "", Converted(None, (found,)))


def _complain(common: Common, file: Path, text: str, converted: Converted) -> NoReturn:
    speech = common.speech
    source = SourceFile(str(file), text)
    speech.trouble(
        render(converted.diagnostics, (source,), color=speech.color, width=speech.width).rstrip("\n")
    )
    raise SystemExit(Exit.USER)


def _write(common: Common, output: Path | None, text: str) -> None:
    if output is None:
        common.speech.exactly(text)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        common.speech.fail(f"cannot write {output}: {error.strerror}", code=Exit.ENVIRONMENT)
    common.speech.note(f"{output}: written")
