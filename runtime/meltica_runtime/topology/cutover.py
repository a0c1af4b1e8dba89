"""The moment at which one set of nodes takes the place of another: in one turn, at one sequence number.

First comes what may fail, each step with its way back. What follows only draws the consequences, for the
desk and for the tasks, and has no way back: there a fault of ours ends the gateway, as it does anywhere in
the engine, and the next start recovers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import anyio

from meltica_compiler.plan.plan import Plan
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.dataplane.migration import PlaneMigration
from meltica_runtime.sinks.sink import Sink
from meltica_runtime.strategies.instance import StrategyInstance
from meltica_runtime.topology import notes
from meltica_runtime.topology.build import Topology
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
    """`switch`, and in the same turn `commit`."""

    def __init__(
        self, state: GatewayState, running: RunningTasks, staged: StagedTopology, planned: Plan
    ) -> None:
        self._state = state
        self._running = running
        self._staged = staged
        self._planned = planned
        self._before = state.topology
        self._venues = {name: provider.venue for name, provider in state.topology.providers.items()}

    def switch(self) -> int:
        """Lets the new flows and rings go on where the old ones stand; how many events are lost with nodes
        that are gone. If anything fails, the old ones go on, and nothing was changed."""
        topology = self._staged.topology
        with ExitStack() as rollback:
            lost = self._staged.plane.apply(rollback)
            for node in topology.graph.providers:
                if self._planned.action(node.id).stays:
                    rings = topology.plane.ingresses[node.name]
                    rollback.callback(topology.providers[node.name].resume(node, rings))
            rollback.pop_all()
        return lost

    def commit(self) -> None:
        """Ends what is of the old graph only, and starts what is new."""
        state, topology = self._state, self._staged.topology
        self._staged.plane.commit()
        state.topology = topology
        self._switch_providers()
        self._switch_accounts()
        for strategy in topology.graph.strategies:
            topology.strategies[strategy.name].node = strategy
        for sink in topology.graph.sinks:
            topology.sinks[sink.name].node = sink
        state.strategy_orders.wire(topology.strategies, state.router)
        state.resume(self._staged.recovered)
        state.strategy_orders.follow_halts()
        new = [node for node in topology.graph.strategies if self._planned.action(node.id).comes]
        state.introduce_instruments([topology.strategies[node.name] for node in new])
        for id, task in self._switch_readers():
            self._running.readers.group.start_soon(self._drain_reader, id, self._reader(id), task)
        state.run_pump()

    def _switch_providers(self) -> None:
        writers, topology, router = self._running.writers, self._staged.topology, self._state.router
        for step in self._planned.steps:
            if step.kind == "provider" and step.action.goes:
                task = writers.tasks.pop(step.id)
                task.scope.cancel()
                self._running.readers.group.start_soon(self._reconcile_orders, step.name, task)
        for node in topology.graph.providers:
            provider = topology.providers[node.name]
            known = None if self._planned.action(node.id).comes else self._venues[node.name]
            if provider.venue is not None and provider.venue is not known:
                router.use_venue(node.name, provider.venue)
            if self._planned.action(node.id).comes:
                self._state.spawn_provider(writers, node)

    def _switch_accounts(self) -> None:
        graph = self._staged.topology.graph
        trading = {node.name for node in graph.strategies if node.trade_on is not None}
        for node in self._before.graph.strategies:
            if node.trade_on is not None and node.name not in trading:
                # Its open orders are followed to their end. Nothing is cancelled.
                self._state.router.engine.accounts.withdraw(node.name)
        self._state.register(graph.strategies)

    def _switch_readers(self) -> Iterator[tuple[str, NodeTask]]:
        """Puts the new tasks in place; yields those whose nodes are to end."""
        tasks = self._running.readers.tasks
        for step in self._planned.steps:
            if step.kind in ("strategy", "sink") and step.action.goes:
                yield step.id, tasks.pop(step.id)
        tasks.update(self._staged.tasks)

    def _reader(self, id: str) -> StrategyInstance | Sink:
        kind, _, name = id.partition(":")
        return self._before.strategies[name] if kind == "strategy" else self._before.sinks[name]

    # --- afterwards ------------------------------------------------------------------------------

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
            notes.note_cut_short(id, DRAIN_SECONDS)
            task.scope.cancel()


def _edges_of(reader: StrategyInstance | Sink) -> tuple[EdgeRing, ...]:
    return reader.edges if isinstance(reader, StrategyInstance) else ()
