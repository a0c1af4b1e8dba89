"""What a declaration is, in Markdown: its text, what is written above it, and what only the graph knows."""

from __future__ import annotations

from collections.abc import Mapping

from meltica_compiler.adapters.adapters import ADAPTERS
from meltica_compiler.adapters.sinks import SINK_KINDS
from meltica_compiler.analyses.budget import size_text
from meltica_compiler.graph.graph import Edge, Graph
from meltica_compiler.intelligence.constants import constant_text
from meltica_compiler.intelligence.suggestion import Knowledge
from meltica_compiler.intelligence.values import adapter_of
from meltica_dsl import syntax
from meltica_dsl.intelligence.occurrences import Binding, Index, Local
from meltica_dsl.text.strings import read_string

MAX_LINES = 12
"""Of a declaration that is shown. A longer one is cut: its file is a click away."""


def declared_text(binding: Binding, known: Knowledge, environ: Mapping[str, str]) -> str:
    if isinstance(binding.kind, Local):
        return f"{binding.kind.value} `{binding.name}`"
    declaration = known.index.declaration(binding.kind, binding.name)
    if declaration is None:
        return f"{binding.kind.value} `{binding.name}`"
    parts = [
        _comment(known.index, declaration),
        _source(declaration, known),
        _more(declaration, known, environ),
    ]
    return "\n\n".join(part for part in parts if part)


def _source(declaration: syntax.Declaration, known: Knowledge) -> str:
    text = known.texts.get(declaration.span.path, "")
    lines = text[declaration.span.start : declaration.span.end].splitlines()
    if len(lines) > MAX_LINES:
        lines = [*lines[:MAX_LINES], "…"]
    return "\n".join(("```mel", *lines, "```")) if lines else ""


def _comment(index: Index, declaration: syntax.Declaration) -> str:
    """The comment right above a declaration."""
    file = next(file for file in index.files if file.path == declaration.span.path)
    lines: list[str] = []
    below = declaration.span.start
    for comment in reversed(file.comments):
        # One line break and spaces: nothing else can stand between two things on lines of their own.
        if comment.span.end > below or not comment.own_line:
            continue
        if below - comment.span.end > MAX_INDENT:
            break
        lines.append(comment.text.lstrip("#").strip())
        below = comment.span.start
    return "\n".join(reversed(lines))


MAX_INDENT = 2
"""Characters between a comment and what it is about: a line break, of one or two."""


def _more(declaration: syntax.Declaration, known: Knowledge, environ: Mapping[str, str]) -> str:  # noqa: PLR0911 - one return for each kind
    match declaration:
        case syntax.PoolDecl():
            return pool_text(declaration.name.text, known.graph)
        case syntax.StrategyDecl(selector=syntax.StringLiteral(text=written)):
            selector = read_string(written)
            return module_text(selector, known) if isinstance(selector, str) else ""
        case syntax.ProviderDecl():
            spec = ADAPTERS.get(adapter_of(declaration))
            return "" if spec is None else f"**{spec.display_name}**: {spec.description}"
        case syntax.SinkDecl():
            kind = SINK_KINDS.get(declaration.kind.text)
            return "" if kind is None else kind.description
        case syntax.LetDecl():
            value = constant_text(known.index, declaration.name.text, environ)
            return f"is `{value}`" if value else ""
        case syntax.RouteDecl():
            event = known.index.event_of(declaration)
            return "" if event is None else f"carries `{event.name}` events"
        case _:
            return ""


def edges_of(pool: str, graph: Graph) -> tuple[Edge, ...]:
    """The edges of a pool, or of all the pools that its declaration stands for."""
    return tuple(edge for edge in graph.edges if edge.pool.partition("[")[0] == pool)


def pool_text(name: str, graph: Graph | None) -> str:
    """The rings that a pool holds, and their bytes; nothing without a sound graph."""
    edges = edges_of(name, graph) if graph is not None else ()
    if not edges:
        return ""
    rows = [f"- `{e.route} → {e.target}`: {e.ring_bytes + e.waiting_bytes:,} bytes" for e in edges]
    total = sum(edge.ring_bytes + edge.waiting_bytes for edge in edges)
    rings = f"{len(edges)} ring{'s' if len(edges) > 1 else ''}"
    return "\n".join((f"{rings}, {size_text(total)} ({total:,} bytes)", "", *rows))


def module_text(selector: str, known: Knowledge) -> str:
    """What a strategy module says of itself."""
    found = known.modules.find(selector)
    if found is None:
        return ""
    info, metadata = found
    events = ", ".join(f"`{event}`" for event in metadata.events) or "nothing"
    keys = [f"- `{field.name}`: {field.description}" for field in metadata.config]
    lines = (
        f"**{metadata.display_name}** `{info.name}:{info.tag}`",
        "",
        metadata.description,
        "",
        f"Handles {events}. `sha256:{info.sha256[:12]}…`, {info.path}",
        *(("", "config:", *keys) if keys else ()),
    )
    return "\n".join(lines)
