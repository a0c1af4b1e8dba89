"""One graph in the place of another, while events flow.

The new part is built beside the old one and started, so that it is known to be sound. Then, between two turns
of the pump and at one sequence number, it takes over. Whatever fails leaves everything as it was.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import anyio

from meltica_compiler.adapters.sinks import LATER_SINK_KINDS
from meltica_compiler.graph.graph import Graph
from meltica_compiler.passes.memory import MAX_CODES
from meltica_compiler.plan.plan import Plan, plan
from meltica_compiler.plan.text import summary
from meltica_runtime.dataplane.migration import OutOfCodes, RingTooSmall, plan_migration
from meltica_runtime.environment_fault import EnvironmentFault
from meltica_runtime.store.catalog import store_catalog
from meltica_runtime.store.faults import StoreFault
from meltica_runtime.strategies.instance import InstanceState, StrategyInstance
from meltica_runtime.topology.build import Parts
from meltica_runtime.topology.cutover import LOOK_SECONDS, Switch, Trial
from meltica_runtime.topology.gateway_state import Core
from meltica_runtime.topology.node_tasks import Workplace

CATCH_UP_SECONDS = 5.0
"""How long a swap waits for routes that are to be changed until they have delivered what has arrived. One
that is blocked for longer goes on where it stands."""

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
            sequence = self._core.ingest.last_seq
            switch = Switch(self._core, self._place, trial, planned)
            lost = switch.exchange()
        except BaseException as error:
            with anyio.CancelScope(shield=True):
                await self._roll_back(trial, running)
            raise self._told(error) from error
        switch.follow_up()
        self._say(planned, sequence, lost)
        return Swapped(planned, sequence, lost)

    # --- beside what runs ------------------------------------------------------------------------

    def _build(self, running: Parts, planned: Plan) -> Trial:
        try:
            plane = plan_migration(running.plane, self._graph, planned)
            return Trial(self._core.workshop.beside(running, plane.plane, planned), plane)
        except Exception as error:
            raise self._told(error) from error

    async def _start(self, trial: Trial, planned: Plan) -> None:
        """Starts what reads, and finds out whether it can."""
        starting: list[StrategyInstance] = []
        for strategy in self._graph.strategies:
            if planned.fate(strategy.id).comes:
                instance = trial.parts.strategies[strategy.name]
                trial.shifts[strategy.id] = self._place.readers.start(instance.run)
                starting.append(instance)
        for sink in self._graph.sinks:
            if planned.fate(sink.id).comes:
                trial.shifts[sink.id] = self._place.readers.start(trial.parts.sinks[sink.name].run)
        for instance in starting:
            await instance.started.wait()
            fault = instance.statistics().fault
            if instance.state is not InstanceState.RUNNING or fault is not None:
                raise SwapFailed(str(fault), instance.node.id, str(instance.node.location))

    async def _take_up_instances(self, trial: Trial) -> None:
        """Makes sure that nobody else runs the new instances, and reads what is left of them: another
        gateway may have run them since this one started."""
        trial.leased = await self._place.leases.take_all(trial.parts.strategies)
        trial.left = await self._core.left_by(trial.leased)

    async def _catch_up(self, running: Parts, trial: Trial) -> None:
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

    async def _roll_back(self, trial: Trial, running: Parts) -> None:
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
                name = error.writer.partition(":")[2]
                return SwapFailed(
                    f"{error.unread:,} {error.event} events of {name} wait for a reader that is"
                    f" behind, and its new ring holds {error.capacity:,}; try again when they are read",
                    error.writer,
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

    def _say(self, planned: Plan, sequence: int, lost: int) -> None:
        _log.info("from event %d on: %s", sequence + 1, summary(planned))
        if lost:
            _log.warning("%d events had not reached readers that are gone, and are dropped", lost)
