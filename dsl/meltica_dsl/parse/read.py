"""Reading a pipeline file. Whatever is wrong with it is a diagnostic, never an exception."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.parse.parser import MAX_CHARACTERS
from meltica_dsl.text.source import Span

_MAX_BYTES = 4 * MAX_CHARACTERS
"""A character of UTF-8 has at most four bytes."""


def read_source(path: Path) -> str | Diagnostic:
    """The text of a file, or why there is none."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return _unreadable(path, "there is no such file")
    except IsADirectoryError:
        return _unreadable(path, "this is a folder")
    except PermissionError:
        return _unreadable(path, "this user may not read it")
    except (OSError, ValueError) as error:
        # ValueError: a zero byte in the path itself.
        return _unreadable(path, str(error))
    return decode(str(path), content)


def siblings(path: Path) -> list[str]:
    """Names of the pipeline files in the folder of `path`, in their order; none if it cannot be read."""
    try:
        return sorted(name for name in os.listdir(path.parent) if name.endswith(".mel"))
    except (OSError, ValueError):
        return []


def decode(path: str, content: bytes) -> str | Diagnostic:
    """The bytes of a file as text. A byte order mark is left out."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _no_text(path, "it is written in UTF-16")
    if b"\0" in content:
        return _no_text(path, "it holds zero bytes: this is a binary file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return _no_text(path, f"byte {error.start} (line {line}) is no UTF-8")
    if len(text) > MAX_CHARACTERS:
        message = f"the file is longer than {MAX_CHARACTERS} characters"
        return Diagnostic("E0905", message, Span(path, 0, 0), help=("split the pipeline",))
    return text


def _unreadable(path: Path, why: str) -> Diagnostic:
    return Diagnostic("E0901", f"cannot read `{path}`: {why}", Span(str(path), 0, 0))


def _no_text(path: str, why: str) -> Diagnostic:
    return Diagnostic(
        "E0902", f"`{path}` is no text: {why}", Span(path, 0, 0), help=("save it as UTF-8 in your editor",)
    )
