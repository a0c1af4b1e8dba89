"""The graph as a text tree for the terminal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from meltica_compiler.adapters.setting_schema import SettingSpec
from meltica_compiler.draw.diagram import diagram, downstream, event_note, is_lossy, pool_note, route_note
from meltica_compiler.draw.families import folded
from meltica_compiler.draw.summary_tree import summary_lines, way_to_all
from meltica_compiler.draw.terminal import (
    LEAST_WIDTH,
    Item,
    Line,
    Piece,
    Style,
    columns,
    paint,
    tree_lines,
    unbroken,
    wrapped,
)
from meltica_compiler.graph.graph import (
    Edge,
    Graph,
    ProviderNode,
    RouteNode,
    SettingValue,
    SinkNode,
    StrategyNode,
)
from meltica_compiler.graph.stage_text import stage_text
from meltica_compiler.text.amounts import (
    HASH_LENGTH,
    memory_rows,
    printable,
    show_bytes,
    show_count,
    total_line,
)
from meltica_compiler.text.spelling import (
    adapter_schema,
    sink_schema,
    spell_limits,
    spell_linger,
    spell_place,
    spell_settings,
)

_READERS = {"strategy": Style.STRATEGY, "sink": Style.SINK, "route": Style.ROUTE}


def render_tree(graph: Graph, width: int, *, color: bool, whole: bool = False) -> str:
    """The graph in lanes, at most `width` columns wide (40 at least), with ANSI colours if `color`.

    Families of a large graph are summed up, unless the `whole` of it is asked for. Ends with a line
    break. Nothing in it depends on where in the file a node stands.
    """
    room = max(width, LEAST_WIDTH)
    drawn = diagram(graph)
    shown = drawn if whole else folded(drawn)
    lanes = _lanes(graph, room) if shown is drawn else summary_lines(shown, room)
    lines = (
        *wrapped(_title(graph), room),
        *lanes,
        *((), (Piece("memory", Style.BOLD),), *columns(_memory(graph), room)),
        *way_to_all(shown, graph.file, room),
    )
    return "".join(paint(line, color=color) + "\n" for line in lines)


def _lanes(graph: Graph, room: int) -> Iterator[Line]:
    """Every node of the graph."""
    edges: dict[str, list[Edge]] = defaultdict(list)
    sources: dict[str, list[str]] = defaultdict(list)
    for edge in graph.all_edges:
        edges[edge.route].append(edge)
    for edge in graph.edges:
        sources[edge.target].append(edge.route)
    lanes = (
        ("providers", tuple(_provider(p) for p in graph.providers)),
        ("routes", tuple(_route(r, edges[r.name]) for r in downstream(graph))),
        ("strategies", tuple(_strategy(s, sources[s.name]) for s in graph.strategies)),
        ("sinks", tuple(_sink(s, sources[s.name]) for s in graph.sinks)),
    )
    for title, items in lanes:
        if items:
            yield ()
            yield (Piece(title, Style.BOLD),)
            yield from tree_lines(items, room)


def _title(graph: Graph) -> Line:
    summary = f"  #{graph.hash[:HASH_LENGTH]} · {total_line(graph)}"
    return (Piece(printable(graph.pipeline), Style.BOLD), Piece(summary, Style.DIM))


def _provider(node: ProviderNode) -> Item:
    rings = tuple(
        Item(
            (
                Piece(f"{event_note(ring.event, ring.depth)}  "),
                Piece(f"{show_count(ring.capacity)} × {show_bytes(ring.record_bytes)}", Style.DIM),
            ),
            show_bytes(ring.ring_bytes),
        )
        for ring in node.ingresses
    )
    notes = [*_settings(node.settings, adapter_schema(node.adapter))]
    if node.trades:
        notes.append((Piece("◀ takes orders", Style.ORDERS),))
    line = _head(node.name, Style.PROVIDER, node.adapter, ", ".join(node.symbols))
    return Item(line, notes=tuple(notes), branches=rings)


def _route(node: RouteNode, edges: list[Edge]) -> Item:
    notes: list[Line] = [_sources((*node.sources, *node.routes))]
    notes += [(Piece("| ", Style.DIM), Piece(printable(stage_text(stage)))) for stage in node.stages]
    extra = ("durable",) if node.durable else ()
    line = _head(node.name, Style.ROUTE, route_note(node), *extra)
    return Item(line, notes=tuple(notes), branches=tuple(_edge(edge) for edge in edges))


def _edge(edge: Edge) -> Item:
    style = _READERS[edge.target_kind]
    policy = Style.LOSSY if is_lossy(edge.policy) else Style.JSON_PARTS
    line = (Piece(printable(edge.target), style), Piece("  "), Piece(printable(pool_note(edge)), policy))
    return Item(line, show_bytes(edge.ring_bytes + edge.waiting_bytes), lead="─▶ ")


def _strategy(node: StrategyNode, routes: list[str]) -> Item:
    tag = f"{node.module.name}:{node.module.tag}"
    line = _head(node.name, Style.STRATEGY, node.selector, *(() if tag == node.selector else (tag,)))
    facts = f"inbox {show_bytes(node.inbox_bytes)} · linger {spell_linger(node.linger)}"
    if node.place is not None:
        facts += f" · {spell_place(node.place)}"
    notes = [_sources(routes), (Piece(facts, Style.DIM),), *_settings(node.config)]
    return Item(line, notes=tuple(notes), branches=_orders(node))


def _orders(node: StrategyNode) -> tuple[Item, ...]:
    """The way of the strategy's orders: through its risk block to the venue."""
    if node.trade_on is None:
        return ()
    gate = f"risk {node.risk.name}" if node.risk is not None else "no risk limits"
    held = "  dry run: orders are held back" if node.dry_run else ""
    line = (Piece(printable(f"{gate} ─▶ {node.trade_on}"), Style.ORDERS), Piece(held, Style.DIM))
    limits = () if node.risk is None else spell_limits(node.risk)
    notes = _listed(f"{key} {value}" for key, value in limits)
    return (Item(line, notes=notes, lead="╌▶ "),)


def _sink(node: SinkNode, routes: list[str]) -> Item:
    notes = (_sources(routes), *_settings(node.settings, sink_schema(node.kind)))
    return Item(_head(node.name, Style.SINK, node.kind), notes=notes)


def _sources(names: Iterable[str]) -> Line:
    return (Piece("◀ ", Style.DIM), Piece(printable(", ".join(dict.fromkeys(names)))))


def _head(name: str, style: Style, *notes: str) -> Line:
    text = " · ".join(note for note in notes if note)
    return (Piece(printable(name), style), Piece("  " + printable(text), Style.DIM))


def _settings(settings: dict[str, SettingValue], schema: tuple[SettingSpec, ...] = ()) -> tuple[Line, ...]:
    return _listed(f"{key} = {value}" for key, value in spell_settings(settings, schema))


def _listed(entries: Iterable[str]) -> tuple[Line, ...]:
    """Entries in one note, broken between them."""
    text = f"{unbroken(' ·')} ".join(unbroken(printable(entry)) for entry in entries)
    return ((Piece(text, Style.DIM),),) if text else ()


def _memory(graph: Graph) -> tuple[tuple[str, str], ...]:
    rows = [(label, show_bytes(count)) for label, count in memory_rows(graph)]
    total = show_bytes(graph.total_bytes)
    if graph.memory_budget is not None:
        total += f" of {show_bytes(graph.memory_budget.bytes)}"
    return (*rows, ("total", total))
