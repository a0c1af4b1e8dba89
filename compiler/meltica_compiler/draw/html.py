"""The graph as one HTML page that needs nothing but itself: the drawing, pan, zoom, search, details."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import jinja2
from markupsafe import Markup

from meltica_compiler.draw.details import Detail
from meltica_compiler.draw.diagram import Box, Diagram, Link
from meltica_compiler.draw.dot import dot_source
from meltica_compiler.draw.dot_labels import NAME_LIMIT, NOTE_LIMIT
from meltica_compiler.draw.families import folded
from meltica_compiler.draw.graph_page import GraphPage, graph_page
from meltica_compiler.draw.palette import SHADES, signed
from meltica_compiler.draw.picture import render_svg
from meltica_compiler.graph.graph import Graph
from meltica_compiler.text.amounts import shorten

# Titles of a plain SVG become the browser's own tooltips; the page shows its details instead.
_NATIVE_TIPS = re.compile(r'<title>.*?</title>\n?|\s+xlink:title="[^"]*"', re.DOTALL)
_PAGE_SIZE = re.compile(r'(<svg)\s+width="[^"]*"\s+height="[^"]*"')


def render_html(graph: Graph) -> str:
    """The page with families folded."""
    whole = graph_page(graph)
    return html_page(whole, folded(whole.diagram))


def html_page(whole: GraphPage, drawn: Diagram) -> str:
    """The page of what is drawn of the whole, with the details of every node, also of those folded.

    Equal hashes give equal bytes as long as the nodes also stand in the same lines.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("meltica_compiler.draw", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("graph.html.j2").render(
        pipeline=whole.diagram.title,
        file=whole.file,
        shades=SHADES,
        drawing=Markup(_inline(render_svg(dot_source(drawn)))),  # noqa: S704 - graphviz escaped it
        data=Markup(_json(whole, drawn)),  # noqa: S704 - _json leaves no markup in it
    )


def _inline(svg: bytes) -> str:
    """The SVG element alone, sized by the page."""
    text = svg.decode()
    return _PAGE_SIZE.sub(r"\1", _NATIVE_TIPS.sub("", text[text.index("<svg") :]))


def _json(whole: GraphPage, drawn: Diagram) -> str:
    """What the page's script knows, as JSON that may stand inside a script element."""
    families = [box for box in drawn.boxes if box.members]
    details = (*whole.details, *map(_family_detail, families))
    known = {
        "details": {d.key: {"kind": d.kind, "name": d.name, "facts": d.facts} for d in details},
        "links": [_link(link) for link in whole.diagram.links],
        "bundles": [_link(link) for link in drawn.links] if families else [],
        "families": {box.key: box.members for box in families},
        "labels": dict(_labels(whole.diagram, families)),
    }
    text = json.dumps(known, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _family_detail(box: Box) -> Detail:
    facts = tuple((row.text, row.amount) if row.amount else ("", row.text) for row in box.rows)
    return Detail(box.key, f"{len(box.members)} {box.lane.value}", box.name, facts)


def _labels(whole: Diagram, families: list[Box]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Name and note of each member of a family, for its box when the family is unfolded. What all
    members have in common stands in the family's box."""
    boxes = {box.key: box for box in whole.boxes}
    for family in families:
        members = [boxes[key] for key in family.members]
        unlike = len({box.brief for box in members}) > 1
        for box in members:
            note = shorten(box.brief, NOTE_LIMIT) if unlike else ""
            yield box.key, (shorten(signed(box.name, family.mark), NAME_LIMIT), note)


def _link(link: Link) -> dict[str, str]:
    ring = ", ".join(link.ring)
    return {"key": link.key, "kind": link.kind.value, "tail": link.tail, "head": link.head, "ring": ring}
