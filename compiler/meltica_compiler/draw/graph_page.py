"""All that can be shown of a graph: the sketch of every node, and what a page tells of each."""

from __future__ import annotations

from msgspec import Struct

from meltica_compiler.draw.details import Detail, details
from meltica_compiler.draw.diagram import Sketch, sketch
from meltica_compiler.draw.keys import keys_of
from meltica_compiler.graph.graph import Graph


class Portrait(Struct, frozen=True):
    """`file` is where the nodes are declared."""

    file: str
    sketch: Sketch
    details: tuple[Detail, ...]


def portrait(graph: Graph) -> Portrait:
    return Portrait(graph.file, sketch(graph), details(graph, keys_of(graph)))
