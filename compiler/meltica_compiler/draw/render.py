"""One entry to all drawings, by the suffix of the file that is asked for.

This module imports what all of them need; whoever wants to stay light imports it when something is
to be drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from meltica_compiler.draw.diagram import Diagram
from meltica_compiler.draw.difference import difference
from meltica_compiler.draw.dot import dot_source
from meltica_compiler.draw.families import folded
from meltica_compiler.draw.graph_page import GraphPage, graph_page
from meltica_compiler.draw.html import html_page
from meltica_compiler.draw.mermaid import mermaid_source
from meltica_compiler.draw.picture import render_png, render_svg
from meltica_compiler.graph.graph import Graph


class UnknownDrawingError(ValueError):
    """Nothing is drawn for this suffix; the message names those there are."""

    def __init__(self, suffix: str) -> None:
        asked = f"`{suffix}`" if suffix else "a name without a suffix"
        super().__init__(f"no drawing for {asked}: use one of {', '.join(SUFFIXES)}")
        self.suffix = suffix


def render(graph: Graph, suffix: str, *, whole: bool = False) -> bytes:
    """The drawing as a file's content, text as UTF-8. `suffix` with its dot, in any case.

    A large graph is drawn with its families folded, unless the `whole` of it is asked for. That takes
    about two seconds for 500 nodes and holds Python's lock meanwhile. Raises UnknownDrawingError.
    """
    return _drawing(suffix)(graph_page(graph), whole)


def render_difference(old: Graph, new: Graph, suffix: str, *, whole: bool = False) -> bytes:
    """What becomes of each node when `new` takes the place of `old`, drawn as `render` draws a graph."""
    return _drawing(suffix)(difference(old, new), whole)


def _drawing(suffix: str) -> Callable[[GraphPage, bool], bytes]:
    draw = _DRAWINGS.get(suffix.lower())
    if draw is None:
        raise UnknownDrawingError(suffix)

    def drawn(graph_page: GraphPage, whole: bool) -> bytes:
        return draw(graph_page, graph_page.diagram if whole else folded(graph_page.diagram))

    return drawn


_DRAWINGS: Mapping[str, Callable[[GraphPage, Diagram], bytes]] = {
    ".dot": lambda _, drawn: dot_source(drawn).encode(),
    ".svg": lambda _, drawn: render_svg(dot_source(drawn)),
    ".png": lambda _, drawn: render_png(dot_source(drawn)),
    ".mmd": lambda _, drawn: mermaid_source(drawn).encode(),
    ".html": lambda graph_page, drawn: html_page(graph_page, drawn).encode(),
}

SUFFIXES = tuple(_DRAWINGS)
