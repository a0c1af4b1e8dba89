"""The moment at which one set of nodes takes the place of another: in one turn, at one sequence number.

No event comes between `switch` and the end of `commit`, because neither gives way to the loop: each event
goes the old way as a whole or the new way as a whole.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field

import anyio

from meltica_compiler.plan.plan import Plan
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.dataplane.migration import PlaneMigration
from meltica_runtime.sinks.sink import Sink
from meltica_runtime.strategies.instance import StrategyInstance
from meltica_runtime.topology import gateway_log
from meltica_runtime.topology.build import Topology, reader_nodes
from meltica_runtime.topology.gateway_state import GatewayState, RecoveredState
from meltica_runtime.topology.node_tasks import NodeTask, RunningTasks

DRAIN_SECONDS = 5.0
"""How long a reader that is no longer needed may take to handle what it has."""

LOOK_SECONDS = 0.01
"""How often is looked whether what is waited for is there."""


@dataclass
class StagedTopology:
    """The new part while it is not yet in place: what has to be undone if it does not get there."""

    topology: Topology
    plane: PlaneMigration
    tasks: dict[str, NodeTask] = field(default_factory=dict)
    leased: frozenset[str] = frozenset()
    recovered: RecoveredState = field(default_factory=RecoveredState)
    is_stored: bool = False


class Cutover:
    """`switch` is what may fail, and can be taken back. `commit`, in the same turn, only draws the
    consequences for the tasks and for the orders, and has no way back: a fault of ours in one of its steps
    ends the gateway, as it does anywhere on the way of an order, and the next start recovers."""

    def __init__(
        self, state: GatewayState, running: RunningTasks, staged: StagedTopology, planned: Plan
    ) -> None:
        self._state = state
        self._running = running
        self._staged = staged
        self._planned = planned
        self._former = state.topology
        self._topology = staged.topology
        self._former_venues = {name: node.venue for name, node in state.topology.providers.items()}
        """As they are before `switch`, in which a provider may open one."""

    def switch(self) -> int:
        """Lets the new flows and rings go on where the old ones stand; how many events are lost with nodes
        that are gone. If anything fails, the old ones go on, and nothing was changed: what was done is taken
        back from the last to the first, since each step has built on those before it."""
        with ExitStack() as rollback:
            lost = self._staged.plane.apply(rollback)
            for node in self._topology.graph.providers:
                if self._planned.action(node.id).stays:
                    rings = self._topology.plane.ingresses[node.name]
                    rollback.callback(self._topology.providers[node.name].resume(node, rings))
            rollback.pop_all()
        return lost

    def commit(self) -> None:
        """Ends what is of the old graph only, and starts what is new."""
        for step in (
            self._release_former_rings,
            self._install_topology,
            self._end_providers,
            # Before what was recovered: the router asks venues about orders that are open there.
            self._attach_venues,
            self._close_accounts,
            self._open_accounts,
            self._deliver_to_new_strategies,
            # What others left comes before what is new: positions count towards the first order already.
            self._resume_recovered,
            self._introduce_instruments,
            self._start_providers,
            self._end_readers,
            # Last: from here on readers are woken for the new graph.
            self._state.run_pump,
        ):
            step()

    def _release_former_rings(self) -> None:
        self._staged.plane.commit()

    def _install_topology(self) -> None:
        """Tasks that look for their nodes find those of the new graph, in the lines where they stand now."""
        self._state.topology = topology = self._topology
        for node in reader_nodes(topology.graph):
            topology.reader(node).node = node

    def _end_providers(self) -> None:
        for step in self._planned.steps:
            if step.kind == "provider" and step.action.goes:
                task = self._running.writers.tasks.pop(step.id)
                task.scope.cancel()
                self._running.readers.group.start_soon(self._reconcile_orders, step.name, task)

    def _attach_venues(self) -> None:
        for name, provider in self._topology.providers.items():
            known = None if self._is_new(f"provider:{name}") else self._former_venues[name]
            if provider.venue is not None and provider.venue is not known:
                self._state.router.use_venue(name, provider.venue)

    def _close_accounts(self) -> None:
        """Of strategies that trade no more. Their open orders are followed to their end, not cancelled."""
        trading = {node.name for node in self._topology.graph.strategies if node.trade_on is not None}
        for node in self._former.graph.strategies:
            if node.trade_on is not None and node.name not in trading:
                self._state.router.engine.accounts.withdraw(node.name)

    def _open_accounts(self) -> None:
        """Those that are open already follow the limits of the new graph."""
        self._state.register(self._topology.graph.strategies)

    def _deliver_to_new_strategies(self) -> None:
        self._state.deliveries.use(self._topology.strategies)

    def _resume_recovered(self) -> None:
        self._state.resume(self._staged.recovered)

    def _introduce_instruments(self) -> None:
        nodes = self._topology.graph.strategies
        self._state.introduce_instruments(node for node in nodes if self._is_new(node.id))

    def _start_providers(self) -> None:
        nodes = self._topology.graph.providers
        self._state.start_providers(self._running.writers, (n for n in nodes if self._is_new(n.id)))

    def _end_readers(self) -> None:
        """Lets those that are gone handle what they have: see `_drain_reader`."""
        readers = self._running.readers
        for node in reader_nodes(self._former.graph):
            if self._planned.action(node.id).goes:
                task = readers.tasks.pop(node.id)
                readers.group.start_soon(self._drain_reader, node.id, self._former.reader(node), task)
        readers.tasks.update(self._staged.tasks)

    def _is_new(self, id: str) -> bool:
        return self._planned.action(id).comes

    async def _reconcile_orders(self, name: str, task: NodeTask) -> None:
        """Asks a venue whose provider has ended what became of its orders: no report will come of them."""
        await task.ended.wait()
        self._state.router.reconnected(name)

    async def _drain_reader(self, id: str, reader: StrategyInstance | Sink, task: NodeTask) -> None:
        """Lets a reader that is gone from the graph handle what it has, within a limit."""
        last = float(self._state.ingest.last_seq)
        edges = _edges_of(reader)
        reader.wake(last)
        reader.stop()
        with anyio.move_on_after(DRAIN_SECONDS) as limit:
            while not task.ended.is_set():
                # What waits outside a conflating edge moves in as there is room.
                for edge in edges:
                    edge.flush_waiting()
                reader.wake(last)
                await anyio.sleep(LOOK_SECONDS)
        if limit.cancelled_caught:
            gateway_log.log_cut_short(id, DRAIN_SECONDS)
            task.scope.cancel()


def _edges_of(reader: StrategyInstance | Sink) -> tuple[EdgeRing, ...]:
    return reader.edges if isinstance(reader, StrategyInstance) else ()
