"""The graph in the DOT language: lanes from left to right, and the way of orders on to the venues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import graphviz

from meltica_compiler.draw.diagram import Box, Diagram, Lane, Link, LinkKind, Mark, diagram
from meltica_compiler.draw.dot_labels import (
    Density,
    box_label,
    lane_columns,
    remark_label,
    ring_label,
    title_label,
)
from meltica_compiler.draw.families import folded
from meltica_compiler.draw.keys import link_part
from meltica_compiler.draw.palette import INK, LANE, LANE_LINE, PAGE, SOFT, link_shade
from meltica_compiler.graph.graph import Graph
from meltica_compiler.text.amounts import printable

FONTS = "DejaVu Sans,Verdana,Segoe UI,Helvetica,Arial,sans-serif"
"""DejaVu Sans is on most Linux machines; the others are as narrow or narrower, so text fits its box."""

MEDIUM_FROM = 30
"""Boxes from which on long lists are cut, and sinks share the strategies' lane: apart from them, they
would pull their links across the whole page."""
BRIEF_FROM = 90
"""Boxes from which on each is one line: a page of details is no longer a picture."""

_STYLES: Mapping[LinkKind, Mapping[str, str]] = {
    LinkKind.FEED: {"penwidth": "1", "arrowhead": "none"},
    LinkKind.BLOCKING: {"penwidth": "1.8", "arrowhead": "normal"},
    LinkKind.LOSSY: {"penwidth": "1.6", "arrowhead": "empty", "style": "dotted"},
    LinkKind.ORDERS: {"penwidth": "1.5", "arrowhead": "vee", "style": "dashed"},
    LinkKind.DRY: {"penwidth": "1.2", "arrowhead": "vee", "style": "dashed"},
}

_MARK_STYLES: Mapping[Mark, Mapping[str, str]] = {
    Mark.KEPT: {"penwidth": "1", "style": "solid"},
    Mark.MOVED: {"penwidth": "1.8", "style": "solid"},
    Mark.RESTARTED: {"penwidth": "1.8", "style": "solid"},
    Mark.ADDED: {"penwidth": "2.4", "style": "solid"},
    Mark.REMOVED: {"penwidth": "1.4", "style": "dashed"},
}

# Links pull their ends level with each other. Graphviz holds a lane together with a weight of 128;
# a few links have to outweigh it, or large lanes clump in the middle of the page.
_LINK_WEIGHT = "50"


def render_dot(graph: Graph) -> str:
    """DOT source of the graph, families folded; equal hashes give equal bytes."""
    return dot_source(folded(diagram(graph)))


def dot_source(drawn: Diagram) -> str:
    """DOT source of a diagram as it is. Keys, not names, identify nodes."""
    density = _density(len(drawn.boxes))
    dot = graphviz.Digraph(graph_attr=_page(drawn, density), node_attr=_box(), edge_attr=_line())
    chained = drawn.chains()
    for lanes in _columns(density):
        boxes = tuple(box for lane in lanes for box in drawn.lane(lane))
        if boxes:
            _add_lane(dot, lanes, boxes, chained if Lane.ROUTES in lanes else (), density)
    for link in drawn.links:
        if link not in chained:
            _add_link(dot, link, density)
    return str(dot.source)


def _density(boxes: int) -> Density:
    if boxes >= BRIEF_FROM:
        return Density.BRIEF
    return Density.MEDIUM if boxes >= MEDIUM_FROM else Density.FULL


def _columns(density: Density) -> tuple[tuple[Lane, ...], ...]:
    if density is Density.FULL:
        return tuple((lane,) for lane in Lane)
    return ((Lane.PROVIDERS,), (Lane.ROUTES,), (Lane.STRATEGIES, Lane.SINKS), (Lane.RISK,), (Lane.VENUES,))


def _page(drawn: Diagram, density: Density) -> dict[str, str]:
    nodesep, ranksep = {
        Density.FULL: ("0.25", "0.55"),
        Density.MEDIUM: ("0.14", "0.85"),
        Density.BRIEF: ("0.06", "1.6"),
    }[density]
    return {
        "rankdir": "LR",
        "bgcolor": PAGE.light,
        "pad": "0.3",
        "nodesep": nodesep,
        "ranksep": ranksep,
        "fontname": FONTS,
        "fontcolor": INK.light,
        "label": title_label(drawn),
        "labelloc": "t",
        "labeljust": "l",
        "tooltip": _plain(drawn.title),
        "outputorder": "edgesfirst",
    }


def _box() -> dict[str, str]:
    return {"shape": "plain", "fontname": FONTS, "fontsize": "11", "fontcolor": INK.light}


def _line() -> dict[str, str]:
    return {
        "fontname": FONTS,
        "fontsize": "8",
        "fontcolor": SOFT.light,
        "arrowsize": "0.7",
        "weight": _LINK_WEIGHT,
    }


def _add_lane(
    dot: Any, lanes: tuple[Lane, ...], boxes: tuple[Box, ...], inner: tuple[Link, ...], density: Density
) -> None:
    """`inner` are the links within the lane. Graphviz ranks a lane's boxes by what is inside the lane
    alone: with the ring of a link outside, both ends would share a column, and the arrow run back."""
    attributes = {
        "label": " AND ".join(lane.value.upper() for lane in lanes),
        "style": "rounded,filled",
        "color": LANE_LINE.light,
        "fillcolor": LANE.light,
        "fontsize": "9",
        "fontcolor": SOFT.light,
        "labeljust": "l",
        "margin": "12",
        "class": "lane",
        "tooltip": " and ".join(lane.value for lane in lanes),
        "id": f"lane_{lanes[0].value}",
    }
    columns = lane_columns(boxes, density)
    with dot.subgraph(name=f"cluster_{lanes[0].value}", graph_attr=attributes) as cluster:
        for box in boxes:
            label = box_label(box, density, columns)
            cluster.node(box.key, label, id=box.key, tooltip=_plain(box.name), **{"class": box.lane.value})
        for link in inner:
            _add_link(cluster, link, density)


def _add_link(dot: Any, link: Link, density: Density) -> None:
    tail = f"{link.tail}:{link.tail_port}:e" if link.tail_port and density is not Density.BRIEF else link.tail
    if link.ring and density is not Density.BRIEF:
        ring = link_part(link.key, "ring")
        _add_ring(dot, link, ring, density)
        _add_line(dot, link, link_part(link.key, "in"), tail, ring)
        _add_line(dot, link, link.key, ring, link.head)
    else:
        _add_line(dot, link, link.key, tail, link.head)


def _add_ring(dot: Any, link: Link, key: str, density: Density) -> None:
    """The ring as a small plate on its link: it belongs to this link alone."""
    shade = link_shade(link)
    dot.node(
        key,
        ring_label(link, shade, density),
        id=key,
        shape="box",
        style="rounded,filled,dashed" if link.mark is Mark.REMOVED else "rounded,filled",
        fillcolor=PAGE.light,
        color=shade.light,
        penwidth="2" if link.mark is Mark.ADDED else "1",
        margin="0.1,0.04",
        height="0.2",
        fontsize="8",
        tooltip=_hint(link),
        **{"class": f"ring {link.kind.value}"},
    )


def _add_line(dot: Any, link: Link, key: str, tail: str, head: str) -> None:
    shade = link_shade(link)
    style = _STYLES[link.kind] if link.mark is None else {**_STYLES[link.kind], **_MARK_STYLES[link.mark]}
    ends = {"arrowhead": "none"} if key != link.key else {}
    remark = {"label": remark_label(link, shade)} if link.remark else {}
    dot.edge(
        tail if ":" in tail else f"{tail}:e",
        f"{head}:w",
        id=key,
        color=shade.light,
        tooltip=_hint(link),
        **{"class": link.kind.value},
        **{**style, **ends, **remark},
    )


def _hint(link: Link) -> str:
    return _plain(" · ".join(link.ring) or link.remark or link.tail_port or link.kind.value)


def _plain(text: str) -> str:
    """Text for an attribute in which DOT would read `<…>` as markup and `\\N` as an order."""
    escaped: str = graphviz.escape(printable(text))
    return escaped
