"""The HTML-like labels of DOT: boxes as small tables, rings, remarks, title and legend."""

from __future__ import annotations

import html
from collections.abc import Mapping, Set
from enum import Enum
from textwrap import wrap

from msgspec import Struct

from meltica_compiler.draw.diagram import Box, Diagram, Link, LinkKind, Mark, Row
from meltica_compiler.draw.palette import INK, LINKS, MARK_SIGNS, MARK_TONES, SOFT, Shade, box_tone, signed
from meltica_compiler.text.amounts import printable, shorten


class Density(Enum):
    """How much a box says: everything that fits, the first rows, or one line."""

    FULL = "full"
    MEDIUM = "medium"
    BRIEF = "brief"


NAME_LIMIT = 36
NOTE_LIMIT = 44
ROW_LIMIT = 56
"""Characters that a box shows in a line of a row; the HTML page shows all of them."""
LINES_LIMIT = 2
"""Lines of a row that has no amount: a sentence may take two."""
ROWS_LIMIT = {Density.FULL: 12, Density.MEDIUM: 5, Density.BRIEF: 0}

# DejaVu Sans at the sizes used here, in points a character, rounded up. Only the even width of the
# boxes in a lane hangs on it.
_NAME_ADVANCE, _SMALL_ADVANCE, _CELL_ROOM = 7.7, 5.4, 12

# Graphviz tables know no margin of their own.
_MARGIN = '<TD WIDTH="3"></TD>'

_LEGEND: tuple[tuple[LinkKind, str, str], ...] = (
    (LinkKind.FEED, "───", "reads"),
    (LinkKind.BLOCKING, "━━▶", "ring that blocks when full"),
    (LinkKind.LOSSY, "· · · ▷", "ring that loses events when full"),
    (LinkKind.ORDERS, "╌╌➤", "orders"),
    (LinkKind.DRY, "╌╌➤", "orders held back by a dry run"),
)


_MARK_LINES: Mapping[Mark, str] = {
    Mark.KEPT: "──",
    Mark.MOVED: "──",
    Mark.RESTARTED: "──",
    Mark.ADDED: "━━",
    Mark.REMOVED: "╌╌",
}


class Columns(Struct, frozen=True):
    """Least widths of a box's two columns, in points."""

    left: float
    right: float


def lane_columns(boxes: tuple[Box, ...], density: Density) -> Columns:
    """Widths at which the boxes of a lane come out even."""
    left = right = whole = 0.0
    for box in boxes:
        left = max(left, _advance(shorten(signed(box.name, box.mark), NAME_LIMIT), _NAME_ADVANCE))
        right = max(right, _advance(_note(box, density)))
        for row in map(_fitted, _shown_rows(box.rows, ROWS_LIMIT[density])):
            if row.amount:
                left, right = max(left, _advance(row.text)), max(right, _advance(row.amount))
            else:
                whole = max(whole, *(_advance(line) for line in row.text.split("\n")))
    return Columns(left, max(right, whole - left))


def box_label(box: Box, density: Density, columns: Columns) -> str:
    """A rounded table: the name in bold with its note, then the rows."""
    tone, name = box_tone(box), signed(box.name, box.mark)
    note = _small(_note(box, density), tone.line)
    side = "LEFT" if density is Density.BRIEF else "RIGHT"
    head = (
        f'<TR>{_MARGIN}<TD ALIGN="LEFT" WIDTH="{columns.left:.0f}">'
        f"<B>{_text(shorten(name, NAME_LIMIT))}</B></TD>"
        f'<TD ALIGN="{side}" WIDTH="{columns.right:.0f}">{note}</TD>{_MARGIN}</TR>'
    )
    rows = "".join(_row(row) for row in _shown_rows(box.rows, ROWS_LIMIT[density]))
    border = 3 if box.mark is Mark.ADDED else 2 if box.members else 1
    style = "ROUNDED,DASHED" if box.mark is Mark.REMOVED else "ROUNDED"
    return (
        f'<<TABLE BORDER="{border}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="{3 if rows else 2}" '
        f'STYLE="{style}" COLOR="{tone.line.light}" BGCOLOR="{tone.fill.light}">{head}{rows}</TABLE>>'
    )


def ring_label(link: Link, shade: Shade, density: Density) -> str:
    """Pool, capacity and policy; the bytes below where there is room."""
    first, *rest = link.ring
    shown = first if link.mark is Mark.KEPT else signed(first, link.mark)
    lines = [f'<FONT COLOR="{shade.light}">{_text(shown)}</FONT>']
    if density is Density.FULL:
        lines += [f'<FONT COLOR="{SOFT.light}">{_text(line)}</FONT>' for line in rest]
    return f"<{'<BR/>'.join(lines)}>"


def remark_label(link: Link, shade: Shade) -> str:
    return f'<<FONT COLOR="{shade.light}">{_text(link.remark)}</FONT>>'


def title_label(drawn: Diagram) -> str:
    """Pipeline, short hash and memory, with the legend of the kinds of links that are drawn."""
    kinds = {link.kind for link in drawn.links}
    title = (
        f'<FONT POINT-SIZE="18" COLOR="{INK.light}"><B>{_text(drawn.title)}</B></FONT>'
        f'<FONT POINT-SIZE="10" COLOR="{SOFT.light}">   {_text(drawn.summary)}</FONT>'
    )
    entries = "".join(
        f'<TD ALIGN="LEFT"><FONT POINT-SIZE="10" COLOR="{LINKS[kind].light}">{sign}</FONT>'
        f'<FONT POINT-SIZE="9" COLOR="{SOFT.light}">  {words}     </FONT></TD>'
        for kind, sign, words in _LEGEND
        if kind in kinds
    )
    entries = (
        _mark_entries({box.mark for box in drawn.boxes} | {link.mark for link in drawn.links}) or entries
    )
    legend = f'<TABLE BORDER="0"><TR>{entries}</TR></TABLE>' if entries else ""
    rows = "".join(f'<TR><TD ALIGN="LEFT">{row}</TD></TR>' for row in (title, legend) if row)
    return f'<<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="2">{rows}</TABLE>>'


def _mark_entries(marks: Set[Mark | None]) -> str:
    """The legend of a difference: each action by its sign, its colour and its line."""
    return "".join(
        f'<TD ALIGN="LEFT"><FONT POINT-SIZE="11" COLOR="{MARK_TONES[mark].line.light}">'
        f"<B>{_MARK_LINES[mark]} {MARK_SIGNS[mark]} {mark.value}</B>     </FONT></TD>"
        for mark in Mark
        if mark in marks
    )


def _note(box: Box, density: Density) -> str:
    return shorten(box.brief if density is Density.BRIEF else box.note, NOTE_LIMIT)


def _shown_rows(rows: tuple[Row, ...], limit: int) -> tuple[Row, ...]:
    """As many rows as a box takes; rows that links begin at are never left out, unless none is shown."""
    if limit == 0 or len(rows) <= limit:
        return rows[:limit]
    if any(row.port for row in rows):
        return rows
    return (*rows[: limit - 1], Row(f"and {len(rows) - limit + 1} more"))


def _fitted(row: Row) -> Row:
    """The row as it fits a box; a line break stands where its text goes on below."""
    if not row.amount:
        lines = wrap(row.text, ROW_LIMIT, max_lines=LINES_LIMIT, placeholder="…", break_on_hyphens=False)
        return Row("\n".join(lines), "", row.port)
    text = shorten(row.text, max(ROW_LIMIT // 2, ROW_LIMIT - len(row.amount)))
    return Row(text, shorten(row.amount, ROW_LIMIT - len(text)), row.port)


def _row(row: Row) -> str:
    shown = _fitted(row)
    lines, amount = [_small(line, SOFT) for line in shown.text.split("\n")], _small(shown.amount, INK)
    text = lines[0] if len(lines) == 1 else "".join(f'{line}<BR ALIGN="LEFT"/>' for line in lines)
    end = f'<TD WIDTH="3" PORT="{row.port}"></TD>' if row.port else _MARGIN
    if not amount:
        return f'<TR>{_MARGIN}<TD ALIGN="LEFT" COLSPAN="2">{text}</TD>{end}</TR>'
    return f'<TR>{_MARGIN}<TD ALIGN="LEFT">{text}</TD><TD ALIGN="RIGHT">{amount}</TD>{end}</TR>'


def _advance(text: str, each: float = _SMALL_ADVANCE) -> float:
    return len(text) * each + _CELL_ROOM


def _small(text: str, shade: Shade) -> str:
    return f'<FONT POINT-SIZE="8.5" COLOR="{shade.light}">{_text(text)}</FONT>' if text else ""


def _text(text: str) -> str:
    """Escaped for a label: as XML, and with backslashes that graphviz leaves as they are."""
    return html.escape(printable(text)).replace("\\", "\\\\")
