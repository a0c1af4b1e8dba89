"""All that can be shown of a graph: the diagram of every node, and what a page tells of each."""

from __future__ import annotations

from msgspec import Struct

from meltica_compiler.draw.details import Detail, details
from meltica_compiler.draw.diagram import Diagram, diagram
from meltica_compiler.draw.keys import keys_of
from meltica_compiler.graph.graph import Graph


class GraphPage(Struct, frozen=True):
    """`file` is where the nodes are declared."""

    file: str
    diagram: Diagram
    details: tuple[Detail, ...]


def graph_page(graph: Graph) -> GraphPage:
    return GraphPage(graph.file, diagram(graph), details(graph, keys_of(graph)))
