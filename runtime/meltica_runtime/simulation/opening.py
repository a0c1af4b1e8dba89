"""Opens what a simulation consists of: strategies on virtual time, and the sessions they trade through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from msgspec.structs import replace

from meltica_compiler.adapters.paper import PAPER_DEFAULTS
from meltica_compiler.graph.graph import Graph, ProviderNode, StrategyNode
from meltica_compiler.records.inbox_geometry import inbox_geometry
from meltica_runtime.dataplane.market_batch import MarketCodes
from meltica_runtime.dataplane.plane import DataPlane
from meltica_runtime.instance_names import slug
from meltica_runtime.simulation.trader import SimulatedTrader
from meltica_runtime.simulation.trading import SessionSettings, SimulatedTrading
from meltica_runtime.simulation.virtual import BETWEEN, SimulatedVenue, VirtualClock
from meltica_runtime.strategies.cold_events import instrument_event
from meltica_runtime.strategies.isolate import IsolateEnv
from meltica_runtime.venues.paper.opening import instruments, paper_venue


@dataclass(frozen=True, slots=True)
class StartState:
    """When strategies begin to live, and from which randomness."""

    start_us: float
    seed: int


OpenVenue = Callable[[str, SimulatedVenue], SimulatedVenue]
"""What stands before a provider's paper venue."""


def open_trading(
    plane: DataPlane,
    start: StartState,
    drain_events: int,
    settings: SessionSettings,
    open_venue: OpenVenue = lambda _provider, venue: venue,
) -> list[SimulatedTrading]:
    """All strategies of a graph, to be entered. `drain_events` is the most events of one drain.

    Strategies that can reach each other are in one `SimulatedTrading`: those of one provider, whose paper
    account they share as they do live, and all that trade where something concerns the whole gateway. All
    others have one of their own: nothing that one does is seen by another, so that it does not matter how far
    each has been drained.
    """
    opened = []
    for nodes in _joined(plane.graph, settings):
        clock = VirtualClock(start.start_us)
        traders = [_trader(plane, node, start, clock, drain_events) for node in nodes]
        providers = dict.fromkeys(node.trade_on for node in nodes if node.trade_on is not None)
        venues = {name: open_venue(name, _paper_venue(plane.graph, name)) for name in providers}
        for trader in traders:
            _introduce_instruments(plane.graph, trader, start.start_us)
        trading = SimulatedTrading(traders, venues, clock, settings)
        trading.tell_balances(start.start_us)
        opened.append(trading)
    return opened


def _joined(graph: Graph, settings: SessionSettings) -> Iterator[list[StrategyNode]]:
    """Strategies that can reach each other, in the graph's order."""
    joined: dict[str, list[StrategyNode]] = {}
    for node in graph.strategies:
        if node.trade_on is None:
            yield [node]
        else:
            joined.setdefault("" if settings.joins_all else node.trade_on, []).append(node)
    yield from joined.values()


def _trader(
    plane: DataPlane, node: StrategyNode, start: StartState, clock: VirtualClock, drain_events: int
) -> SimulatedTrader:
    graph = plane.graph
    edges = graph.index.edges_into(node.id)
    env = IsolateEnv(
        symbols=graph.symbols,
        providers=tuple(p.name for p in graph.providers),
        order_prefix=slug(node.name),
        start_us=start.start_us,
        seed=start.seed,
    )
    rings = tuple(plane.edges[edge.id] for edge in edges)
    return SimulatedTrader(node, inbox_geometry(edges), rings, env, clock, drain_events)


def _introduce_instruments(graph: Graph, trader: SimulatedTrader, start_us: float) -> None:
    """Tells a strategy the trading rules of what it may trade, before anything else."""
    node = trader.node
    if node.trade_on is None:
        return
    for instrument in instruments(_on_paper(graph, node.trade_on)):
        if instrument.symbol in node.trade_symbols:
            trader.deliver(instrument_event(node.trade_on, instrument, start_us, BETWEEN))


def _paper_venue(graph: Graph, provider: str) -> SimulatedVenue:
    venue = paper_venue(_on_paper(graph, provider), codes_of(graph)[provider])
    assert venue is not None, "a strategy trades there"
    return venue


def _on_paper(graph: Graph, provider: str) -> ProviderNode:
    """A provider as the paper venue takes it: settings of its own that are about a real venue stay unread."""
    node = graph.index.providers[provider]
    return replace(node, settings={**PAPER_DEFAULTS, **node.settings})


def codes_of(graph: Graph) -> Mapping[str, MarketCodes]:
    """The codes of each provider and its symbols, by its name."""
    symbols = {symbol: code for code, symbol in enumerate(graph.symbols)}
    return MappingProxyType(
        {
            node.name: MarketCodes(number, {symbol: symbols[symbol] for symbol in node.symbols})
            for number, node in enumerate(graph.providers)
        }
    )
