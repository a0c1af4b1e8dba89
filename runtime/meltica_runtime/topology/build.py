"""The nodes of one graph, and how they are made: inert, each with what it needs of the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Topology:
    """Nodes by name, wired to each other by `plane` and `pump`."""

    graph: Graph
    plane: DataPlane
    providers: Mapping[str, LiveProvider]
    strategies: Mapping[str, StrategyInstance]
    sinks: Mapping[str, Sink]
    pump: Pump


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

    def all_of(self, plane: DataPlane) -> Topology:
        """Every node of the plane's graph."""
        graph = plane.graph
        return _wired(
            plane,
            {node.name: self._provider(node, plane) for node in graph.providers},
            {node.name: self._strategy(node, plane) for node in graph.strategies},
            {node.name: self._sink(node, plane) for node in graph.sinks},
        )

    def beside(self, running: Topology, plane: DataPlane, plan: Plan) -> Topology:
        """The nodes of the plane's graph, those that run on among them."""
        graph = plane.graph

        def stays(id: str) -> bool:
            return plan.action(id).stays

        return _wired(
            plane,
            {
                node.name: running.providers[node.name] if stays(node.id) else self._provider(node, plane)
                for node in graph.providers
            },
            {
                node.name: running.strategies[node.name] if stays(node.id) else self._strategy(node, plane)
                for node in graph.strategies
            },
            {
                node.name: running.sinks[node.name] if stays(node.id) else self._sink(node, plane)
                for node in graph.sinks
            },
        )

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


def _wired(
    plane: DataPlane,
    providers: Mapping[str, LiveProvider],
    strategies: Mapping[str, StrategyInstance],
    sinks: Mapping[str, Sink],
) -> Topology:
    wakes: dict[str, Callable[[float], None]] = {name: one.wake for name, one in strategies.items()}
    wakes.update({name: sink.wake for name, sink in sinks.items()})
    return Topology(plane.graph, plane, providers, strategies, sinks, plane.pump(wakes))


def _base36(number: int) -> str:
    """Short and sortable for as long as its length stays the same: until the year 5188 for milliseconds."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = digits[digit] + text
    return text or "0"
