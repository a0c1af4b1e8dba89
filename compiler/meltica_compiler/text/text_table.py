"""Tables in plain text: aligned columns, two spaces between them."""

from __future__ import annotations

from collections.abc import Sequence


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int]) -> str:
    """A line for the header, one of dashes, one for each row. Columns in `right` are aligned right.

    >>> print(text_table(("what", "bytes"), [("ring", "64"), ("inbox", "256")], frozenset({1})))
    what   bytes
    -----  -----
    ring      64
    inbox    256
    """
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if i in right and number != 1 else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for number, line in enumerate(lines)
    )
