"""The page being written: lines of code, with the comments of the source put where they belong."""

from __future__ import annotations

import re
from bisect import bisect_left

from meltica_dsl.syntax import Comment

_BLANK_LINE = re.compile(r"\n[ \t\r\f\ufeff]*\n")


class Page:
    """Code is written in the order of the source; `comments_before` a place come out first.

    A comment that shared its line with code is put at the end of the line written last, the others get
    a line of their own. One empty line is kept where the source has some.
    """

    def __init__(self, text: str, comments: tuple[Comment, ...]) -> None:
        self._text = text
        self._comments = comments
        self._starts = [comment.span.start for comment in comments]
        self._next = 0
        self._lines: list[str] = []
        self._place = 0
        """Up to where the source is written."""
        self._may_break = False
        """Whether an empty line may come next: not at the beginning of the file or of a block."""
        self._is_parted = False
        """Whether an empty line has to come next."""
        self._takes_comment = False
        """Whether the line written last is code without a comment."""

    def text(self) -> str:
        return "".join(f"{line}\n" for line in self._lines)

    def has_comments(self, start: int, end: int) -> bool:
        """Whether there are comments in this part of the source that are not written yet."""
        first = bisect_left(self._starts, start, self._next)
        return first < len(self._starts) and self._starts[first] < end

    def has_gap(self, start: int, end: int) -> bool:
        """Whether an empty line will be kept between code that ends at `start` and code that begins at
        `end`, the comments between them considered."""
        number, place, takes_comment = bisect_left(self._starts, start), start, True
        while number < len(self._starts) and self._starts[number] < end:
            comment = self._comments[number]
            is_aside = takes_comment and not comment.own_line
            if not is_aside and self._has_blank_line(place, comment.span.start):
                return True
            number, place, takes_comment = number + 1, comment.span.end, False
        return self._has_blank_line(place, end)

    def _has_blank_line(self, start: int, end: int) -> bool:
        return _BLANK_LINE.search(self._text, start, max(start, end)) is not None

    def code(self, indent: int, line: str, start: int, end: int) -> None:
        """A line of code that stands for the source from `start` to `end`, after the comments before it."""
        self.comments_before(start, indent)
        self._break_if_blank(start)
        self._write(indent, line)
        self._place = max(self._place, end)
        self._takes_comment = True

    def open(self, indent: int, line: str, start: int, end: int) -> None:
        """A line that begins a block: no empty line follows it."""
        self.code(indent, line, start, end)
        self._may_break = False

    def close(self, indent: int, line: str, end: int) -> None:
        """A line that ends a block, after the comments that are left in it."""
        self.comments_before(end, indent + 2)
        self._write(indent, line)
        self._place = max(self._place, end)
        self._takes_comment = True

    def comments_before(self, place: int, indent: int) -> None:
        while self._next < len(self._comments) and self._comments[self._next].span.start < place:
            comment = self._comments[self._next]
            self._next += 1
            if not comment.own_line and self._takes_comment:
                self._lines[-1] += f"  {comment.text}"
            else:
                self._break_if_blank(comment.span.start)
                self._write(indent, comment.text)
            self._takes_comment = False
            self._place = max(self._place, comment.span.end)

    def lift_comments(self, start: int, end: int, indent: int) -> None:
        """Comments from inside code that is written on one line come before it, on lines of their own."""
        self.comments_before(start, indent)
        while self._next < len(self._comments) and self._comments[self._next].span.start < end:
            self._break_if_blank(start)
            self._write(indent, self._comments[self._next].text)
            self._next += 1
            self._place = max(self._place, start)
            self._takes_comment = False

    def rest(self) -> None:
        self.comments_before(len(self._text) + 1, 0)

    def part(self, start: int, end: int) -> None:
        """An empty line before what comes next, unless the source has one from `start` to `end`."""
        self._is_parted = not self.has_gap(start, end)

    def _break_if_blank(self, place: int) -> None:
        if self._may_break and (self._is_parted or self._has_blank_line(self._place, place)):
            self._lines.append("")
        self._is_parted = False

    def _write(self, indent: int, line: str) -> None:
        self._lines.append(" " * indent + line)
        self._may_break = True
