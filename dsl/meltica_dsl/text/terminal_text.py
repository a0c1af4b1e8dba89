"""Text as a terminal shows it: tabs, characters two columns wide, lines that are too long."""

from __future__ import annotations

from unicodedata import category, combining, east_asian_width

TAB_COLUMNS = 4
ELLIPSIS = "…"


def columns_of(char: str) -> int:
    """Columns that a character takes: 0 for marks that combine with the one before, 2 for wide ones."""
    if combining(char) or category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(char) in ("W", "F") else 1


def shown(text: str) -> tuple[str, list[int]]:
    r"""The text as it can be printed, and the column at which each of its characters begins, counted
    from 0, the end of the text last.

    >>> shown("a\t日b")
    ('a   日b', [0, 1, 4, 6, 7])
    """
    if text.isascii() and text.isprintable():
        return text, list(range(len(text) + 1))
    pieces: list[str] = []
    starts = [0]
    for char in text:
        piece = _printable(char, starts[-1])
        pieces.append(piece)
        starts.append(starts[-1] + (columns_of(char) if piece == char else len(piece)))
    return "".join(pieces), starts


def _printable(char: str, column: int) -> str:
    if char == "\t":
        return " " * (TAB_COLUMNS - column % TAB_COLUMNS)
    # What could move the cursor, colour the terminal or turn the direction of the text is made visible.
    if (
        category(char) in ("Cc", "Cs", "Co", "Cn")
        or 0x202A <= ord(char) <= 0x202E
        or 0x2066 <= ord(char) <= 0x2069
    ):
        return f"<U+{ord(char):04X}>"
    return char


def width_of(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(columns_of(char) for char in text)


def cut(text: str, start: int, columns: int) -> str:
    """The part of printable text from column `start` on, `columns` wide. A wide character that is cut in
    half leaves a space."""
    kept: list[str] = []
    column = 0
    for char in text:
        width = columns_of(char)
        if column >= start and column + width <= start + columns:
            kept.append(char)
        elif column < start < column + width or column < start + columns < column + width:
            kept.append(" ")
        column += width
    return "".join(kept)


def wrap(text: str, columns: int) -> list[str]:
    """Lines of at most `columns`, broken at spaces. A single word that is longer stays whole, so that it
    can be copied."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if line and width_of(longer) > columns:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines
