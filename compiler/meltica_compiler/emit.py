"""Parts of a compiled graph as text: what `meltica compile --emit` prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from meltica_compiler.budget import budget
from meltica_compiler.graph import Graph
from meltica_compiler.inbox.geometry import inbox_geometry
from meltica_compiler.inbox.source import inbox_source
from meltica_compiler.kernels.generate import input_depth, kernel_source
from meltica_compiler.layout import RecordLayout, record_layout
from meltica_compiler.loss import lossy_edges, stalls
from meltica_compiler.plain import graph_json
from meltica_compiler.text_table import text_table
from meltica_dsl.fields import EVENT_BY_NAME


def emit(graph: Graph, part: str) -> str:
    """The part's text, which ends in a line break. `part` is a key of `PARTS`."""
    return PARTS[part](graph)


def kernels_text(graph: Graph) -> str:
    """The source of every route's kernel."""
    return "\n\n".join(kernel_source(route, graph) for route in graph.routes) or "no routes\n"


def layout_text(graph: Graph) -> str:
    """The layouts of all records that flow, and the JavaScript that reads each strategy's inbox."""
    used = {record_layout(i.event, i.depth) for p in graph.providers for i in p.ingresses}
    used |= {record_layout(edge.event, edge.depth) for edge in graph.all_edges}
    used |= {record_layout(route.event, input_depth(route, graph)) for route in graph.routes}
    tables = [_layout_table(layout) for layout in sorted(used, key=lambda one: (one.event, one.depth))]
    providers = tuple(provider.name for provider in graph.providers)
    for strategy in graph.strategies:
        edges = [edge for edge in graph.edges if edge.target == strategy.name]
        source = inbox_source(inbox_geometry(edges), graph.symbols, providers)
        tables.append(f"// inbox of {strategy.name}: {strategy.inbox_bytes:,} bytes\n{source}")
    return "\n".join(tables)


def budget_text(graph: Graph) -> str:
    """Every piece of memory, their sum, and what is left of the budget."""
    rows = [(item.holder, item.what, item.sum, f"{item.bytes:,}") for item in budget(graph)]
    rows.append(("total", "", "", f"{graph.total_bytes:,}"))
    if graph.memory_budget is not None:
        allowed = graph.memory_budget.bytes
        rows.append(("budget", "", "", f"{allowed:,}"))
        rows.append(("left", "", "", f"{allowed - graph.total_bytes:,}"))
    return text_table(("holder", "what", "records × bytes + control", "bytes"), rows, frozenset({3})) + "\n"


def loss_text(graph: Graph) -> str:
    """Every edge: what it does when its reader falls behind, and whom that concerns."""
    rows = [
        (
            f"{edge.route} → {edge.target}",
            edge.pool,
            edge.policy.value,
            f"loses after {edge.capacity:,} events",
        )
        for edge in lossy_edges(graph)
    ]
    for stall in stalls(graph):
        edge = stall.edge
        concerned = f"stalls {', '.join(stall.providers)}"
        if stall.routes:
            concerned += f" and starves {', '.join(stall.routes)}"
        rows.append((f"{edge.route} → {edge.target}", edge.pool, edge.policy.value, concerned))
    return text_table(("edge", "pool", "policy", "when its reader falls behind"), rows, frozenset()) + "\n"


PARTS: Mapping[str, Callable[[Graph], str]] = MappingProxyType(
    {
        "graph": graph_json,
        "kernels": kernels_text,
        "layout": layout_text,
        "budget": budget_text,
        "loss": loss_text,
    }
)


def _layout_table(layout: RecordLayout) -> str:
    meanings = {field.name: field.doc for field in EVENT_BY_NAME[layout.event].fields}
    rows = [
        (
            slot.name,
            "f64" if slot.kind.value == "f8" else "u16",
            f"{slot.levels} × 2" if slot.levels else "",
            str(slot.offset),
            meanings.get(slot.name, "levels that are filled"),
        )
        for slot in layout.slots
    ]
    depth = f", {layout.depth} levels a side" if layout.depth else ""
    table = text_table(("field", "type", "shape", "offset", "meaning"), rows, frozenset({3}))
    return f"{layout.event}{depth}: {layout.size} bytes\n\n{table}\n"
