"""One entry to all drawings, by the suffix of the file that is asked for.

This module imports what all of them need; whoever wants to stay light imports it when something is
to be drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from meltica_compiler.draw.dot import dot_source
from meltica_compiler.draw.families import folded
from meltica_compiler.draw.html import html_page
from meltica_compiler.draw.mermaid import mermaid_source
from meltica_compiler.draw.picture import render_png, render_svg
from meltica_compiler.draw.sketch import Sketch, sketch
from meltica_compiler.graph import Graph


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
    draw = _DRAWINGS.get(suffix.lower())
    if draw is None:
        raise UnknownDrawingError(suffix)
    drawn = sketch(graph)
    return draw(graph, drawn if whole else folded(drawn))


_DRAWINGS: Mapping[str, Callable[[Graph, Sketch], bytes]] = {
    ".dot": lambda _, drawn: dot_source(drawn).encode(),
    ".svg": lambda _, drawn: render_svg(dot_source(drawn)),
    ".png": lambda _, drawn: render_png(dot_source(drawn)),
    ".mmd": lambda _, drawn: mermaid_source(drawn).encode(),
    ".html": lambda graph, drawn: html_page(graph, drawn).encode(),
}

SUFFIXES = tuple(_DRAWINGS)
