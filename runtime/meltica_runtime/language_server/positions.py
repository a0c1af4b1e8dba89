"""Positions in a document: offsets in characters here, lines and code units in the protocol."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from lsprotocol import types

from meltica_dsl.text.source import Span

Encoding = types.PositionEncodingKind | str

_LINE_BREAK = re.compile(r"\r\n|\r|\n")
"""What the protocol takes for a line break, and nothing else."""


@dataclass(frozen=True)
class PositionMap:
    """The positions of one text. `encoding` is the code unit that the client counts in: UTF-16 unless it
    has agreed to another."""

    text: str
    encoding: Encoding
    _starts: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = [0, *(match.end() for match in _LINE_BREAK.finditer(self.text))]
        object.__setattr__(self, "_starts", starts)

    def offset(self, position: types.Position) -> int:
        """The offset of a position. One beyond its line is the line's end, one beyond the text the text's."""
        if position.line >= len(self._starts):
            return len(self.text)
        start = self._starts[position.line]
        line = self._line(position.line)
        if line.isascii() or self.encoding == types.PositionEncodingKind.Utf32:
            return start + min(position.character, len(line))
        left = position.character
        for number, char in enumerate(line):
            if left <= 0:
                return start + number
            left -= self._units(char)
        return start + len(line)

    def position(self, offset: int) -> types.Position:
        line = bisect_right(self._starts, offset) - 1
        return types.Position(line, self._units(self.text[self._starts[line] : offset]))

    def range(self, span: Span) -> types.Range:
        return types.Range(self.position(span.start), self.position(span.end))

    def whole(self) -> types.Range:
        return types.Range(types.Position(0, 0), self.position(len(self.text)))

    def _line(self, number: int) -> str:
        """The text of a line, counted from 0, without its break."""
        start = self._starts[number]
        end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def _units(self, text: str) -> int:
        if text.isascii() or self.encoding == types.PositionEncodingKind.Utf32:
            return len(text)
        if self.encoding == types.PositionEncodingKind.Utf8:
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
