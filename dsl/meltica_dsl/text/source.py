"""Source text and places in it."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

from msgspec import Struct


class Span(Struct, frozen=True):
    """A piece of a file: `path` as the user named it, `start` and `end` as offsets in characters."""

    path: str
    start: int
    end: int


class Location(Struct, frozen=True, order=True):
    """A place as people read it: `file:line:column`, lines and columns counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class SourceFile(Struct, frozen=True, dict=True):
    """One source file's text, and the way from offsets to lines."""

    path: str
    text: str

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        starts.extend(i + 1 for i, char in enumerate(self.text) if char == "\n")
        return starts

    def location(self, offset: int) -> Location:
        line = bisect_right(self._line_starts, offset)
        return Location(self.path, line, offset - self._line_starts[line - 1] + 1)

    def line_text(self, line: int) -> str:
        """The text of a line (counted from 1), without its line break."""
        start = self._line_starts[line - 1]
        end = self._line_starts[line] if line < len(self._line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")
