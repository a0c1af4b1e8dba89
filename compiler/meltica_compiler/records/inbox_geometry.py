"""Where the rings of a strategy lie in its SharedArrayBuffer.

Control words first, then one ring an edge, each a header and its records, in the order of the edges.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from meltica_compiler.graph.graph import Edge
from meltica_compiler.records.layout import RecordLayout, record_layout
from meltica_compiler.records.shared_memory import INBOX_CONTROL_BYTES
from meltica_dsl.model.pipeline import FullPolicy


class InboxRing(Struct, frozen=True):
    """One edge's ring within the inbox. Offsets in bytes."""

    edge: str
    layout: RecordLayout
    capacity: int
    is_lossy: bool
    """The writer may overwrite what the reader has not read."""
    header_offset: int
    body_offset: int


class InboxGeometry(Struct, frozen=True):
    """Where each ring of an inbox lies, and how large all is."""

    rings: tuple[InboxRing, ...]
    size_bytes: int


def inbox_geometry(edges: Iterable[Edge]) -> InboxGeometry:
    """Lays the rings of one strategy's edges out, one behind the other."""
    offset = INBOX_CONTROL_BYTES
    places: list[InboxRing] = []
    for edge in edges:
        layout = record_layout(edge.event, edge.depth)
        header = edge.ring_bytes - edge.capacity * layout.size
        places.append(
            InboxRing(
                edge=edge.id,
                layout=layout,
                capacity=edge.capacity,
                is_lossy=edge.policy is FullPolicy.DROP_OLDEST,
                header_offset=offset,
                body_offset=offset + header,
            )
        )
        offset += edge.ring_bytes
    return InboxGeometry(tuple(places), offset)
