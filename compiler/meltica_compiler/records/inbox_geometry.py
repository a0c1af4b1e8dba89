"""Where the rings of a strategy lie in its SharedArrayBuffer.

Control words first, then one ring an edge, each a header and its records, in the order of the edges.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from meltica_compiler.graph.graph import Edge
from meltica_compiler.records.layout import INBOX_CONTROL_BYTES, RecordLayout, record_layout
from meltica_dsl.model.pipeline import FullPolicy

# Places in the control words, as indices of f64 …
CUT_F64 = 0
"""The sequence number up to which all edges are filled. Written by the pump, last."""
NOW_F64 = 1
"""Event time of the event in hand, in microseconds. Written by the drain."""
DELIVERED_F64 = 2
"""Sequence number of the event handled last. Written by the drain."""
COUNT_F64 = 3
"""Events handled since the isolate started. Written by the drain."""

# … and of u32, behind them.
WAKE_U32 = 16
"""Goes up whenever the pump has stored a new cut."""
HEARTBEAT_U32 = 17
"""Changes while a drain makes progress or lingers; stands still in a runaway handler."""
STATE_U32 = 18
"""What the isolate does: idle, running or lingering."""
STOP_U32 = 19
"""Not 0: a lingering drain is to return."""
TRADING_U32 = 20
"""Not 0: orders may be sent (`isTradingActive`)."""

IDLE, RUNNING, LINGERING = 0, 1, 2


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
