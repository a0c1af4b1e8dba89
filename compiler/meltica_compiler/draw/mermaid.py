"""The graph as a Mermaid flowchart, for pages that draw Mermaid themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from meltica_compiler.draw.diagram import Box, Diagram, Lane, Link, LinkKind, Mark, diagram
from meltica_compiler.draw.families import folded
from meltica_compiler.draw.palette import INK, LANE, LANE_LINE, LINKS, MARK_TONES, TONES, Tone, signed
from meltica_compiler.graph.graph import Graph
from meltica_compiler.text.amounts import printable

# What Mermaid could read as markup, an entity, a directive or the end of a label.
_SPECIAL = re.compile(r'[&<>"#`\\;%]')

_ARROWS = {
    LinkKind.FEED: "---",
    LinkKind.BLOCKING: "==>",
    LinkKind.LOSSY: "-.->",
    LinkKind.ORDERS: "-->",
    LinkKind.DRY: "-->",
}
_DASHES = {LinkKind.ORDERS: ",stroke-dasharray:6 4", LinkKind.DRY: ",stroke-dasharray:6 4"}

_MARK_LINES = {Mark.ADDED: ",stroke-width:3px", Mark.REMOVED: ",stroke-dasharray:6 4"}


def render_mermaid(graph: Graph) -> str:
    """A flowchart of the graph, families folded; equal hashes give equal bytes."""
    return mermaid_source(folded(diagram(graph)))


def mermaid_source(drawn: Diagram) -> str:
    """A `flowchart LR` with one subgraph a lane, of a diagram as it is."""
    lines = [f"%% {printable(drawn.title)} {printable(drawn.summary)}", "flowchart LR"]
    across = Lane.ROUTES if drawn.chains() else None
    for lane in Lane:
        boxes = drawn.lane(lane)
        if boxes:
            lines += [f"  subgraph {lane.value}", f"    direction {'LR' if lane is across else 'TB'}"]
            lines += [f"    {_box(box)}" for box in boxes]
            lines.append("  end")
            lines.append(f"  style {lane.value} fill:{LANE.light},stroke:{LANE_LINE.light}")
    lines += [f"  {_link(link)}" for link in drawn.links]
    lines += _styles(drawn)
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Text inside a quoted label: special characters as Mermaid's own `#code;`.

    >>> escape('a "b" <c>')
    'a #34;b#34; #60;c#62;'
    """
    return _SPECIAL.sub(lambda found: f"#{ord(found[0])};", printable(text))


def _box(box: Box) -> str:
    rows = [box.note, *(f"{row.text} {row.amount}".strip() for row in box.rows)]
    small = "".join(f"<br/><small>{escape(row)}</small>" for row in rows if row)
    look = box.lane.value if box.mark is None else _mark_class(box.mark)
    return f'{box.key}("<b>{escape(signed(box.name, box.mark))}</b>{small}"):::{look}'


def _link(link: Link) -> str:
    lines = link.ring or ((link.remark,) if link.remark else ())
    if lines and link.mark is not Mark.KEPT:
        lines = (signed(lines[0], link.mark), *lines[1:])
    label = "<br/>".join(map(escape, lines))
    arrow = _ARROWS[link.kind]
    return f'{link.tail} {arrow}|"{label}"| {link.head}' if label else f"{link.tail} {arrow} {link.head}"


def _mark_class(mark: Mark) -> str:
    return mark.value.replace(" ", "_")


def _styles(drawn: Diagram) -> Iterator[str]:
    marks = {box.mark for box in drawn.boxes}
    if marks <= {None}:
        for lane in Lane:
            yield f"  classDef {lane.value} {_tone(TONES[lane])}"
    for mark in Mark:
        if mark in marks:
            yield f"  classDef {_mark_class(mark)} {_tone(MARK_TONES[mark])}{_MARK_LINES.get(mark, '')}"
    for kind in LinkKind:
        for mark in (None, *Mark):
            alike = (i for i, link in enumerate(drawn.links) if (link.kind, link.mark) == (kind, mark))
            if numbers := ",".join(map(str, alike)):
                shade = LINKS[kind] if mark is None else MARK_TONES[mark].line
                dashes = _DASHES.get(kind, "") if mark is None else _MARK_LINES.get(mark, "")
                yield f"  linkStyle {numbers} stroke:{shade.light}{dashes}"


def _tone(tone: Tone) -> str:
    return f"fill:{tone.fill.light},stroke:{tone.line.light},color:{INK.light}"
