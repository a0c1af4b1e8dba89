"""What lives through every change of the graph, and the nodes that run now."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import partial

from meltica_compiler.graph.graph import Graph, ProviderNode, StrategyNode
from meltica_runtime.clock import Microseconds
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.plane import build_data_plane
from meltica_runtime.execution.deliveries import Deliveries
from meltica_runtime.execution.engine import ExecutionEngine
from meltica_runtime.execution.paper_accounts import close_former_accounts
from meltica_runtime.execution.router import OrderRouter
from meltica_runtime.money import ZERO, subtract
from meltica_runtime.orders.lifecycle import Order
from meltica_runtime.orders.order import VenueReport
from meltica_runtime.store.catalog import store_catalog
from meltica_runtime.store.halts import Halt, engaged_halts, release_halts
from meltica_runtime.store.leases import Leases
from meltica_runtime.store.order_store import OrderStore
from meltica_runtime.store.pool import Database
from meltica_runtime.store.rows import StoredPosition
from meltica_runtime.store.write_log import PostgresWriteLog
from meltica_runtime.strategies.cold_events import instrument_event
from meltica_runtime.strategies.fault import StrategyFault
from meltica_runtime.strategies.instance import InstanceCallbacks
from meltica_runtime.strategies.isolate import Effect
from meltica_runtime.topology import gateway_log
from meltica_runtime.topology.build import ReaderNode, Topology, TopologyBuilder
from meltica_runtime.topology.node_tasks import NodeTask, NodeTasks
from meltica_runtime.topology.options import GatewayOptions
from meltica_runtime.venues.live_provider import LiveProvider, ProviderState

_log = logging.getLogger("meltica")


@dataclass(frozen=True, slots=True)
class RecoveredState:
    """What others have left of instances: orders that are open, all that was ever held, engaged kill
    switches."""

    orders: tuple[Order, ...] = ()
    positions: tuple[StoredPosition, ...] = ()
    halts: tuple[Halt, ...] = ()

    def of(self, instances: Collection[str]) -> RecoveredState:
        """What there is of these instances."""
        return RecoveredState(
            tuple(order for order in self.orders if order.request.instance in instances),
            tuple(position for position in self.positions if position.instance in instances),
            tuple(halt for halt in self.halts if halt.instance in instances),
        )


class GatewayState:
    """The execution engine with its router and store, the one order of events, and `topology`, which a reload
    exchanges."""

    def __init__(
        self, graph: Graph, database: Database, options: GatewayOptions, clock: Microseconds
    ) -> None:
        self.database = database
        self.orders = OrderStore(database)
        self._options = options
        self.ingest = Ingest(clock)
        plane = build_data_plane(graph, self.ingest)
        callbacks = InstanceCallbacks(self._act, gateway_log.log_line, self._note_fault)
        self.builder = TopologyBuilder(
            options, database, self.ingest.now_us, self.run_pump, self._report, callbacks
        )
        self.topology: Topology = self.builder.build(plane)
        self._write_log = write_log = PostgresWriteLog(database)
        engine = ExecutionEngine(options.engine)
        self.deliveries = Deliveries(engine.accounts, self.ingest.next_seq, self.run_pump)
        self.router = OrderRouter(
            engine,
            write_log,
            {name: one.venue for name, one in self.topology.providers.items() if one.venue is not None},
            self.deliveries.deliver,
            gateway_log.log_order_fault,
            self.ingest.now_us,
            options.router,
        )
        self.register(graph.strategies)
        self.deliveries.use(self.topology.strategies)

    def register(self, nodes: Iterable[StrategyNode]) -> None:
        """Lets those that trade place orders, within the limits that the graph gives them."""
        for node in nodes:
            if node.trade_on is not None:
                markets = [(node.trade_on, symbol) for symbol in node.trade_symbols]
                self.router.register(node.name, node.risk, markets, dry_run=node.dry_run)

    async def recover(self, leases: Leases) -> None:
        """Takes up what an earlier run left: positions, and orders that are still open somewhere. Those of
        an instance that another gateway runs are its business. What was on paper is closed: its account
        begins anew."""
        await store_catalog(self.database, self.topology.graph)
        await self._release_halts()
        orders = await self.orders.open_orders()
        own = self.topology.strategies.keys()
        ours = own | await leases.take({order.request.instance for order in orders} - own)
        orders = tuple(order for order in orders if order.request.instance in ours)
        await close_former_accounts(self.orders, self._write_log, orders, ours, self.ingest.now_us())
        # Read again, without what is closed now. Positions and halts of all: the gateway's limits count them.
        recovered = await self._read_recovered()
        self.resume(replace(recovered, orders=recovered.of(ours).orders))
        for halt in recovered.halts:
            if halt.instance is None or halt.instance in own:
                gateway_log.log_halt(halt)

    async def recovered_of(self, instances: Collection[str]) -> RecoveredState:
        """What another gateway that ran these instances meanwhile has left of them."""
        return (await self._read_recovered()).of(instances) if instances else RecoveredState()

    async def _read_recovered(self) -> RecoveredState:
        """What lives on in accounts that live on. A name that is on paper now may have been another's."""
        paper = self.router.engine.on_paper
        orders = await self.orders.open_orders()
        positions = await self.orders.positions()
        return RecoveredState(
            tuple(o for o in orders if not o.on_paper and o.request.provider not in paper),
            tuple(p for p in positions if p.provider not in paper),
            tuple(await engaged_halts(self.database)),
        )

    def resume(self, recovered: RecoveredState) -> None:
        """Goes on from there; what is known already is not counted twice."""
        accounts = self.router.engine.accounts
        known = {(p.instance, p.provider, p.symbol): p.net for p in accounts.positions()}
        for position in recovered.positions:
            market = (position.provider, position.symbol)
            change = subtract(position.quantity, known.get((position.instance, *market), ZERO))
            accounts.restore_position(position.instance, market, change, position.last_price)
        for halt in recovered.halts:
            accounts.restore_halt(halt.instance, halt.reason)
        self.router.restore(
            o for o in recovered.orders if self.router.engine.order(o.client_order_id) is None
        )
        self.deliveries.follow_halts()

    async def _release_halts(self) -> None:
        """Releases what the options name, before anybody is told that it is engaged."""
        for instance in await release_halts(self.database, self._options.released):
            _log.warning("the kill switch of %s is released", instance or "the whole gateway")

    def start_readers(
        self, readers: NodeTasks, topology: Topology, nodes: Iterable[ReaderNode]
    ) -> dict[str, NodeTask]:
        """The tasks of strategies and sinks of a topology, by node id; they belong to no graph yet."""
        return {node.id: readers.start(topology.reader(node).run) for node in nodes}

    def start_providers(self, writers: NodeTasks, nodes: Iterable[ProviderNode]) -> None:
        for node in nodes:
            writers.spawn(node.id, partial(self._run_provider, node, self.topology.providers[node.name]))

    async def _run_provider(self, node: ProviderNode, provider: LiveProvider) -> None:
        """Runs a provider, and says so in the log if it fails."""
        await provider.run()
        ended = provider.statistics()
        if ended.state is ProviderState.FAILED:
            # It may stand in another line now.
            now = next((one for one in self.topology.graph.providers if one.name == node.name), node)
            gateway_log.log_provider_failed(now, ended.error)

    def introduce_instruments(self, nodes: Iterable[StrategyNode]) -> None:
        """Tells strategies the trading rules of what they may trade, before anything else."""
        for node in nodes:
            if node.trade_on is None:
                continue
            strategy = self.topology.strategies[node.name]
            for instrument in self.topology.providers[node.trade_on].instruments:
                if instrument.symbol in node.trade_symbols:
                    seq = self.ingest.next_seq()
                    strategy.deliver(instrument_event(node.trade_on, instrument, self.ingest.now_us(), seq))

    def run_pump(self) -> None:
        self.topology.pump.run()

    def _act(self, node: StrategyNode, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            self.router.act(node.name, effect)

    def _report(self, report: VenueReport) -> None:
        self.router.on_report(report)

    def _note_fault(self, node: StrategyNode, fault: StrategyFault, again: bool) -> None:
        """Of one that is only tried, whoever tries it will tell."""
        running = self.topology.strategies.get(node.name)
        if running is not None and running.node is node:
            gateway_log.log_fault(node, fault, again=again)
