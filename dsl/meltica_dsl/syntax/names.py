"""The smallest pieces: names and comments."""

from __future__ import annotations

from dataclasses import dataclass

from meltica_dsl.source import Span


@dataclass(frozen=True, slots=True)
class Name:
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Comment:
    """From `#` to the end of the line. `own_line` when nothing but space stands before it."""

    text: str
    span: Span
    own_line: bool
