"""The nodes of one graph, and how they are made: inert, each with what it needs of the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from meltica_compiler.graph.graph import Graph, ProviderNode, SinkNode, StrategyNode
from meltica_compiler.plan.plan import Plan
from meltica_compiler.records.inbox_geometry import inbox_geometry
from meltica_runtime.clock import Microseconds, monotonic_s
from meltica_runtime.dataplane.plane import DataPlane
from meltica_runtime.dataplane.pump import Pump
from meltica_runtime.instance_names import slug
from meltica_runtime.orders.order import VenueReport
from meltica_runtime.sinks.opening import open_sink
from meltica_runtime.sinks.sink import Sink, SinkContext
from meltica_runtime.store.pool import Database
from meltica_runtime.strategies.instance import InstanceCallbacks, StrategyInstance
from meltica_runtime.strategies.isolate import IsolateEnv
from meltica_runtime.strategies.latency import LatencyMeter
from meltica_runtime.topology.options import GatewayOptions
from meltica_runtime.venues.adapters import ADAPTERS
from meltica_runtime.venues.live_provider import LiveProvider, ProviderContext

ReaderNode = StrategyNode | SinkNode


def reader_nodes(graph: Graph) -> tuple[ReaderNode, ...]:
    """What stands at the end of the flow."""
    return (*graph.sinks, *graph.strategies)


@dataclass(frozen=True, slots=True)
class Nodes:
    """What runs, or may run, by name."""

    providers: Mapping[str, LiveProvider] = field(default_factory=dict)
    strategies: Mapping[str, StrategyInstance] = field(default_factory=dict)
    sinks: Mapping[str, Sink] = field(default_factory=dict)


@dataclass(frozen=True)
class Topology:
    """The nodes of `graph`, wired to each other by `plane` and `pump`."""

    graph: Graph
    plane: DataPlane
    nodes: Nodes
    pump: Pump

    @property
    def providers(self) -> Mapping[str, LiveProvider]:
        return self.nodes.providers

    @property
    def strategies(self) -> Mapping[str, StrategyInstance]:
        return self.nodes.strategies

    @property
    def sinks(self) -> Mapping[str, Sink]:
        return self.nodes.sinks

    def reader(self, node: ReaderNode) -> StrategyInstance | Sink:
        return self.strategies[node.name] if isinstance(node, StrategyNode) else self.sinks[node.name]

    def nodes_that_stay(self, plan: Plan) -> Nodes:
        """Those that run on under the plan's new graph."""
        return Nodes(
            {n.name: self.providers[n.name] for n in self.graph.providers if plan.action(n.id).stays},
            {n.name: self.strategies[n.name] for n in self.graph.strategies if plan.action(n.id).stays},
            {n.name: self.sinks[n.name] for n in self.graph.sinks if plan.action(n.id).stays},
        )


@dataclass(frozen=True, slots=True)
class TopologyBuilder:
    """Makes nodes. `pump` is called by providers when they have written, `report` with what venues say, and
    `callbacks` say where the doings of strategies go."""

    options: GatewayOptions
    database: Database
    now_us: Microseconds
    pump: Callable[[], None]
    report: Callable[[VenueReport], None]
    callbacks: InstanceCallbacks

    def build(self, plane: DataPlane, reuse: Nodes | None = None) -> Topology:
        """The nodes of the plane's graph. What `reuse` has is taken from there, the others are made anew;
        nothing runs yet, and what is taken notices nothing."""
        graph, kept = plane.graph, reuse or Nodes()
        nodes = Nodes(
            {n.name: kept.providers.get(n.name) or self._provider(n, plane) for n in graph.providers},
            {n.name: kept.strategies.get(n.name) or self._strategy(n, plane) for n in graph.strategies},
            {n.name: kept.sinks.get(n.name) or self._sink(n, plane) for n in graph.sinks},
        )
        wakes: dict[str, Callable[[float], None]] = {n: one.wake for n, one in nodes.strategies.items()}
        wakes |= {n: one.wake for n, one in nodes.sinks.items()}
        return Topology(graph, plane, nodes, plane.pump(wakes))

    def _provider(self, node: ProviderNode, plane: DataPlane) -> LiveProvider:
        context = ProviderContext(
            code=plane.codes.providers.index(node.name),
            symbols={symbol: code for code, symbol in enumerate(plane.codes.symbols)},
            rings=plane.ingresses[node.name],
            ingest=plane.ingest,
            pump=self.pump,
            report=self.report,
            seed=self.options.seed,
            project_root=self.options.project_root,
        )
        return ADAPTERS[node.adapter].open(node, context)

    def _strategy(self, node: StrategyNode, plane: DataPlane) -> StrategyInstance:
        edges = plane.graph.index.edges_into(node.id)
        run = _base36(int(self.now_us() / 1_000))
        codes, now_us, seed = plane.codes, self.now_us, self.options.seed or 0

        def env(start: int) -> IsolateEnv:
            return IsolateEnv(
                symbols=codes.symbols,
                providers=codes.providers,
                order_prefix=f"{slug(node.name)}-{run}-{start}",
                start_us=now_us(),
                seed=seed,
            )

        rings = tuple(plane.edges[edge.id] for edge in edges)
        latency = LatencyMeter(rings, self.now_us)
        return StrategyInstance(node, inbox_geometry(edges), rings, env, self.callbacks, monotonic_s, latency)

    def _sink(self, node: SinkNode, plane: DataPlane) -> Sink:
        context = SinkContext(
            symbols=plane.codes.symbols,
            providers=plane.codes.providers,
            project=self.options.project_root,
            clock=monotonic_s,
            database=self.database,
        )
        return open_sink(node, plane.edges_of(node.name), context)


def _base36(number: int) -> str:
    """Short and sortable for as long as its length stays the same: until the year 5188 for milliseconds."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = digits[digit] + text
    return text or "0"
