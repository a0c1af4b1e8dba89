"""The moment at which one set of nodes takes the place of another: in one turn, at one sequence number.

First comes what may fail, each step with its way back. What follows only draws the consequences, for the
desk and for the tasks, and has no way back: there a fault of ours ends the gateway, as it does anywhere in
the desk, and the next start recovers.
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
from meltica_runtime.topology.build import Parts
from meltica_runtime.topology.gateway_state import Core, Left
from meltica_runtime.topology.node_tasks import Shift, Workplace

SEE_OFF_SECONDS = 5.0
"""How long a reader that is no longer needed may take to handle what it has."""

LOOK_SECONDS = 0.01
"""How often is looked whether what is waited for is there."""


@dataclass
class Trial:
    """The new part while it is not yet in place: what has to be undone if it does not get there."""

    parts: Parts
    plane: PlaneMigration
    shifts: dict[str, Shift] = field(default_factory=dict)
    leased: frozenset[str] = frozenset()
    left: Left = field(default_factory=Left)
    is_stored: bool = False


class Switch:
    """`exchange`, and in the same turn `follow_up`."""

    def __init__(self, core: Core, place: Workplace, trial: Trial, planned: Plan) -> None:
        self._core = core
        self._place = place
        self._trial = trial
        self._planned = planned
        self._before = core.parts
        self._venues = {name: provider.venue for name, provider in core.parts.providers.items()}

    def exchange(self) -> int:
        """Lets the new flows and rings go on where the old ones stand; how many events are lost with nodes
        that are gone. If anything fails, the old ones go on, and nothing was changed."""
        parts = self._trial.parts
        with ExitStack() as back:
            lost = self._trial.plane.apply(back)
            for node in parts.graph.providers:
                if self._planned.fate(node.id).stays:
                    rings = parts.plane.ingresses[node.name]
                    back.callback(parts.providers[node.name].resume(node, rings))
            back.pop_all()
        return lost

    def follow_up(self) -> None:
        """Ends what is of the old graph only, and starts what is new."""
        core, parts = self._core, self._trial.parts
        self._trial.plane.commit()
        core.parts = parts
        self._exchange_providers()
        self._exchange_accounts()
        for strategy in parts.graph.strategies:
            parts.strategies[strategy.name].node = strategy
        for sink in parts.graph.sinks:
            parts.sinks[sink.name].node = sink
        core.hand.wire(parts.strategies, core.router)
        core.take_up(self._trial.left)
        core.hand.follow_halts()
        new = [node for node in parts.graph.strategies if self._planned.fate(node.id).comes]
        core.introduce_instruments([parts.strategies[node.name] for node in new])
        for id, shift in self._exchange_readers():
            self._place.readers.tasks.start_soon(self._see_off, id, self._reader(id), shift)
        core.run_pump()

    def _exchange_providers(self) -> None:
        writers, parts, router = self._place.writers, self._trial.parts, self._core.router
        for step in self._planned.steps:
            if step.kind == "provider" and step.fate.goes:
                shift = writers.shifts.pop(step.id)
                shift.scope.cancel()
                self._place.readers.tasks.start_soon(self._clear_up_orders, step.name, shift)
        for node in parts.graph.providers:
            provider = parts.providers[node.name]
            known = None if self._planned.fate(node.id).comes else self._venues[node.name]
            if provider.venue is not None and provider.venue is not known:
                router.use_venue(node.name, provider.venue)
            if self._planned.fate(node.id).comes:
                self._core.employ_provider(writers, node)

    def _exchange_accounts(self) -> None:
        graph = self._trial.parts.graph
        trading = {node.name for node in graph.strategies if node.trade_on is not None}
        for node in self._before.graph.strategies:
            if node.trade_on is not None and node.name not in trading:
                # Its open orders are followed to their end. Nothing is cancelled.
                self._core.router.desk.accounts.withdraw(node.name)
        self._core.enroll(graph.strategies)

    def _exchange_readers(self) -> Iterator[tuple[str, Shift]]:
        """Puts the new tasks in place; yields those whose nodes are to end."""
        shifts = self._place.readers.shifts
        for step in self._planned.steps:
            if step.kind in ("strategy", "sink") and step.fate.goes:
                yield step.id, shifts.pop(step.id)
        shifts.update(self._trial.shifts)

    def _reader(self, id: str) -> StrategyInstance | Sink:
        kind, _, name = id.partition(":")
        return self._before.strategies[name] if kind == "strategy" else self._before.sinks[name]

    # --- afterwards ------------------------------------------------------------------------------

    async def _clear_up_orders(self, name: str, shift: Shift) -> None:
        """Asks a venue whose provider has ended what became of its orders: no report will come of them."""
        await shift.over.wait()
        self._core.router.reconnected(name)

    async def _see_off(self, id: str, reader: StrategyInstance | Sink, shift: Shift) -> None:
        """Lets a reader that is gone from the graph handle what it has, within a limit."""
        last = float(self._core.ingest.last_seq)
        edges = _edges_of(reader)
        reader.wake(last)
        reader.stop()
        with anyio.move_on_after(SEE_OFF_SECONDS) as limit:
            while not shift.over.is_set():
                # What waits outside a conflating edge moves in as there is room.
                for edge in edges:
                    edge.flush_waiting()
                reader.wake(last)
                await anyio.sleep(LOOK_SECONDS)
        if limit.cancelled_caught:
            notes.note_cut_short(id, SEE_OFF_SECONDS)
            shift.scope.cancel()


def _edges_of(reader: StrategyInstance | Sink) -> tuple[EdgeRing, ...]:
    return reader.edges if isinstance(reader, StrategyInstance) else ()
