"""One graph in the place of another, while events flow.

The new part is built beside the old one and started, so that it is known to be sound. Then, between two turns
of the pump and at one sequence number, it takes over. Whatever fails before that leaves everything as it was.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

import anyio

from meltica_compiler.graph import Graph
from meltica_compiler.passes.memory import MAX_CODES
from meltica_compiler.plan import Fate, Plan, plan
from meltica_compiler.plan_text import summary
from meltica_compiler.sinks import LATER_SINK_KINDS
from meltica_runtime.environment_fault import EnvironmentFault
from meltica_runtime.gateway import notes
from meltica_runtime.gateway.core import Core, Left
from meltica_runtime.gateway.crew import Crew, Shift
from meltica_runtime.gateway.parts import Parts
from meltica_runtime.next_plane import NextPlane, OutOfCodes, RingTooSmall, build_next_plane
from meltica_runtime.rings import EdgeRing
from meltica_runtime.sinks.sink import Sink
from meltica_runtime.store.catalog import store_catalog
from meltica_runtime.store.faults import StoreFault
from meltica_runtime.store.leases import Leases
from meltica_runtime.strategies.instance import InstanceState, StrategyInstance

CATCH_UP_SECONDS = 5.0
"""How long a swap waits for routes that are to be changed until they have delivered what has arrived. One
that is blocked for longer goes on where it stands."""

SEE_OFF_SECONDS = 5.0
"""How long a reader that is no longer needed may take to handle what it has."""

LOOK_SECONDS = 0.01
"""How often is looked whether that is so."""

_STAYS = (Fate.KEPT, Fate.MOVED)
_COMES = (Fate.ADDED, Fate.RESTARTED)
_GOES = (Fate.REMOVED, Fate.RESTARTED)

_log = logging.getLogger("meltica")


class SwapRefused(Exception):
    """It was not even tried: the gateway is not in a state for it, or runs another graph than was thought."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class OutOfDate(SwapRefused):
    """The gateway runs another graph than the one that the plan was made against."""


def refuse_if_unfit(running: Graph, wanted: Graph) -> None:
    """Raises `SwapRefused` where no gateway that runs the one graph can ever go on with the other."""
    if wanted.pipeline != running.pipeline:
        raise SwapRefused(
            f"the gateway runs the pipeline `{running.pipeline}`, not `{wanted.pipeline}`",
            "a pipeline of another name is another gateway: start it with `meltica run`",
        )
    for sink in wanted.sinks:
        if sink.kind in LATER_SINK_KINDS:
            raise SwapRefused(
                f"this build cannot run sinks of kind `{sink.kind}`, such as `{sink.name}`",
                "leave the sink out; `meltica check` warns of it",
            )


class SwapFailed(Exception):
    """A new part does not work; everything is as it was. `node` is its id, `place` its `file:line`."""

    def __init__(self, message: str, node: str, place: str) -> None:
        super().__init__(message)
        self.message = message
        self.node = node
        self.place = place


@dataclass(frozen=True, slots=True)
class Swapped:
    """What has happened: all events up to `sequence` went the old way, the later ones the new. `lost` events
    were still on their way to a reader that is gone."""

    plan: Plan
    sequence: int
    lost: int


@dataclass(frozen=True)
class Workplace:
    """Where the nodes of a serving gateway have their tasks. Swaps happen one at a time."""

    leases: Leases
    readers: Crew
    writers: Crew
    turn: anyio.Lock = field(default_factory=anyio.Lock)


@dataclass
class _Trial:
    """The new part while it is not yet in place: what has to be undone if it does not get there."""

    parts: Parts
    plane: NextPlane
    shifts: dict[str, Shift] = field(default_factory=dict)
    leased: frozenset[str] = frozenset()
    left: Left = field(default_factory=Left)
    is_stored: bool = False


class Swap:
    """`run` it in a task of the gateway; whoever asked for it waits for its `outcome`."""

    def __init__(self, core: Core, place: Workplace, graph: Graph, against: str) -> None:
        self._core = core
        self._place = place
        self._graph = graph
        self._against = against
        self._over = anyio.Event()
        self._result: Swapped | SwapRefused | SwapFailed = SwapRefused("the gateway stops", "start it again")

    async def outcome(self) -> Swapped:
        """Raises `SwapRefused` or `SwapFailed`."""
        await self._over.wait()
        if isinstance(self._result, Swapped):
            return self._result
        raise self._result

    async def run(self) -> None:
        """Comes to an outcome, whatever happens. Cancelled before the switch, it leaves all as it was."""
        try:
            async with self._place.turn:
                self._result = await self._swap()
        except (SwapRefused, SwapFailed) as fault:
            self._result = fault
        finally:
            self._over.set()

    async def _swap(self) -> Swapped:
        running = self._core.parts
        if self._against != running.graph.hash:
            raise OutOfDate(
                f"the gateway runs the graph {running.graph.hash[:12]}, not {self._against[:12]}",
                "make the plan anew: somebody else has changed it",
            )
        refuse_if_unfit(running.graph, self._graph)
        planned = plan(running.graph, self._graph)
        trial = self._build(running, planned)
        try:
            await self._start(trial, planned)
            await self._take_up_instances(trial)
            # From here on it may be stored, also if nobody hears that it is.
            trial.is_stored = True
            await store_catalog(self._core.database, self._graph)
            await self._catch_up(running, trial)
            trial.plane.check()
        except BaseException as error:
            with anyio.CancelScope(shield=True):
                await self._roll_back(trial, running)
            raise self._told(error) from error
        sequence = self._core.sequencer.last
        lost = self._switch(running, trial, planned)
        self._say(planned, sequence, lost)
        return Swapped(planned, sequence, lost)

    # --- beside what runs ------------------------------------------------------------------------

    def _build(self, running: Parts, planned: Plan) -> _Trial:
        try:
            plane = build_next_plane(running.plane, self._graph, planned)
            return _Trial(self._core.workshop.beside(running, plane.plane, planned), plane)
        except Exception as error:
            raise self._told(error) from error

    async def _start(self, trial: _Trial, planned: Plan) -> None:
        """Starts what reads, and finds out whether it can."""
        starting: list[StrategyInstance] = []
        for strategy in self._graph.strategies:
            if planned.fate(strategy.id) in _COMES:
                instance = trial.parts.strategies[strategy.name]
                trial.shifts[strategy.id] = self._place.readers.start(instance.run)
                starting.append(instance)
        for sink in self._graph.sinks:
            if planned.fate(sink.id) in _COMES:
                trial.shifts[sink.id] = self._place.readers.start(trial.parts.sinks[sink.name].run)
        for instance in starting:
            await instance.started.wait()
            fault = instance.statistics().fault
            if instance.state is not InstanceState.RUNNING or fault is not None:
                raise SwapFailed(str(fault), instance.node.id, str(instance.node.location))

    async def _take_up_instances(self, trial: _Trial) -> None:
        """Makes sure that nobody else runs the new instances, and reads what is left of them: another
        gateway may have run them since this one started."""
        trial.leased = await self._place.leases.take_all(trial.parts.strategies)
        trial.left = await self._core.left_by(trial.leased)

    async def _catch_up(self, running: Parts, trial: _Trial) -> None:
        """Waits until routes that change have delivered what has arrived, and returns in that very turn."""
        flows = trial.plane.plane.flows
        changing = [flow for name, flow in running.plane.flows.items() if flows.get(name) is not flow]
        with anyio.move_on_after(CATCH_UP_SECONDS):
            while True:
                self._core.run_pump()
                if not any(flow.backlog for flow in changing):
                    return
                await anyio.sleep(LOOK_SECONDS)
        self._core.run_pump()

    async def _roll_back(self, trial: _Trial, running: Parts) -> None:
        for shift in trial.shifts.values():
            shift.scope.cancel()
        for shift in trial.shifts.values():
            await shift.over.wait()
        try:
            await self._place.leases.give(trial.leased)
            if trial.is_stored:
                await store_catalog(self._core.database, running.graph)
        except StoreFault as fault:
            _log.warning("the store still shows the graph that was not applied: %s", fault.message)

    def _told(self, error: BaseException) -> BaseException:
        """What whoever asked for the swap is told."""
        match error:
            case SwapRefused() | SwapFailed():
                return error
            case EnvironmentFault():
                return SwapFailed(
                    f"{error.message} ({error.place}); {error.help}", "pipeline", self._graph.file
                )
            case RingTooSmall():
                return SwapFailed(
                    f"{error.unread:,} {error.event} events of {error.provider} wait for a reader that is"
                    f" behind, and its new ring holds {error.capacity:,}; try again when they are read",
                    f"provider:{error.provider}",
                    self._graph.file,
                )
            case OutOfCodes():
                return SwapFailed(
                    f"there were more than {MAX_CODES:,} {error.what} since the gateway was started, and"
                    " those that are gone count; start it again with this file",
                    "pipeline",
                    self._graph.file,
                )
            case Exception():
                _log.error("a swap failed by a fault of ours, please report it", exc_info=error)
                return SwapFailed(f"{type(error).__name__}: {error}", "pipeline", self._graph.file)
        return error

    # --- the switch: between two turns of the pump, without a pause --------------------------------

    def _switch(self, running: Parts, trial: _Trial, planned: Plan) -> int:
        core = self._core
        lost = trial.plane.switch()
        core.parts = trial.parts
        self._exchange_providers(planned)
        self._exchange_accounts(running)
        for node in self._graph.strategies:
            trial.parts.strategies[node.name].node = node
        core.hand.wire(trial.parts.strategies, core.router)
        core.take_up(trial.left)
        core.hand.follow_halts()
        new = [node for node in self._graph.strategies if planned.fate(node.id) in _COMES]
        core.introduce_instruments([trial.parts.strategies[node.name] for node in new])
        for id, shift in self._exchange_readers(trial, planned):
            reader = self._reader(running, id)
            self._place.readers.tasks.start_soon(self._see_off, id, reader, shift)
        core.run_pump()
        return lost

    def _exchange_providers(self, planned: Plan) -> None:
        writers, parts = self._place.writers, self._core.parts
        for step in planned.steps:
            if step.kind == "provider" and step.fate in _GOES:
                shift = writers.shifts.pop(step.id)
                shift.scope.cancel()
                self._place.readers.tasks.start_soon(self._clear_up_orders, step.name, shift)
        for node in self._graph.providers:
            provider = parts.providers[node.name]
            stays = planned.fate(node.id) in _STAYS
            known = provider.venue if stays else None
            if stays:
                provider.take_up(node, parts.plane.ingresses[node.name])
            if provider.venue is not None and provider.venue is not known:
                self._core.router.use_venue(node.name, provider.venue)
            if not stays:
                self._core.employ_provider(writers, node)

    def _exchange_accounts(self, running: Parts) -> None:
        trading = {node.name for node in self._graph.strategies if node.trade_on is not None}
        for node in running.graph.strategies:
            if node.trade_on is not None and node.name not in trading:
                # Its open orders are followed to their end. Nothing is cancelled.
                self._core.router.desk.accounts.withdraw(node.name)
        self._core.enroll(self._graph.strategies)

    def _exchange_readers(self, trial: _Trial, planned: Plan) -> Iterator[tuple[str, Shift]]:
        """Puts the new tasks in place; yields those whose nodes are to end."""
        shifts = self._place.readers.shifts
        for step in planned.steps:
            if step.kind in ("strategy", "sink") and step.fate in _GOES:
                yield step.id, shifts.pop(step.id)
        shifts.update(trial.shifts)

    # --- afterwards ------------------------------------------------------------------------------

    def _reader(self, parts: Parts, id: str) -> StrategyInstance | Sink:
        kind, _, name = id.partition(":")
        return parts.strategies[name] if kind == "strategy" else parts.sinks[name]

    async def _clear_up_orders(self, name: str, shift: Shift) -> None:
        """Asks a venue whose provider has ended what became of its orders: no report will come of them."""
        await shift.over.wait()
        self._core.router.reconnected(name)

    async def _see_off(self, id: str, reader: StrategyInstance | Sink, shift: Shift) -> None:
        """Lets a reader that is gone from the graph handle what it has, within a limit."""
        last = float(self._core.sequencer.last)
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

    def _say(self, planned: Plan, sequence: int, lost: int) -> None:
        _log.info("from event %d on: %s", sequence + 1, summary(planned))
        if lost:
            _log.warning("%d events had not reached readers that are gone, and are dropped", lost)


def _edges_of(reader: StrategyInstance | Sink) -> tuple[EdgeRing, ...]:
    return reader.edges if isinstance(reader, StrategyInstance) else ()
