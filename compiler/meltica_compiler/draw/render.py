"""One entry to all drawings, by the suffix of the file that is asked for.

This module imports what all of them need; whoever wants to stay light imports it when something is
to be drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from meltica_compiler.draw.dot import render_dot
from meltica_compiler.draw.html import render_html
from meltica_compiler.draw.mermaid import render_mermaid
from meltica_compiler.draw.picture import render_png, render_svg
from meltica_compiler.graph import Graph


class UnknownDrawingError(ValueError):
    """Nothing is drawn for this suffix; the message names those there are."""

    def __init__(self, suffix: str) -> None:
        asked = f"`{suffix}`" if suffix else "a name without a suffix"
        super().__init__(f"no drawing for {asked}: use one of {', '.join(SUFFIXES)}")
        self.suffix = suffix


def render(graph: Graph, suffix: str) -> bytes:
    """The drawing as a file's content, text as UTF-8. `suffix` with its dot, in any case.

    Raises UnknownDrawingError. Layout takes about a second for 500 nodes and holds Python's lock
    meanwhile: a running gateway should draw in another process.
    """
    draw = _DRAWINGS.get(suffix.lower())
    if draw is None:
        raise UnknownDrawingError(suffix)
    return draw(graph)


_DRAWINGS: Mapping[str, Callable[[Graph], bytes]] = {
    ".dot": lambda graph: render_dot(graph).encode(),
    ".svg": lambda graph: render_svg(render_dot(graph)),
    ".png": lambda graph: render_png(render_dot(graph)),
    ".mmd": lambda graph: render_mermaid(graph).encode(),
    ".html": lambda graph: render_html(graph).encode(),
}

SUFFIXES = tuple(_DRAWINGS)
