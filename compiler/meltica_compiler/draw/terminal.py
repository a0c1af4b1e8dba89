"""Lines for a terminal: pieces of styled text, laid out as a tree of a given width."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from enum import Enum

from msgspec import Struct

LEAST_WIDTH = 40
"""Narrower than this a tree is all line breaks; a terminal that is narrower wraps by itself."""


_HELD = "\N{NO-BREAK SPACE}"


class Style(Enum):
    """SGR codes of ECMA-48, in the colours that every terminal theme sets itself."""

    JSON_PARTS = ""
    BOLD = "1"
    DIM = "2"
    PROVIDER = "1;34"
    ROUTE = "1;32"
    STRATEGY = "1;35"
    SINK = "1;33"
    LOSSY = "33"
    ORDERS = "31"


class Piece(Struct, frozen=True):
    text: str
    style: Style = Style.JSON_PARTS


Line = tuple[Piece, ...]


class Item(Struct, frozen=True):
    """A node of a tree: its line, an amount set flush right, notes below it, then its branches.

    `lead` stands between the tree's line and the text: `─ ` for a part, `─▶ ` for a way onward.
    """

    line: Line
    amount: str = ""
    notes: tuple[Line, ...] = ()
    branches: tuple[Item, ...] = ()
    lead: str = "─ "


def cells(text: str) -> int:
    """Columns that a terminal gives the text: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(_cell(char) for char in text)


def tree_lines(items: tuple[Item, ...], width: int, prefix: str = "") -> Iterator[Line]:
    """The items as branches, each line at most `width` columns wide."""
    for item in items:
        last = item is items[-1]
        inner = prefix + ("   " if last else "│  ")
        below = inner + ("│  " if item.branches else "   ")
        head = prefix + ("└" if last else "├") + item.lead
        yield from _flush(item.line, item.amount, head, below, width)
        for note in item.notes:
            yield from _wrap(note, below, below + "  ", width)
        yield from tree_lines(item.branches, width, inner)


def columns(rows: tuple[tuple[str, str], ...], width: int) -> Iterator[Line]:
    """Words on the left, amounts flush right in a column of their own."""
    room = max((cells(left) for left, _ in rows), default=0)
    amount_room = max((cells(right) for _, right in rows), default=0)
    for left, right in rows:
        pad = min(room, width - amount_room - 2) - cells(left)
        yield (Piece("  " + left + " " * max(2, pad + 2)), Piece(right.rjust(amount_room), Style.BOLD))


def wrapped(line: Line, width: int) -> Iterator[Line]:
    return _wrap(line, "", "  ", width)


def paint(line: Line, *, color: bool) -> str:
    text = "".join(_painted(piece) if color else piece.text for piece in line)
    return text.replace(_HELD, " ").rstrip()


def unbroken(text: str) -> str:
    """The text to be kept on one line, if a line can hold it."""
    return text.replace(" ", _HELD)


def _cell(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _painted(piece: Piece) -> str:
    if piece.style is Style.JSON_PARTS:
        return piece.text
    return f"\x1b[{piece.style.value}m{piece.text}\x1b[0m"


def _length(line: Line) -> int:
    return sum(cells(piece.text) for piece in line)


def _flush(line: Line, amount: str, head: str, below: str, width: int) -> Iterator[Line]:
    """The line behind `head`, with the amount at the right edge, or on a line of its own below."""
    if not amount:
        yield from _wrap(line, head, below, width)
        return
    gap = width - cells(head) - _length(line) - cells(amount)
    if gap >= 2:
        yield (Piece(head, Style.DIM), *line, Piece(" " * gap), Piece(amount))
        return
    yield from _wrap(line, head, below, width)
    yield (Piece(below, Style.DIM), Piece(amount.rjust(width - cells(below))))


def _wrap(line: Line, head: str, below: str, width: int) -> Iterator[Line]:
    """Breaks between words; a word that no line could hold is cut."""
    out: list[Piece] = [Piece(head, Style.DIM)]
    used, start = cells(head), True
    for piece in line:
        for word in re.findall(" +|[^ ]+", piece.text):
            for part in _fitting(word, width - cells(below)):
                if used + cells(part) > width and not start:
                    yield tuple(out)
                    out, used, start = [Piece(below, Style.DIM)], cells(below), True
                if part.isspace() and start and len(out) == 1 and out[0].text == below:
                    continue
                out.append(Piece(part, piece.style))
                used, start = used + cells(part), False
    yield tuple(out)


def _fitting(word: str, room: int) -> Iterator[str]:
    """The word if the room holds it, else its own words, each cut if it has to be."""
    if cells(word) <= room:
        yield word
        return
    for part in re.findall(f"{_HELD}+|[^{_HELD}]+", word):
        yield from _cut(part.replace(_HELD, " "), room)


def _cut(word: str, room: int) -> Iterator[str]:
    part, used = "", 0
    for char in word:
        if used + _cell(char) > room and part:
            yield part
            part, used = "", 0
        part, used = part + char, used + _cell(char)
    yield part
