"""Amounts and texts as a reader takes them in: bytes, counts, totals, shortened text."""

from __future__ import annotations

from meltica_compiler.graph.graph import Graph
from meltica_dsl.model.value_text import duration_text

HASH_LENGTH = 12
"""Digits of the graph's hash that a reader sees."""


def show_bytes(count: int) -> str:
    """An amount of memory for a reader: three digits and a binary unit (`4.00 MiB`, `1,024 B`).

    >>> show_bytes(4_194_368)
    '4.00 MiB'
    """
    amount, units = float(count), iter(("KiB", "MiB", "GiB", "TiB"))
    if count < 1024:
        return f"{count} B"
    while amount >= 1000 and (unit := next(units, None)):
        amount /= 1024
        shown = unit
    return f"{amount:.{2 if amount < 10 else 1 if amount < 100 else 0}f} {shown}"


def show_count(count: int) -> str:
    return f"{count:,}"


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, the last one an ellipsis if something was left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def printable(text: str) -> str:
    """The text without control characters, which XML cannot hold and a terminal would obey."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def memory_rows(graph: Graph) -> tuple[tuple[str, int], ...]:
    """What the graph's memory is for, in bytes; the sum is `graph.total_bytes`. Empty kinds are left out."""
    rows = (
        ("ingress rings", sum(i.ring_bytes for p in graph.providers for i in p.ingresses)),
        ("strategy inboxes", sum(s.inbox_bytes for s in graph.strategies)),
        ("sink rings", sum(e.ring_bytes for e in graph.edges if e.target_kind == "sink")),
        ("rings between routes", sum(e.ring_bytes for e in graph.links)),
        ("waiting places", sum(e.waiting_bytes for e in graph.all_edges)),
    )
    return tuple(row for row in rows if row[1])


def total_line(graph: Graph) -> str:
    """Total memory, and the budgets where the file declares them."""
    text = f"memory {show_bytes(graph.total_bytes)}"
    if graph.memory_budget is not None:
        text += f" of {show_bytes(graph.memory_budget.bytes)}"
    if graph.latency_budget is not None:
        text += f" · latency {duration_text(graph.latency_budget)}"
    return text
