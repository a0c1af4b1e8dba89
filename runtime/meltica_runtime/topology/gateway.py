"""The gateway: a graph's nodes, started in reverse flow order, exchanged while they run, and stopped in flow
order.

Readers start before those who write to them, so that the first event finds a reader. They stop after them:
first nothing new comes in, then what has come in moves on, then strategies handle it and their orders are
stored. Any other order would drop events or orders that somebody still waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import anyio
from anyio.abc import TaskGroup

from meltica_compiler.graph.graph import Graph
from meltica_runtime.clock import Microseconds, monotonic_s, wall_clock_us
from meltica_runtime.dataplane.plane import DataPlane
from meltica_runtime.execution.router import OrderRouter, Stopped
from meltica_runtime.sinks.sink import Sink
from meltica_runtime.store.leases import Leases, leased
from meltica_runtime.store.order_store import OrderStore
from meltica_runtime.store.pool import Database
from meltica_runtime.strategies.instance import StrategyInstance
from meltica_runtime.topology.build import reader_nodes
from meltica_runtime.topology.garbage_collection import quiet_garbage_collector
from meltica_runtime.topology.gateway_log import log_slow
from meltica_runtime.topology.gateway_state import GatewayState
from meltica_runtime.topology.latency_watch import LatencyWatch
from meltica_runtime.topology.node_tasks import NodeTasks, RunningTasks
from meltica_runtime.topology.options import GatewayOptions
from meltica_runtime.topology.reload import Reload, Reloaded, ReloadRefused
from meltica_runtime.topology.snapshot import GatewaySnapshot, Phase
from meltica_runtime.venues.live_provider import LiveProvider, ProviderState

__all__ = ["Gateway", "GatewayOptions", "ShutdownReport"]

TICK_SECONDS = 0.02
"""How often windows of stages are looked at while nothing arrives, and blocked routes get another try."""

SETTLE_SECONDS = 5.0
"""How long a stop waits for strategies and sinks to handle what has arrived."""


@dataclass(frozen=True, slots=True)
class ShutdownReport:
    """What a stopped gateway leaves behind. `unhandled` events were still on their way to a reader, and
    `failed` providers had ended before their time."""

    events: int
    unhandled: int
    orders: Stopped
    failed: tuple[str, ...] = ()


class Gateway:
    """`serve` it once. `snapshot` may be called at any time, `apply` while it runs."""

    def __init__(
        self,
        graph: Graph,
        database: Database,
        options: GatewayOptions,
        clock: Microseconds = wall_clock_us,
    ) -> None:
        self._state = GatewayState(graph, database, options, clock)
        self._phase = Phase.STARTING
        self._began = monotonic_s()
        self._stop_requested = anyio.Event()
        self._running: RunningTasks | None = None

    @property
    def graph(self) -> Graph:
        return self._state.topology.graph

    @property
    def plane(self) -> DataPlane:
        return self._state.topology.plane

    @property
    def providers(self) -> Mapping[str, LiveProvider]:
        return self._state.topology.providers

    @property
    def strategies(self) -> Mapping[str, StrategyInstance]:
        return self._state.topology.strategies

    @property
    def sinks(self) -> Mapping[str, Sink]:
        return self._state.topology.sinks

    @property
    def router(self) -> OrderRouter:
        return self._state.router

    @property
    def database(self) -> Database:
        return self._state.database

    @property
    def orders(self) -> OrderStore:
        return self._state.orders

    @property
    def events(self) -> int:
        """How many events there were."""
        return self._state.ingest.last_seq

    def snapshot(self) -> GatewaySnapshot:
        return GatewaySnapshot(
            phase=self._phase,
            uptime_s=monotonic_s() - self._began,
            events=self.events,
            providers={name: node.statistics() for name, node in self.providers.items()},
            routes={name: flow.statistics() for name, flow in self.plane.flows.items()},
            edges={name: edge.statistics() for name, edge in self.plane.edges.items()},
            strategies={name: node.statistics() for name, node in self.strategies.items()},
            sinks={name: node.statistics() for name, node in self.sinks.items()},
            orders=self.router.statistics(),
        )

    async def serve(self, *, ready: Callable[[], None] = lambda: None) -> ShutdownReport:
        """Runs until `stop`. `ready` is called once events flow.

        Raises `InstanceInUse` if another gateway runs one of its strategies on the same database, and
        `DatabaseUnreachable` if the store is lost while starting; afterwards the order router holds orders
        back until it is there again.
        """
        async with leased(self.database, self.strategies) as leases:
            await self._state.recover(leases)
            return await self._serve(leases, ready)

    async def _serve(self, leases: Leases, ready: Callable[[], None]) -> ShutdownReport:
        async with anyio.create_task_group() as background:
            await background.start(self.router.run)
            await self._recovered_or_stopped()
            async with anyio.create_task_group() as reading, quiet_garbage_collector():
                readers = NodeTasks(reading)
                self._start_readers(readers)
                async with anyio.create_task_group() as writing:
                    writers = NodeTasks(writing)
                    await self._start_writers(writers)
                    self._running = RunningTasks(leases, readers, writers)
                    self._phase = Phase.RUNNING
                    ready()
                    await self._stop_requested.wait()
                    self._phase = Phase.STOPPING
                    writing.cancel_scope.cancel()
                await self._settle()
                dropped = self._dropped
                self._stop_readers(reading)
            # A reader that was cut short lets go of its edge, which then drops what waits in it.
            unhandled = self._dropped - dropped + self._waiting
            stopped = await self.router.stop()
            background.cancel_scope.cancel()
        self._phase = Phase.STOPPED
        providers = self.providers.items()
        failed = tuple(name for name, one in providers if one.statistics().state is ProviderState.FAILED)
        return ShutdownReport(self.events, unhandled, stopped, failed)

    def stop(self) -> None:
        """Asks `serve` to stop in order."""
        self._stop_requested.set()

    async def apply(self, graph: Graph, against: str) -> Reloaded:
        """Puts `graph` in the place of the running one, whose hash is `against`.

        Raises `ReloadRefused` and `ReloadFailed`; everything is then as it was. A caller that is cancelled
        leaves the reload going to its end.
        """
        if self._running is None or self._phase is not Phase.RUNNING:
            raise ReloadRefused("the gateway does not run", "try again once it does")
        reload = Reload(self._state, self._running, graph, against)
        self._running.writers.group.start_soon(reload.run)
        return await reload.outcome()

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
        # What waits in a ring between routes is the backlog of the one behind it.
        edges = (self.plane.edges[edge.id] for edge in self.graph.edges)
        waiting = sum(edge.statistics().waiting for edge in edges)
        return waiting + sum(flow.backlog for flow in self.plane.flows.values())

    def _start_readers(self, readers: NodeTasks) -> None:
        started = self._state.start_readers(readers, self._state.topology, reader_nodes(self.graph))
        readers.tasks.update(started)

    async def _start_writers(self, writers: NodeTasks) -> None:
        for strategy in self.strategies.values():
            await strategy.started.wait()
        self._state.introduce_instruments(self.graph.strategies)
        writers.group.start_soon(self._tick)
        self._state.start_providers(writers, self.graph.providers)

    def _stop_readers(self, reading: TaskGroup) -> None:
        reading.cancel_scope.deadline = anyio.current_time() + SETTLE_SECONDS
        for strategy in self.strategies.values():
            strategy.stop()
        for sink in self.sinks.values():
            sink.stop()

    async def _tick(self) -> None:
        watch = LatencyWatch(log_slow)
        while True:
            await anyio.sleep(TICK_SECONDS)
            self._state.topology.pump.tick(self._state.ingest.now_us())
            watch.look(self.graph, self.strategies, monotonic_s())

    async def _settle(self) -> None:
        """Brings what has arrived into the edges, within a limit: a blocking edge waits for its reader."""
        pump = self._state.topology.pump
        with anyio.move_on_after(SETTLE_SECONDS):
            pump.run()
            while not pump.is_idle:
                await anyio.sleep(TICK_SECONDS)
                # What waits outside a conflating edge moves in with a tick.
                pump.tick(self._state.ingest.now_us())
