"""The pipeline that a command takes when no file is named."""

from __future__ import annotations

import os
from pathlib import Path

from meltica_dsl.parse.parser import parse
from meltica_dsl.parse.read import read_source
from meltica_dsl.syntax import PipelineDecl, UnreadableDecl
from meltica_runtime.cli.compiling import exit_on_fault
from meltica_runtime.cli.options import CommonOptions
from meltica_runtime.cli.output import Exit
from meltica_runtime.config.project import find_project

PIPELINES_FOLDER = "pipelines"
_MAX_LISTED = 10
"""Candidates that an error lists. Who has more knows where they are."""


def default_pipeline(common: CommonOptions, code: int = Exit.USAGE) -> Path:
    """The one pipeline of the current folder, or if it has none, of the project's folder. Prints why
    there is none, and exits with `code`."""
    here = Path.cwd()
    with exit_on_fault(common):
        root = find_project(here, common.config).root
    folders = list(dict.fromkeys((here, root)))
    found = next((found for folder in folders if (found := _pipelines_of(folder))), [])
    shown = [os.path.relpath(file) for file in found]
    if not found:
        searched = " or ".join(str(folder) for folder in folders)
        hint = "name the file, or begin with `meltica new NAME`"
        common.output.fail(
            f"there is no pipeline in {searched}, nor in a folder `pipelines` there", hint, code
        )
    if len(found) > 1:
        listed = "\n".join(f"  {file}" for file in shown[:_MAX_LISTED])
        more = f"\n  and {len(shown) - _MAX_LISTED} more" if len(shown) > _MAX_LISTED else ""
        common.output.fail(f"there are {len(shown)} pipelines here:\n{listed}{more}", "name the file", code)
    return Path(shown[0])


def pipeline_or_default(common: CommonOptions, file: Path | None, code: int = Exit.USAGE) -> Path:
    """The pipeline named, or the default one with a note that it is taken."""
    if file is not None:
        return file
    file = default_pipeline(common, code)
    common.output.note(f"{file}: taken, as no file is named")
    return file


def _pipelines_of(folder: Path) -> list[Path]:
    """Those in the folder itself, and those anywhere below its folder of pipelines."""
    below = folder / PIPELINES_FOLDER
    files = sorted(file for file in (*folder.glob("*.mel"), *below.rglob("*.mel")) if file.is_file())
    # What others import declares no pipeline. Where there is one file only, that is for `check` to say.
    return files if len(files) == 1 else [file for file in files if _declares_pipeline(file)]


def _declares_pipeline(file: Path) -> bool:
    text = read_source(file)
    if not isinstance(text, str):
        return False
    return any(
        isinstance(declaration, PipelineDecl)
        or (isinstance(declaration, UnreadableDecl) and declaration.keyword == "pipeline")
        for declaration in parse(str(file), text).file.declarations
    )
