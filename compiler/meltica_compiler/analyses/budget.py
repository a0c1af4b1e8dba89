"""Where the memory of a graph goes, to the byte."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from meltica_compiler.graph.graph import Edge, Graph
from meltica_compiler.records.shared_memory import INBOX_CONTROL_BYTES, RING_HEADER_BYTES


class BudgetItem(Struct, frozen=True):
    """One piece of memory: the node that holds it, what it is, how its size comes about, the bytes."""

    holder: str
    what: str
    sum: str
    bytes: int


def budget(graph: Graph) -> tuple[BudgetItem, ...]:
    """Every piece; together they are `graph.total_bytes`."""
    links = (_edge_ring(edge) for edge in graph.links)
    items = (
        *_ingress_rings(graph),
        *_inboxes(graph),
        *_sink_rings(graph),
        *links,
        *_waiting_places(graph),
    )
    assert sum(item.bytes for item in items) == graph.total_bytes, "the budget does not add up"
    return items


def _ingress_rings(graph: Graph) -> Iterator[BudgetItem]:
    for provider in graph.providers:
        for ingress in provider.ingresses:
            shown = _ring_sum(ingress.capacity, ingress.record_bytes)
            yield BudgetItem(f"{provider.name}.{ingress.event}", "ingress ring", shown, ingress.ring_bytes)


def _inboxes(graph: Graph) -> Iterator[BudgetItem]:
    for strategy in graph.strategies:
        edges = graph.index.edges_into(strategy.id)
        for edge in edges:
            yield _edge_ring(edge)
        rest = strategy.inbox_bytes - sum(edge.ring_bytes for edge in edges)
        assert rest == INBOX_CONTROL_BYTES, "an inbox is its control words and the rings of its edges"
        yield BudgetItem(strategy.name, "inbox control words", str(rest), rest)


def _sink_rings(graph: Graph) -> Iterator[BudgetItem]:
    for edge in graph.edges:
        if edge.target_kind == "sink":
            yield _edge_ring(edge)


def _waiting_places(graph: Graph) -> Iterator[BudgetItem]:
    for edge in graph.all_edges:
        if edge.waiting_bytes:
            holder = f"{edge.route} → {edge.target}"
            yield BudgetItem(holder, "waiting places", str(edge.waiting_bytes), edge.waiting_bytes)


def _edge_ring(edge: Edge) -> BudgetItem:
    shown = _ring_sum(edge.capacity, edge.record_bytes)
    return BudgetItem(f"{edge.route} → {edge.target}", f"edge ring of {edge.pool}", shown, edge.ring_bytes)


def _ring_sum(capacity: int, record_bytes: int) -> str:
    return f"{capacity:,} × {record_bytes:,} + {RING_HEADER_BYTES}"


def size_text(count: int) -> str:
    """Bytes for people, in the largest unit that leaves two digits before the point or is whole.

    >>> size_text(64), size_text(65_536), size_text(12_900_000)
    ('64B', '64KiB', '12.3MiB')
    """
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size:
            return f"{round(count / size, 1):g}{unit}"
    return f"{count}B"
