"""The graph as one HTML page that needs nothing but itself: the drawing, pan, zoom, search, details."""

from __future__ import annotations

import json
import re

import jinja2
from markupsafe import Markup

from meltica_compiler.draw.details import box_details, link_details
from meltica_compiler.draw.dot import render_dot
from meltica_compiler.draw.palette import SHADES
from meltica_compiler.draw.picture import render_svg
from meltica_compiler.draw.sketch import sketch
from meltica_compiler.graph import Graph

# Titles of a plain SVG become the browser's own tooltips; the page shows its details instead.
_NATIVE_TIPS = re.compile(r'<title>.*?</title>\n?|\s+xlink:title="[^"]*"', re.DOTALL)
_PAGE_SIZE = re.compile(r'(<svg)\s+width="[^"]*"\s+height="[^"]*"')


def render_html(graph: Graph) -> str:
    """The page. Equal hashes give equal bytes as long as the nodes also stand in the same lines."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("meltica_compiler.draw", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("graph.html.j2").render(
        pipeline=graph.pipeline,
        file=graph.file,
        shades=SHADES,
        drawing=Markup(_inline(render_svg(render_dot(graph)))),  # noqa: S704 - graphviz escaped it
        data=Markup(_json(graph)),  # noqa: S704 - _json leaves no markup in it
    )


def _inline(svg: bytes) -> str:
    """The SVG element alone, sized by the page."""
    text = svg.decode()
    return _PAGE_SIZE.sub(r"\1", _NATIVE_TIPS.sub("", text[text.index("<svg") :]))


def _json(graph: Graph) -> str:
    """What the page's script knows, as JSON that may stand inside a script element."""
    details = (*box_details(graph), *link_details(graph))
    known = {
        "details": {d.key: {"kind": d.kind, "name": d.name, "facts": d.facts} for d in details},
        "links": [
            {"key": link.key, "kind": link.kind.value, "tail": link.tail, "head": link.head}
            for link in sketch(graph).links
        ],
    }
    text = json.dumps(known, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
