"""A large graph as a text tree: families summed up, one item each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from meltica_compiler.draw.diagram import Box, Diagram, Lane, Link, LinkKind
from meltica_compiler.draw.terminal import Item, Line, Piece, Style, tree_lines, unbroken, wrapped
from meltica_compiler.text.amounts import printable, shorten, show_bytes

ROW_LIMIT = 60
"""Characters that are shown of a row: the symbols of a provider may be hundreds."""

_STYLES: Mapping[Lane, Style] = {
    Lane.PROVIDERS: Style.PROVIDER,
    Lane.ROUTES: Style.ROUTE,
    Lane.STRATEGIES: Style.STRATEGY,
    Lane.SINKS: Style.SINK,
    Lane.RISK: Style.ORDERS,
    Lane.VENUES: Style.PROVIDER,
}


def summary_lines(drawn: Diagram, width: int) -> Iterator[Line]:
    """The lanes of a folded diagram, each line at most `width` columns wide."""
    boxes = {box.key: box for box in drawn.boxes}
    outgoing: dict[str, list[Link]] = defaultdict(list)
    incoming: dict[str, list[str]] = defaultdict(list)
    for link in drawn.links:
        incoming[link.head].append(boxes[link.tail].name)
        if link.kind is not LinkKind.FEED:
            outgoing[link.tail].append(link)
    for lane in Lane:
        items = tuple(_item(box, incoming[box.key], outgoing[box.key], boxes) for box in drawn.lane(lane))
        if items:
            yield ()
            yield (Piece(lane.value, Style.BOLD),)
            yield from tree_lines(items, width)


def way_to_all(drawn: Diagram, file: str, width: int) -> Iterator[Line]:
    """How to see every node, where some are folded."""
    folded = sum(len(box.members) for box in drawn.boxes)
    if folded:
        count = sum(bool(box.members) for box in drawn.boxes)
        command = unbroken(printable(f"meltica graph {file} --all"))
        yield ()
        yield from wrapped((Piece(f"{folded} nodes are summed up as {count}: {command} shows each"),), width)


def _item(box: Box, sources: list[str], links: list[Link], boxes: Mapping[str, Box]) -> Item:
    notes: list[Line] = []
    if sources:
        notes.append((Piece("◀ ", Style.DIM), Piece(printable(", ".join(dict.fromkeys(sources))))))
    notes += [
        (Piece(shorten(printable(row.text), ROW_LIMIT), Style.DIM),) for row in box.rows if not row.amount
    ]
    amounts = f"{unbroken(' ·')} ".join(
        unbroken(printable(f"{r.text} {r.amount}")) for r in box.rows if r.amount
    )
    if amounts:
        notes.append((Piece(amounts, Style.DIM),))
    line = (Piece(printable(box.name), _STYLES[box.lane]), Piece(f"  {printable(box.note)}", Style.DIM))
    return Item(line, notes=tuple(notes), branches=tuple(_branch(link, boxes[link.head]) for link in links))


def _branch(link: Link, head: Box) -> Item:
    style = Style.LOSSY if link.kind is LinkKind.LOSSY else Style.JSON_PARTS
    remark = "dry run: orders are held back" if link.kind is LinkKind.DRY else link.remark
    parts = link.ring[:1] or ((remark,) if remark else ())
    about = Piece(f"  {printable(parts[0])}" if parts else "", style)
    is_ring = link.kind in (LinkKind.BLOCKING, LinkKind.LOSSY)
    amount = show_bytes(link.bytes) if is_ring else ""
    return Item((Piece(printable(head.name), _STYLES[head.lane]), about), amount, lead=_lead(link.kind))


def _lead(kind: LinkKind) -> str:
    return "╌▶ " if kind in (LinkKind.ORDERS, LinkKind.DRY) else "─▶ "
