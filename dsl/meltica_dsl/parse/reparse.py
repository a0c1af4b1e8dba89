"""The syntax of a text that was edited: only the pieces around the edit are read again.

Those before it are kept, those behind it are shifted. The result is that of `parse`, which is what is
fallen back on where pieces cannot tell.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from msgspec import Struct, field

from meltica_dsl.parse.parser import MAX_CHARACTERS, MAX_ERRORS, Parsed, Piece, joined, parse
from meltica_dsl.parse.shifting import shifted
from meltica_dsl.syntax import Comment

FIRST_WINDOW = 4
"""Pieces behind an edit that are read along at first: where the second begins, the third mostly shows."""

GROWTH = 8
"""Of the window, when what is read in it does not come out at a known piece."""


class Parses(Struct, frozen=True):
    """The last text of each file and its syntax, so that the next text of the file is read sooner.

    Threads may share it: an entry is put in whole, and at worst two of them read the same text.
    """

    _last: dict[str, tuple[str, Parsed]] = field(default_factory=dict)

    def parse(self, path: str, text: str) -> Parsed:
        known = self._last.get(path)
        if known is None:
            parsed = parse(path, text)
        elif known[0] == text:
            return known[1]
        else:
            parsed = reparse(known[1], known[0], text)
        self._last[path] = (text, parsed)
        return parsed

    def forget(self, path: str) -> None:
        self._last.pop(path, None)


def reparse(before: Parsed, old: str, text: str) -> Parsed:
    """`parse(before.file.path, text)`, where `before` is what was read of the text `old` of the same file."""
    path = before.file.path
    # Behind the last error that is told nothing is read.
    if not before.pieces or len(before.diagnostics) >= MAX_ERRORS or len(text) > MAX_CHARACTERS:
        return parse(path, text)
    edit = _Edit(before, old, text)
    found = next((found for end in edit.windows() if (found := edit.read(end)) is not None), None)
    if found is None or len(found.diagnostics) >= MAX_ERRORS:
        return parse(path, text)
    return found


class _Edit:
    """`text[head:len(text) - tail]` is what was written in the place of the old text's."""

    def __init__(self, before: Parsed, old: str, text: str) -> None:
        self._before, self._old, self._text = before, old, text
        self._head = _same_head(old, text)
        self._tail = min(_same_tail(old, text), len(old) - self._head, len(text) - self._head)
        self._grown = len(text) - len(old)
        self._kept = self._count_kept()
        first = before.pieces[self._kept].start if self._kept else 0
        self._begin = old.rfind("\n", 0, first) + 1
        """Where what is read again begins: with a line, in both texts."""

    def _count_kept(self) -> int:
        """How many pieces depend on nothing that has changed. The one behind them begins a line."""
        pieces = self._before.pieces
        # One whose reach touches the edit may be read otherwise now. Reading begins again with a line, since
        # no token goes beyond one: a keyword in the middle of a line may come to stand in a comment.
        kept = bisect_left(pieces, self._head, key=lambda piece: piece.reach)
        while kept and not self._begins_line(pieces[kept if kept < len(pieces) else kept - 1]):
            kept -= 1
        return min(kept, len(pieces) - 1)

    def _begins_line(self, piece: Piece) -> bool:
        line = self._old.rfind("\n", 0, piece.start) + 1
        return not self._old[line : piece.start].strip(" \t\r\f\ufeff")

    def _follows(self, piece: Piece) -> bool:
        """Whether an old piece begins a line behind the edit, so that it may be as it was."""
        line = self._old.rfind("\n", 0, piece.start)
        return line >= len(self._old) - self._tail and self._begins_line(piece)

    def windows(self) -> Iterator[int]:
        """Ends of texts to try, the shortest first: each where a piece begins a line, or the text's end."""
        pieces = self._before.pieces
        behind = bisect_left(pieces, len(self._old) - self._tail, key=lambda piece: piece.start)
        count = FIRST_WINDOW
        while behind + count < len(pieces):
            piece = pieces[behind + count]
            if self._follows(piece):
                yield self._old.rfind("\n", 0, piece.start) + 1 + self._grown
            count *= GROWTH
        yield len(self._text)

    def read(self, end: int) -> Parsed | None:
        """All of the text, of which that up to `end` is read anew; None if that is not enough."""
        path, begin = self._before.file.path, self._begin
        window = parse(path, self._text[begin:end])
        size = end - begin if end < len(self._text) else len(self._text) + 1
        fresh, rest = self._meet(window.pieces, size)
        if rest is None and end < len(self._text):
            return None
        old, comments = self._before.pieces, self._before.file.comments
        kept = comments[: _behind(comments, begin)]
        again = window.file.comments
        later = len(comments)
        if rest is not None:
            line = self._old.rfind("\n", 0, old[rest].start) + 1
            later = _behind(comments, line)
            again = again[: _behind(again, line + self._grown - begin)]
        return joined(
            path,
            (
                *old[: self._kept],
                *(_moved(piece, begin) for piece in fresh),
                *(_moved(piece, self._grown) for piece in old[len(old) if rest is None else rest :]),
            ),
            (*kept, *shifted(again, begin), *shifted(comments[later:], self._grown)),
        )

    def _meet(self, pieces: tuple[Piece, ...], size: int) -> tuple[tuple[Piece, ...], int | None]:
        """The pieces of a window up to the first that is an old one again, and the index of that one."""
        starts = {piece.start: index for index, piece in enumerate(self._before.pieces)}
        for index, piece in enumerate(pieces):
            # The first piece is the edited one: only behind it can an old one come again. One that reaches
            # the window's end may go on behind it, so that nothing is known of those that follow.
            if index and pieces[index - 1].reach >= size:
                break
            known = starts.get(piece.start + self._begin - self._grown)
            if index and known is not None and self._follows(self._before.pieces[known]):
                return pieces[:index], known
        return pieces, None


def _moved(piece: Piece, by: int) -> Piece:
    return Piece(
        piece.start + by, piece.reach + by, shifted(piece.declarations, by), shifted(piece.diagnostics, by)
    )


def _behind(comments: tuple[Comment, ...], offset: int) -> int:
    """The place of the first comment that begins at an offset or behind it."""
    return bisect_left(comments, offset, key=lambda comment: comment.span.start)


def _same_head(one: str, other: str) -> int:
    """How many characters two texts begin with that are the same in both."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _same_tail(one: str, other: str) -> int:
    """How many characters two texts end with that are the same in both."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return low
