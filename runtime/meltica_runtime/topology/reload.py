"""One graph in the place of another, while events flow.

The new part is built beside the old one and started, so that it is known to be sound. Then, between two turns
of the pump and at one sequence number, it takes over. Whatever fails leaves everything as it was.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import anyio

from meltica_compiler.adapters.sinks import LATER_SINK_KINDS
from meltica_compiler.graph.graph import Graph, StrategyNode
from meltica_compiler.passes.memory import MAX_CODES
from meltica_compiler.plan.plan import Plan, plan
from meltica_compiler.plan.text import summary
from meltica_runtime.dataplane.migration import OutOfCodes, RingTooSmall, plan_migration
from meltica_runtime.environment_fault import EnvironmentFault
from meltica_runtime.store.catalog import store_catalog
from meltica_runtime.store.faults import StoreFault
from meltica_runtime.strategies.instance import InstanceState
from meltica_runtime.topology.build import Topology, reader_nodes
from meltica_runtime.topology.cutover import LOOK_SECONDS, Cutover, StagedTopology
from meltica_runtime.topology.gateway_state import GatewayState
from meltica_runtime.topology.node_tasks import RunningTasks

CATCH_UP_SECONDS = 5.0
"""How long a reload waits for routes that are to be changed until they have delivered what has arrived. One
that is blocked for longer goes on where it stands."""

_log = logging.getLogger("meltica")


class ReloadRefused(Exception):
    """It was not even tried: the gateway is not in a state for it, or runs another graph than was thought."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class OutOfDate(ReloadRefused):
    """The gateway runs another graph than the one that the plan was made against."""


def check_reloadable(running: Graph, wanted: Graph) -> None:
    """Raises `ReloadRefused` where no gateway that runs the one graph can ever go on with the other."""
    if wanted.pipeline != running.pipeline:
        raise ReloadRefused(
            f"the gateway runs the pipeline `{running.pipeline}`, not `{wanted.pipeline}`",
            "a pipeline of another name is another gateway: start it with `meltica run`",
        )
    for sink in wanted.sinks:
        if sink.kind in LATER_SINK_KINDS:
            raise ReloadRefused(
                f"this build cannot run sinks of kind `{sink.kind}`, such as `{sink.name}`",
                "leave the sink out; `meltica check` warns of it",
            )


class ReloadFailed(Exception):
    """A new part does not work; everything is as it was. `node` is its id, `place` its `file:line`."""

    def __init__(self, message: str, node: str, place: str) -> None:
        super().__init__(message)
        self.message = message
        self.node = node
        self.place = place


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What has happened: all events up to `sequence` went the old way, the later ones the new. `lost` events
    were still on their way to a reader that is gone."""

    plan: Plan
    sequence: int
    lost: int


class Reload:
    """`run` it in a task of the gateway; whoever asked for it waits for its `outcome`."""

    def __init__(self, state: GatewayState, running: RunningTasks, graph: Graph, against: str) -> None:
        self._state = state
        self._running = running
        self._graph = graph
        self._against = against
        self._done = anyio.Event()
        self._result: Reloaded | ReloadRefused | ReloadFailed = ReloadRefused(
            "the gateway stops", "start it again"
        )

    async def outcome(self) -> Reloaded:
        """Raises `ReloadRefused` or `ReloadFailed`."""
        await self._done.wait()
        if isinstance(self._result, Reloaded):
            return self._result
        raise self._result

    async def run(self) -> None:
        """Comes to an outcome, whatever happens. Cancelled before the cutover, it leaves all as it was."""
        try:
            async with self._running.turn:
                self._result = await self._reload()
        except (ReloadRefused, ReloadFailed) as fault:
            self._result = fault
        finally:
            self._done.set()

    async def _reload(self) -> Reloaded:
        running = self._state.topology
        if self._against != running.graph.hash:
            raise OutOfDate(
                f"the gateway runs the graph {running.graph.hash[:12]}, not {self._against[:12]}",
                "make the plan anew: somebody else has changed it",
            )
        check_reloadable(running.graph, self._graph)
        planned = plan(running.graph, self._graph)
        staged = self._build(running, planned)
        try:
            await self._start(staged, planned)
            await self._lease_instances(staged)
            # From here on it may be stored, also if nobody hears that it is.
            staged.is_stored = True
            await store_catalog(self._state.database, self._graph)
            await self._catch_up(running, staged)
            # No `await` from the end of `_catch_up` to that of `commit`: what is checked here holds there.
            staged.plane.check()
            sequence = self._state.ingest.last_seq
            cutover = Cutover(self._state, self._running, staged, planned)
            lost = cutover.switch()
        except BaseException as error:
            # Shielded: a gateway that stops meanwhile must not leave tasks, leases or a wrong catalog behind.
            with anyio.CancelScope(shield=True):
                await self._roll_back(staged, running)
            raise self._as_failure(error) from error
        cutover.commit()
        self._log_result(planned, sequence, lost)
        return Reloaded(planned, sequence, lost)

    def _build(self, running: Topology, planned: Plan) -> StagedTopology:
        try:
            plane = plan_migration(running.plane, self._graph, planned)
            topology = self._state.builder.build(plane.plane, running.nodes_that_stay(planned))
            return StagedTopology(topology, plane)
        except Exception as error:
            raise self._as_failure(error) from error

    async def _start(self, staged: StagedTopology, planned: Plan) -> None:
        """Starts what reads, and finds out whether it can."""
        topology, graph = staged.topology, self._graph
        nodes = [node for node in reader_nodes(graph) if planned.action(node.id).comes]
        staged.tasks = self._state.start_readers(self._running.readers, topology, nodes)
        for node in nodes:
            if not isinstance(node, StrategyNode):
                continue
            instance = topology.strategies[node.name]
            await instance.started.wait()
            fault = instance.statistics().fault
            if instance.state is not InstanceState.RUNNING or fault is not None:
                raise ReloadFailed(str(fault), node.id, str(node.location))

    async def _lease_instances(self, staged: StagedTopology) -> None:
        """Makes sure that nobody else runs the new instances, and reads what is left of them: another
        gateway may have run them since this one started."""
        staged.leased = await self._running.leases.take_all(staged.topology.strategies)
        staged.recovered = await self._state.recovered_of(staged.leased)

    async def _catch_up(self, running: Topology, staged: StagedTopology) -> None:
        """Waits until routes that change have delivered what has arrived, and returns in that very turn."""
        flows = staged.plane.plane.flows
        changing = [flow for name, flow in running.plane.flows.items() if flows.get(name) is not flow]
        with anyio.move_on_after(CATCH_UP_SECONDS):
            while True:
                self._state.run_pump()
                if not any(flow.backlog for flow in changing):
                    return
                await anyio.sleep(LOOK_SECONDS)
        self._state.run_pump()

    async def _roll_back(self, staged: StagedTopology, running: Topology) -> None:
        # Tasks end before their leases are given: till then nobody else may run the instances.
        for task in staged.tasks.values():
            task.scope.cancel()
        for task in staged.tasks.values():
            await task.ended.wait()
        try:
            await self._running.leases.give(staged.leased)
            if staged.is_stored:
                await store_catalog(self._state.database, running.graph)
        except StoreFault as fault:
            _log.warning("the store still shows the graph that was not applied: %s", fault.message)

    def _as_failure(self, error: BaseException) -> BaseException:
        """What whoever asked for the reload is told."""
        match error:
            case ReloadRefused() | ReloadFailed():
                return error
            case EnvironmentFault():
                return ReloadFailed(
                    f"{error.message} ({error.place}); {error.help}", "pipeline", self._graph.file
                )
            case RingTooSmall():
                name = error.writer.name
                return ReloadFailed(
                    f"{error.unread:,} {error.event} events of {name} wait for a reader that is"
                    f" behind, and its new ring holds {error.capacity:,}; try again when they are read",
                    error.writer,
                    self._graph.file,
                )
            case OutOfCodes():
                return ReloadFailed(
                    f"there were more than {MAX_CODES:,} {error.what} since the gateway was started, and"
                    " those that are gone count; start it again with this file",
                    "pipeline",
                    self._graph.file,
                )
            case Exception():
                _log.error("a reload failed by a fault of ours, please report it", exc_info=error)
                return ReloadFailed(f"{type(error).__name__}: {error}", "pipeline", self._graph.file)
        return error

    def _log_result(self, planned: Plan, sequence: int, lost: int) -> None:
        _log.info("from event %d on: %s", sequence + 1, summary(planned))
        if lost:
            _log.warning("%d events had not reached readers that are gone, and are dropped", lost)
