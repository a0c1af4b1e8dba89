"""The gateway: builds a graph's nodes inert, wires them, starts them in reverse flow order, and stops them
in flow order."""

from __future__ import annotations

import gc
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
from anyio.abc import TaskGroup

from meltica_compiler.graph import Graph, ProviderNode, StrategyNode
from meltica_compiler.inbox.geometry import inbox_geometry
from meltica_dsl.values import Duration
from meltica_runtime.data_plane import build_data_plane
from meltica_runtime.gateway.clock import Microseconds, monotonic_s, wall_clock_us
from meltica_runtime.gateway.desk_hand import DeskHand
from meltica_runtime.gateway.outbox_keeper import KeptJournal, OutboxKeeper
from meltica_runtime.gateway.snapshot import GatewaySnapshot, Phase
from meltica_runtime.orders.desk import DeskLimits, OrderDesk
from meltica_runtime.orders.order import VenueReport
from meltica_runtime.orders.router import OrderRouter
from meltica_runtime.orders.router_records import Fault, RouterLimits, Stopped, fault_text
from meltica_runtime.providers.live import LiveProvider, ProviderContext, ProviderState
from meltica_runtime.providers.opening import open_provider
from meltica_runtime.sinks.opening import open_sink
from meltica_runtime.sinks.sink import SinkContext
from meltica_runtime.store.catalog import store_catalog
from meltica_runtime.store.halts import engaged_halts, release_halts
from meltica_runtime.store.journal import PostgresJournal
from meltica_runtime.store.leases import Leases, leased
from meltica_runtime.store.order_store import OrderStore
from meltica_runtime.store.outbox import Outbox
from meltica_runtime.store.pool import Database
from meltica_runtime.strategies.cold_events import instrument_event
from meltica_runtime.strategies.fault import StrategyFault
from meltica_runtime.strategies.instance import InstanceOutlets, StrategyInstance
from meltica_runtime.strategies.isolate import IsolateWorld, LogLine

TICK_SECONDS = 0.02
"""How often windows of stages are looked at while nothing arrives, and blocked routes get another try."""

COLLECT_SECONDS = 5.0
"""How often young garbage is collected. What was there at the start is frozen: to look at it would pause the
hot path for tens of milliseconds and find nothing."""

FULL_COLLECTION_TURNS = 60
"""Every so many turns all that came since the start is looked at, for cycles that grew old."""

SETTLE_SECONDS = 5.0
"""How long a stop waits for strategies and sinks to handle what has arrived."""

_log = logging.getLogger("meltica")


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """`seed` replaces the seed of every fake provider and of `Math.random`; None leaves the file's.
    `retention` is how long events stay in the outbox after they were delivered. `released` are instances
    whose kill switches, if an earlier run left them engaged, are released at the start."""

    project_root: Path
    seed: int | None = None
    router: RouterLimits = field(default_factory=RouterLimits)
    desk: DeskLimits = field(default_factory=DeskLimits)
    retention: Duration = field(default_factory=lambda: Duration(7 * 86_400 * 10**9))
    released: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Farewell:
    """What a stopped gateway leaves behind. `unhandled` events were still on their way to a reader."""

    events: int
    unhandled: int
    orders: Stopped


class Gateway:
    """`serve` it once. `snapshot` may be called at any time."""

    def __init__(
        self,
        graph: Graph,
        database: Database,
        options: GatewayOptions,
        clock: Microseconds = wall_clock_us,
    ) -> None:
        self.graph = graph
        self.database = database
        self.orders = OrderStore(database)
        self._options = options
        self._clock = clock
        self._phase = Phase.STARTING
        self._began = monotonic_s()
        self._stop_requested = anyio.Event()
        self._build()

    # --- building, inert -----------------------------------------------------------------------

    def _build(self) -> None:
        self.plane = build_data_plane(self.graph)
        self._hand = DeskHand(self.plane.sequencer, self._run_pump)
        self.providers = {node.name: self._provider(node.name) for node in self.graph.providers}
        self.strategies = {node.name: self._strategy(node) for node in self.graph.strategies}
        context = SinkContext(
            symbols=self.graph.symbols,
            providers=tuple(node.name for node in self.graph.providers),
            project=self._options.project_root,
            clock=monotonic_s,
        )
        self.sinks = {
            node.name: open_sink(node, self.plane.edges_of(node.name), context) for node in self.graph.sinks
        }
        journal = KeptJournal(PostgresJournal(self.database))
        retention_us = self._options.retention.us
        self._keeper = OutboxKeeper(Outbox(self.database), journal, retention_us, self._clock)
        self.router = OrderRouter(
            self._desk(),
            journal,
            {name: p.venue for name, p in self.providers.items() if p.venue is not None},
            self._hand.deliver,
            self._note_order_fault,
            self._clock,
            self._options.router,
        )
        wakes: dict[str, Callable[[float], None]] = {n: s.wake for n, s in self.strategies.items()}
        wakes.update({name: sink.wake for name, sink in self.sinks.items()})
        self.pump = self.plane.pump(wakes)
        self._hand.wire(self.strategies, self.router)

    def _provider(self, name: str) -> LiveProvider:
        number = [node.name for node in self.graph.providers].index(name)
        context = ProviderContext(
            code=number,
            symbols={symbol: code for code, symbol in enumerate(self.graph.symbols)},
            rings=self.plane.ingresses[name],
            sequencer=self.plane.sequencer,
            pump=self._run_pump,
            report=self._report,
            clock=self._clock,
            seed=self._options.seed,
            project_root=self._options.project_root,
        )
        return open_provider(self.graph.providers[number], context)

    def _strategy(self, node: StrategyNode) -> StrategyInstance:
        edges = [edge for edge in self.graph.edges if edge.target == node.name]
        run = _base36(int(self._clock() / 1_000))

        def world(start: int) -> IsolateWorld:
            return IsolateWorld(
                symbols=self.graph.symbols,
                providers=tuple(provider.name for provider in self.graph.providers),
                order_prefix=f"{node.name}-{run}-{start}",
                start_us=self._clock(),
                seed=self._options.seed or 0,
            )

        outlets = InstanceOutlets(self._hand.act, self._note_log, self._note_fault)
        rings = tuple(self.plane.edges[edge.id] for edge in edges)
        return StrategyInstance(node, inbox_geometry(edges), rings, world, outlets, monotonic_s)

    def _desk(self) -> OrderDesk:
        desk = OrderDesk(self._options.desk)
        for node in self.graph.strategies:
            if node.trade_on is not None:
                markets = [(node.trade_on, symbol) for symbol in node.trade_symbols]
                desk.accounts.enroll(node.name, node.risk, markets, self._clock(), dry_run=node.dry_run)
        return desk

    # --- running -------------------------------------------------------------------------------

    async def serve(self, *, ready: Callable[[], None] = lambda: None) -> Farewell:
        """Runs until `stop`. `ready` is called once events flow.

        Raises `InstanceInUse` if another gateway runs one of its strategies on the same database, and
        `DatabaseUnreachable` if the store is lost while starting; afterwards the order router holds orders
        back until it is there again.
        """
        async with leased(self.database, self.strategies) as leases:
            await self._recover(leases)
            return await self._serve(ready)

    async def _serve(self, ready: Callable[[], None]) -> Farewell:
        async with anyio.create_task_group() as background:
            await background.start(self.router.run)
            background.start_soon(self._keeper.run)
            await self._recovered_or_stopped()
            async with anyio.create_task_group() as readers, _quiet_garbage_collector():
                self._start_readers(readers)
                async with anyio.create_task_group() as writers:
                    await self._start_writers(writers)
                    self._phase = Phase.RUNNING
                    ready()
                    await self._stop_requested.wait()
                    self._phase = Phase.STOPPING
                    writers.cancel_scope.cancel()
                await self._settle()
                dropped = self._dropped
                readers.cancel_scope.deadline = anyio.current_time() + SETTLE_SECONDS
                for strategy in self.strategies.values():
                    strategy.stop()
                for sink in self.sinks.values():
                    sink.stop()
            # A reader that was cut short lets go of its edge, which then drops what waits in it.
            unhandled = self._dropped - dropped + self._waiting
            stopped = await self.router.stop()
            await self._keeper.finish()
            background.cancel_scope.cancel()
        self._phase = Phase.STOPPED
        return Farewell(self.plane.sequencer.last, unhandled, stopped)

    def stop(self) -> None:
        """Asks `serve` to stop in order."""
        self._stop_requested.set()

    @property
    def events(self) -> int:
        """How many events there were."""
        return self.plane.sequencer.last

    def snapshot(self) -> GatewaySnapshot:
        return GatewaySnapshot(
            phase=self._phase,
            uptime_s=monotonic_s() - self._began,
            events=self.plane.sequencer.last,
            providers={name: node.statistics() for name, node in self.providers.items()},
            routes={name: flow.statistics() for name, flow in self.plane.flows.items()},
            edges={name: edge.statistics() for name, edge in self.plane.edges.items()},
            strategies={name: node.statistics() for name, node in self.strategies.items()},
            sinks={name: node.statistics() for name, node in self.sinks.items()},
            orders=self.router.statistics(),
        )

    async def _recover(self, leases: Leases) -> None:
        """Takes up what an earlier run left: positions, and orders that are still open somewhere. Those of
        an instance that another gateway runs are its business."""
        await store_catalog(self.database, self.graph)
        await self._keeper.begin()
        for position in await self.orders.positions():
            market = (position.provider, position.symbol)
            self.router.desk.accounts.restore_position(
                position.instance, market, position.quantity, position.last_price
            )
        await self._take_up_halts()
        left = await self.orders.open_orders()
        ours = await leases.take({order.request.instance for order in left} - self.strategies.keys())
        ours |= self.strategies.keys()
        self.router.restore(order for order in left if order.request.instance in ours)

    async def _take_up_halts(self) -> None:
        for instance in await release_halts(self.database, self._options.released):
            _log.warning("the kill switch of %s is released", instance)
        for halt in await engaged_halts(self.database):
            self.router.desk.accounts.restore_halt(halt.instance, halt.reason)
            if halt.instance in self.strategies:
                words = (
                    "%s does not trade: its kill switch is engaged (%s); `--release %s` lets it trade again"
                )
                _log.warning(words, halt.instance, halt.reason, halt.instance)
        self._hand.follow_halts()

    async def _recovered_or_stopped(self) -> None:
        """A venue that does not answer must not keep a gateway from being stopped."""
        async with anyio.create_task_group() as tasks:

            async def end_with_stop() -> None:
                await self._stop_requested.wait()
                tasks.cancel_scope.cancel()

            tasks.start_soon(end_with_stop)
            await self.router.recovered()
            tasks.cancel_scope.cancel()

    @property
    def _dropped(self) -> int:
        return sum(edge.statistics().dropped for edge in self.plane.edges.values())

    @property
    def _waiting(self) -> int:
        """Events on their way into the edges, and in them."""
        waiting = sum(edge.statistics().waiting for edge in self.plane.edges.values())
        return waiting + sum(flow.backlog for flow in self.plane.flows.values())

    def _start_readers(self, tasks: TaskGroup) -> None:
        for sink in self.sinks.values():
            tasks.start_soon(sink.run)
        for strategy in self.strategies.values():
            tasks.start_soon(strategy.run)

    async def _start_writers(self, tasks: TaskGroup) -> None:
        for strategy in self.strategies.values():
            await strategy.started.wait()
        self._introduce_instruments()
        tasks.start_soon(self._tick)
        for node in self.graph.providers:
            tasks.start_soon(self._play, node)

    async def _play(self, node: ProviderNode) -> None:
        provider = self.providers[node.name]
        await provider.run()
        played = provider.statistics()
        if played.state is ProviderState.FAILED:
            place = {"node": node.id, "place": str(node.location)}
            _log.error(
                "provider %s failed, and sends no more events: %s", node.name, played.error, extra=place
            )

    def _introduce_instruments(self) -> None:
        """Tells each strategy the trading rules of what it may trade, before anything else."""
        for strategy in self.strategies.values():
            node = strategy.node
            if node.trade_on is None:
                continue
            for instrument in self.providers[node.trade_on].instruments:
                if instrument.symbol in node.trade_symbols:
                    seq = self.plane.sequencer.take(1)
                    strategy.deliver(instrument_event(node.trade_on, instrument, self._clock(), seq))

    def _run_pump(self) -> None:
        self.pump.run()

    def _report(self, report: VenueReport) -> None:
        self.router.on_report(report)

    async def _tick(self) -> None:
        while True:
            await anyio.sleep(TICK_SECONDS)
            self.pump.tick(self._clock())

    async def _settle(self) -> None:
        """Brings what has arrived into the edges, within a limit: a blocking edge waits for its reader."""
        with anyio.move_on_after(SETTLE_SECONDS):
            self.pump.run()
            while not self.pump.is_idle:
                await anyio.sleep(TICK_SECONDS)
                # What waits outside a conflating edge moves in with a tick.
                self.pump.tick(self._clock())

    # --- what is noted ---------------------------------------------------------------------------

    def _note_log(self, node: StrategyNode, line: LogLine) -> None:
        _log.info("%s", line.text, extra={"node": node.id, "place": str(node.location)})

    def _note_fault(self, node: StrategyNode, fault: StrategyFault, again: bool) -> None:
        what = "starts again" if again else "stays down: it has used up its restarts"
        place = {"node": node.id, "place": str(node.location)}
        _log.error("failed at %s; it %s", fault, what, extra=place)

    def _note_order_fault(self, fault: Fault) -> None:
        _log.error("orders: %s", fault_text(fault))


@asynccontextmanager
async def _quiet_garbage_collector() -> AsyncIterator[None]:
    """Keeps the collector off the hot path: what is alive now is never looked at again, and new garbage is
    collected at fixed times, young generations only."""
    gc.collect()
    gc.freeze()
    gc.disable()

    async def collect() -> None:
        turns = 0
        while True:
            await anyio.sleep(COLLECT_SECONDS)
            turns += 1
            gc.collect(2 if turns % FULL_COLLECTION_TURNS == 0 else 1)

    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(collect)
            yield
            tasks.cancel_scope.cancel()
    finally:
        gc.enable()
        gc.unfreeze()


def _base36(number: int) -> str:
    """Short and sortable for as long as its length stays the same: until the year 5188 for milliseconds."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = digits[digit] + text
    return text or "0"
