"""Opens what a simulation consists of: strategies on virtual time, each with an account of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from msgspec.structs import replace

from meltica_compiler.adapters.paper import PAPER_DEFAULTS
from meltica_compiler.graph.graph import Graph, ProviderNode, StrategyNode
from meltica_compiler.records.inbox_geometry import inbox_geometry
from meltica_runtime.dataplane.market_batch import MarketCodes
from meltica_runtime.dataplane.plane import DataPlane
from meltica_runtime.instance_names import slug
from meltica_runtime.simulation.trader import SimulatedTrader, SimulatedVenue
from meltica_runtime.strategies.isolate import IsolateEnv
from meltica_runtime.venues.paper.opening import instruments, paper_venue
from meltica_runtime.venues.paper.venue import PaperVenue


@dataclass(frozen=True, slots=True)
class StartState:
    """When strategies begin to live, and from which randomness."""

    start_us: float
    seed: int


def open_trader(
    plane: DataPlane, node: StrategyNode, venue: SimulatedVenue | None, birth: StartState, drain_events: int
) -> SimulatedTrader:
    """A strategy, to be entered. `venue` is its account where it trades; `drain_events` is the most events
    of one drain."""
    graph = plane.graph
    edges = graph.index.edges_into(node.id)
    env = IsolateEnv(
        symbols=graph.symbols,
        providers=tuple(p.name for p in graph.providers),
        order_prefix=slug(node.name),
        start_us=birth.start_us,
        seed=birth.seed,
    )
    return SimulatedTrader(
        node,
        inbox_geometry(edges),
        tuple(plane.edges[edge.id] for edge in edges),
        env,
        venue,
        instruments(on_paper(graph.index.providers[node.trade_on])) if node.trade_on else (),
        drain_events,
    )


def account(graph: Graph, node: StrategyNode) -> PaperVenue | None:
    """The paper account of a strategy; None if it does not trade."""
    if node.trade_on is None:
        return None
    provider = graph.index.providers[node.trade_on]
    return paper_venue(on_paper(provider), codes_of(graph)[provider.name])


def on_paper(node: ProviderNode) -> ProviderNode:
    """A provider as the paper venue takes it: settings of its own that are about a real venue stay unread."""
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
