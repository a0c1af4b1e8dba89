"""Comments and empty lines of a canonical text, and which part of it each belongs to."""

from __future__ import annotations

import re

from meltica_dsl.json_form.values import JsonData
from meltica_dsl.syntax import Comment
from meltica_dsl.text.source import SourceFile

# What may stand before the first part of a line, and behind the last.
_LEADS = re.compile(r"\s*(\||->)?\s*")
_TAILS = re.compile(r"\s*,?\s*")


class CommentMap:
    """Asks by offsets in the text. In canonical form a comment has a line of its own or ends one."""

    def __init__(self, source: SourceFile, comments: tuple[Comment, ...]) -> None:
        self._source = source
        self._own = {self.line(c.span.start): c.text for c in comments if c.own_line}
        self._asides = {self.line(c.span.start): c for c in comments if not c.own_line}

    def line(self, offset: int) -> int:
        return self._source.location(offset).line

    def above(self, start: int) -> list[JsonData]:
        """The comments above the part that begins at `start`, if it is the first of its line; an empty
        text is an empty line."""
        location = self._source.location(start)
        before = self._source.line_text(location.line)[: location.column - 1]
        return self.lines_above(start) if _LEADS.fullmatch(before) else []

    def lines_above(self, place: int) -> list[JsonData]:
        """The comments and empty lines right above the line of `place`."""
        found: list[JsonData] = []
        number = self.line(place) - 1
        while number > 0 and (number in self._own or not self._source.line_text(number).strip()):
            found.append(self._own.get(number, ""))
            number -= 1
        return found[::-1]

    def aside(self, place: int) -> str | None:
        """The comment that ends the line of `place`."""
        comment = self._asides.get(self.line(place))
        return None if comment is None else comment.text

    def beside(self, end: int) -> str | None:
        """The comment behind the part that ends at `end`, if it is the last of its line."""
        comment = self._asides.get(self.line(end))
        if comment is None or not _TAILS.fullmatch(self._source.text[end : comment.span.start]):
            return None
        return comment.text

    def is_broken(self, start: int, end: int) -> bool:
        """Whether the part takes several lines."""
        return self.line(start) != self.line(end - 1)

    def at_end(self) -> list[JsonData]:
        """The comments after everything."""
        return self.lines_above(len(self._source.text))
