"""Parts of a compiled graph as text: what `meltica compile --emit` prints."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

from meltica_compiler.analyses import proofs
from meltica_compiler.graph.canonical import graph_json
from meltica_compiler.graph.graph import Graph
from meltica_compiler.kernels.generate import input_depth, kernel_source
from meltica_compiler.records.inbox_geometry import inbox_geometry
from meltica_compiler.records.inbox_source import inbox_source
from meltica_compiler.records.layout import RecordLayout, record_layout
from meltica_compiler.text.text_table import text_table
from meltica_dsl.model.fields import EVENT_BY_NAME


def emit(graph: Graph, part: str) -> str:
    """The part's text, which ends in a line break. `part` is a key of `PARTS`."""
    return PARTS[part](graph)


def emit_json(graph: Graph, part: str) -> str:
    """The part as JSON: the graph itself, or a key of `JSON_PARTS`."""
    if part == "graph":
        return graph_json(graph)
    return json.dumps(JSON_PARTS[part](graph), indent=2, ensure_ascii=False) + "\n"


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
        geometry = inbox_geometry(graph.index.edges_into(strategy.id))
        source = inbox_source(geometry, graph.symbols, providers)
        tables.append(f"// inbox of {strategy.name}: {strategy.inbox_bytes:,} bytes\n{source}")
    return "\n".join(tables)


PARTS: Mapping[str, Callable[[Graph], str]] = MappingProxyType(
    {
        "graph": graph_json,
        "kernels": kernels_text,
        "layout": layout_text,
        "budget": proofs.budget_text,
        "loss": proofs.loss_text,
        "blast": proofs.failure_impact_text,
        "latency": proofs.latency_text,
        "secrets": proofs.secrets_text,
    }
)

JSON_PARTS: Mapping[str, Callable[[Graph], object]] = MappingProxyType(
    {
        "budget": proofs.budget_json,
        "loss": proofs.loss_json,
        "blast": proofs.failure_impact_json,
        "latency": proofs.latency_json,
        "secrets": proofs.secrets_json,
    }
)
"""Parts that programs can read too."""


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
