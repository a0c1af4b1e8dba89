"""SVG and PNG of a DOT source, drawn by the graphviz libraries that come in the wheel of pygraphviz."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import pygraphviz

POINTS_PER_INCH = 72
SHARP_DPI = 144
LARGEST_PIXELS = 9_000
"""Longest side of a PNG. Viewers still open it, and cairo's own limit is 32,767."""

# Graphviz keeps state of its own, and the quiet place below swaps the process's stderr.
_ONE_AT_A_TIME = Lock()


def render_svg(dot: str) -> bytes:
    """The drawing as SVG, text kept as text. Blocks other threads while it lays out."""
    return _draw(dot, "svg")


def render_png(dot: str) -> bytes:
    """The drawing as PNG, at twice the size of the screen's points unless it becomes too large."""
    return _draw(dot, "png")


def _draw(dot: str, kind: str) -> bytes:
    with _ONE_AT_A_TIME, _without_font_warnings():
        drawing = pygraphviz.AGraph(string=dot)
        try:
            drawing.layout("dot")
            if kind == "png":
                drawing.graph_attr["dpi"] = str(_dpi(drawing.graph_attr["bb"]))
            return bytes(drawing.draw(format=kind))
        finally:
            drawing.close()


def _dpi(bounding_box: str) -> int:
    """Dots per inch for a drawing of `x0,y0,x1,y1` points."""
    left, bottom, right, top = (float(part) for part in bounding_box.split(","))
    inches = max(right - left, top - bottom) / POINTS_PER_INCH
    return max(1, min(SHARP_DPI, int(LARGEST_PIXELS / inches)))


@contextmanager
def _without_font_warnings() -> Iterator[None]:
    """The bundled fontconfig is older than the machine's font files and says so on the process's
    stderr. Its lines are left out; whatever else was written meanwhile is passed on."""
    sys.stderr.flush()
    real = os.dup(2)
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(real, 2)
            os.close(real)
            caught.seek(0)
            for line in caught:
                if not line.startswith(b"Fontconfig warning"):
                    os.write(2, line)
