"""What the graph knows and the text does not show: the bytes of each pool, beside its name."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from meltica_compiler.analyses.budget import size_text
from meltica_compiler.graph.graph import Graph
from meltica_compiler.intelligence.declared import edges_of, pool_text
from meltica_dsl.intelligence.occurrences import Binding, Index
from meltica_dsl.resolve.scope import DeclKind


class Hint(Struct, frozen=True):
    """`text` is shown at `offset` of a file, `doc` (Markdown) when it is pointed at."""

    path: str
    offset: int
    text: str
    doc: str


def hints(index: Index, graph: Graph) -> Iterator[Hint]:
    """One hint for each pool that holds rings.

    Its bytes are those of the rings of its edges: a pool that no route goes via takes none.
    """
    for name in index.names(DeclKind.POOL):
        definition = index.definition(Binding(DeclKind.POOL, name))
        sizes = [edge.ring_bytes + edge.waiting_bytes for edge in edges_of(name, graph)]
        if definition is None or not sizes:
            continue
        same = len(set(sizes)) == 1 and len(sizes) > 1
        sum_ = f"{len(sizes)} × {size_text(sizes[0])} = " if same else ""
        span = definition.span
        yield Hint(span.path, span.end, sum_ + size_text(sum(sizes)), pool_text(name, graph))
