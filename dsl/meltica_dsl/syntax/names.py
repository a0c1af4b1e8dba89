"""The smallest pieces: names and comments."""

from __future__ import annotations

from typing import NamedTuple

from meltica_dsl.text.source import Span


class Name(NamedTuple):
    text: str
    span: Span


class Comment(NamedTuple):
    """From `#` to the end of the line. `own_line` when nothing but space stands before it."""

    text: str
    span: Span
    own_line: bool
