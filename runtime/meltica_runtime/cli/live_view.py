"""The live terminal view of a running gateway, and its plain form for when there is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import anyio
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from meltica_compiler.graph.graph import Graph
from meltica_runtime.strategies.instance import InstanceState
from meltica_runtime.topology.snapshot import GatewaySnapshot

REFRESH_SECONDS = 0.5
PLAIN_SECONDS = 5.0
"""How often a line is printed where there is no terminal."""


@dataclass(frozen=True, slots=True)
class Header:
    """What stands above the table: what runs, and where to look further."""

    pipeline: str
    api: str


ReadGateway = Callable[[], tuple[Graph, GatewaySnapshot]]
"""What runs now, and what it has done."""


class Rates:
    """Events a second between two snapshots."""

    def __init__(self, now: GatewaySnapshot, before: GatewaySnapshot | None) -> None:
        self._seconds = now.uptime_s - before.uptime_s if before else now.uptime_s
        self._before = before

    def of(self, count: Callable[[GatewaySnapshot], int], now: GatewaySnapshot) -> float:
        earlier = count(self._before) if self._before else 0
        return (count(now) - earlier) / self._seconds if self._seconds > 0 else 0.0


async def show_live(console: Console, header: Header, read_gateway: ReadGateway) -> None:
    """Redraws the view until cancelled."""
    earlier: tuple[Graph, GatewaySnapshot] | None = None
    with Live(console=console, auto_refresh=False, transient=False) as live:
        while True:
            graph, now = read_gateway()
            # There are no rates of nodes that were not there.
            before = earlier[1] if earlier is not None and earlier[0] is graph else None
            live.update(render_view(header, graph, now, before), refresh=True)
            earlier = graph, now
            await anyio.sleep(REFRESH_SECONDS)


async def print_progress(print_line: Callable[[str], None], snapshot: Callable[[], GatewaySnapshot]) -> None:
    """Prints a plain line now and then until cancelled."""
    before: GatewaySnapshot | None = None
    while True:
        await anyio.sleep(PLAIN_SECONDS)
        now = snapshot()
        print_line(progress_line(now, before))
        before = now


def progress_line(now: GatewaySnapshot, before: GatewaySnapshot | None) -> str:
    rate = Rates(now, before).of(lambda s: s.events, now)
    dropped = sum(edge.dropped + edge.conflated for edge in now.edges.values())
    engine = now.orders.engine
    down = [name for name, s in now.strategies.items() if s.state is not InstanceState.RUNNING]
    parts = [
        f"{now.uptime_s:.0f}s",
        f"{now.events:,} events",
        f"{rate:,.0f}/s",
        f"{dropped:,} dropped",
        f"{engine.placed:,} orders",
        f"{engine.fills:,} fills",
        f"{engine.open_orders} open",
    ]
    if engine.dry_runs:
        parts.append(f"{engine.dry_runs:,} dry")
    if down:
        parts.append(f"not running: {', '.join(down)}")
    return " · ".join(parts)


def render_view(header: Header, graph: Graph, now: GatewaySnapshot, before: GatewaySnapshot | None) -> Group:
    """The whole view: one row a node, in the order of flow, and a line on orders."""
    rates = Rates(now, before)
    title = Text.assemble(
        (header.pipeline, "bold"),
        f"  {graph.hash[:12]}  up {_duration(now.uptime_s)}  {now.phase.value}\n",
        (f"api {header.api}", "dim"),
    )
    table = Table(box=None, padding=(0, 1), header_style="dim", expand=False)
    for name, justify in (
        ("", "left"),
        ("node", "left"),
        ("in/s", "right"),
        ("out/s", "right"),
        ("dropped", "right"),
        ("lag", "right"),
    ):
        table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]  # literals of rich
    # What is said of a node goes on in a line below where there is no room, and numbers stay whole.
    table.add_column("")
    _provider_rows(table, graph, now, rates)
    _route_rows(table, graph, now, rates)
    _strategy_rows(table, graph, now, rates)
    _sink_rows(table, graph, now, rates)
    return Group(title, table, _orders(now))


def _provider_rows(table: Table, graph: Graph, now: GatewaySnapshot, rates: Rates) -> None:
    for node in graph.providers:
        own = now.providers[node.name]
        rate = rates.of(lambda s, n=node.name: s.providers[n].events, now)  # type: ignore[misc]
        table.add_row("provider", node.name, "", _count(rate), "", _lag(own.lag_s), _state(own.state.value))


def _route_rows(table: Table, graph: Graph, now: GatewaySnapshot, rates: Rates) -> None:
    for node in graph.routes:
        own = now.routes[node.name]
        flow_in = rates.of(lambda s, n=node.name: s.routes[n].events_in, now)  # type: ignore[misc]
        flow_out = rates.of(lambda s, n=node.name: s.routes[n].events_out, now)  # type: ignore[misc]
        note = f"{own.last_batch:,} a batch"
        table.add_row("route", node.name, _count(flow_in), _count(flow_out), "", _count(own.lag_events), note)


def _strategy_rows(table: Table, graph: Graph, now: GatewaySnapshot, rates: Rates) -> None:
    for node in graph.strategies:
        own = now.strategies[node.name]
        rate = rates.of(lambda s, n=node.name: s.strategies[n].events, now)  # type: ignore[misc]
        lost, waiting = _edges(graph, now, node.name)
        busy = rates.of(lambda s, n=node.name: int(1e6 * s.strategies[n].v8_seconds), now) / 1e4  # type: ignore[misc]
        note = Text.assemble(_state(own.state.value), f"  {busy:.0f} % core")
        note.append(*_latency(graph, max(own.latency_s, own.waiting_s)))
        if own.fault is not None:
            note.append(f"  {own.fault.message}", "red")
        table.add_row("strategy", node.name, _count(rate), "", _lost(lost), _count(waiting), note)


def _sink_rows(table: Table, graph: Graph, now: GatewaySnapshot, rates: Rates) -> None:
    for node in graph.sinks:
        own = now.sinks[node.name]
        rate = rates.of(lambda s, n=node.name: s.sinks[n].events, now)  # type: ignore[misc]
        lost, waiting = _edges(graph, now, node.name)
        note = Text(own.fault or "", "red")
        table.add_row("sink", node.name, _count(rate), "", _lost(lost + own.dropped), _count(waiting), note)


def _orders(now: GatewaySnapshot) -> Text:
    engine = now.orders.engine
    return Text.assemble(
        ("orders  ", "dim"),
        f"{engine.placed:,} placed · {engine.open_orders} open · {engine.fills:,} fills · ",
        f"{engine.filled:,} filled · {engine.cancelled:,} cancelled · ",
        f"{engine.denied + engine.rejected:,} refused",
        f" · {engine.dry_runs:,} dry" if engine.dry_runs else "",
    )


def _edges(graph: Graph, now: GatewaySnapshot, target: str) -> tuple[int, int]:
    """Events lost and waiting on the edges to a node."""
    own = [now.edges[edge.id] for edge in graph.index.edges_to(target)]
    return sum(e.dropped + e.conflated for e in own), sum(e.waiting for e in own)


def _state(state: str) -> Text:
    colors: Mapping[str, str] = {"running": "green", "failed": "red bold", "restarting": "yellow"}
    return Text(state, colors.get(state, "dim"))


def _latency(graph: Graph, seconds: float) -> tuple[str, str]:
    """How long events take, red where that is over the budget."""
    budget = graph.latency_budget
    over = budget is not None and seconds > budget.seconds
    shown = f"{seconds * 1e6:,.0f} µs" if seconds < 0.01 else f"{seconds * 1e3:,.0f} ms"
    return (f"  {shown}, over the budget", "red") if over else (f"  {shown}", "dim")


def _lost(count: int) -> Text:
    return Text(_count(count), "yellow" if count else "dim")


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _lag(seconds: float) -> str:
    return f"{seconds * 1e3:,.0f} ms" if seconds >= 0.001 else "0"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{rest:02}s" if minutes else f"{rest}s"
