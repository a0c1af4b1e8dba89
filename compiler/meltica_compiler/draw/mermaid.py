"""The graph as a Mermaid flowchart, for pages that draw Mermaid themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from meltica_compiler.draw.amounts import printable
from meltica_compiler.draw.families import folded
from meltica_compiler.draw.palette import INK, LANE, LANE_LINE, LINKS, TONES
from meltica_compiler.draw.sketch import Box, Lane, Link, LinkKind, Sketch, sketch
from meltica_compiler.graph import Graph

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


def render_mermaid(graph: Graph) -> str:
    """A flowchart of the graph, families folded; equal hashes give equal bytes."""
    return mermaid_source(folded(sketch(graph)))


def mermaid_source(drawn: Sketch) -> str:
    """A `flowchart LR` with one subgraph a lane, of a sketch as it is."""
    lines = [f"%% {printable(drawn.title)} {printable(drawn.summary)}", "flowchart LR"]
    for lane in Lane:
        boxes = drawn.lane(lane)
        if boxes:
            lines += [f"  subgraph {lane.value}", "    direction TB"]
            lines += [f"    {_box(box)}" for box in boxes]
            lines.append("  end")
            lines.append(f"  style {lane.value} fill:{LANE.light},stroke:{LANE_LINE.light}")
    lines += [f"  {_link(link)}" for link in drawn.links]
    lines += _styles(drawn.links)
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
    return f'{box.key}("<b>{escape(box.name)}</b>{small}"):::{box.lane.value}'


def _link(link: Link) -> str:
    label = "<br/>".join(escape(line) for line in link.ring) or escape(link.remark)
    arrow = _ARROWS[link.kind]
    return f'{link.tail} {arrow}|"{label}"| {link.head}' if label else f"{link.tail} {arrow} {link.head}"


def _styles(links: tuple[Link, ...]) -> Iterator[str]:
    for lane in Lane:
        tone = TONES[lane]
        yield f"  classDef {lane.value} fill:{tone.fill.light},stroke:{tone.line.light},color:{INK.light}"
    for kind in LinkKind:
        numbers = ",".join(str(i) for i, link in enumerate(links) if link.kind is kind)
        if numbers:
            yield f"  linkStyle {numbers} stroke:{LINKS[kind].light}{_DASHES.get(kind, '')}"
