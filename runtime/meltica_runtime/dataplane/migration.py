"""What a plane takes over from the one that runs, and the moment at which it takes its place.

The new plane is built beside the old one and shares with it all that is the same: rings, kernels, flows. Only
the rest is handed over, between two turns of the pump, at one sequence number: what has a lower one has gone
the old way. Positions in a ring count all records ever, so that they stay what they are when a ring is
exchanged for another, and the routes that read it need not change.

First comes what may fail, each step with its way back: the new flows copy what they need, and the old ones
stand where they stood. Only `commit` takes something from the old plane.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property

from meltica_compiler.analyses.state_transfer import transferred_stages
from meltica_compiler.graph.graph import Graph
from meltica_compiler.graph.node_id import NodeId
from meltica_compiler.kernels.load import transfer_state
from meltica_compiler.passes.memory import MAX_CODES
from meltica_compiler.plan.plan import NodeAction, Plan
from meltica_dsl.model.pipeline import BUFFERING_STAGES, FullPolicy
from meltica_runtime.dataplane.ingress_ring import IngressRing
from meltica_runtime.dataplane.link_ring import LinkRing
from meltica_runtime.dataplane.plane import DataPlane, Reuse, build_data_plane
from meltica_runtime.dataplane.route_flow import RouteFlow


@dataclass(frozen=True, slots=True)
class RingTooSmall(Exception):
    """A new ring does not hold what routes have still to read in the old one. `writer` is the id of the
    provider or route that writes it."""

    writer: NodeId
    event: str
    unread: int
    capacity: int


@dataclass(frozen=True, slots=True)
class OutOfCodes(Exception):
    """Names that are gone keep their codes, and with those of the new graph there are too many."""

    what: str


@dataclass(frozen=True)
class PlaneMigration:
    """`plane` is inert until `apply`, which can be taken back until `commit`."""

    before: DataPlane
    plane: DataPlane
    restarted: tuple[str, ...]
    """Providers whose events are no longer those of before."""

    def check(self) -> None:
        """Raises `RingTooSmall`. To be asked in the same turn as `apply`."""
        for name, rings in self.plane.ingresses.items():
            for event, ring in rings.items():
                old = self.before.ingresses.get(name, {}).get(event, ring)
                if old.unread > ring.capacity:
                    raise RingTooSmall(NodeId("provider", name), event, old.unread, ring.capacity)
        for edge in self.plane.graph.links:
            new = self.plane.links[edge.id]
            if edge.id in self._inherited and new.edge.policy is FullPolicy.BLOCK:
                unread = self.before.links[edge.id].unread
                if unread > edge.capacity:
                    raise RingTooSmall(NodeId("route", edge.route), edge.event, unread, edge.capacity)

    def apply(self, back: ExitStack) -> int:
        """Lets the new flows go on where the old ones stand, and puts the ways back on the stack. All that
        arrived before has gone the old way, as far as blocking edges let it. How many events were lost,
        because a route that is not there any more could not deliver them.

        Taken back, the old flows stand where they stood. Windows that have no place in the new graph have
        closed early then: what they held back is delivered.
        """
        ingest = self.plane.ingest
        lost = sum(self._end(flow) for flow in self.before.flows.values())
        for old, new in self._exchanged:
            new.inherit(old)
        for id in self._inherited:
            self.plane.links[id].inherit(self.before.links[id])
        for name, flow in self.plane.flows.items():
            earlier = self.before.flows.get(name)
            if earlier is None or earlier.node.event != flow.node.event:
                flow.begin(ingest.last_seq)
            elif earlier is not flow:
                self._hand_over(earlier, flow, back)
        return lost

    def commit(self) -> None:
        """Lets go of what is of the old graph only: from here on there is no way back."""
        # A provider that goes may write until its task has ended: a ring without room stops it.
        for ring in self._closed:
            ring.close()
        for flow in self.plane.flows.values():
            self._forget(flow)
        self._relocate()

    @cached_property
    def _exchanged(self) -> tuple[tuple[IngressRing, IngressRing], ...]:
        """Rings, old and new, of a provider that there was before."""
        after = self.plane.ingresses
        return tuple(
            (old, after[name][event])
            for name, rings in self.before.ingresses.items()
            for event, old in rings.items()
            if event in after.get(name, {}) and after[name][event] is not old
        )

    @cached_property
    def _closed(self) -> tuple[IngressRing, ...]:
        """Rings that the new plane does not have."""
        here = {id(ring) for rings in self.plane.ingresses.values() for ring in rings.values()}
        before = (ring for rings in self.before.ingresses.values() for ring in rings.values())
        return tuple(ring for ring in before if id(ring) not in here)

    @cached_property
    def _inherited(self) -> frozenset[str]:
        """Rings between routes whose content goes into others."""
        both = self.before.links.keys() & self.plane.links.keys()
        pairs = ((id, self.before.links[id], self.plane.links[id]) for id in both)
        return frozenset(id for id, old, new in pairs if old is not new and _same_event(old, new))

    @cached_property
    def _lasting(self) -> frozenset[str]:
        """Rings between routes whose content is still read."""
        before = self.before.links.items()
        shared = frozenset(id for id, ring in before if self.plane.links.get(id) is ring)
        return shared | self._inherited

    def _keeps_held(self, earlier: RouteFlow, flow: RouteFlow) -> bool:
        """Whether all that the stages hold back has a place in the new flow. Where only a part has, all of it
        is delivered before: a kernel closes all of its windows or none."""
        if earlier.kernel is flow.kernel:
            return True
        held = {i for i, stage in enumerate(earlier.node.stages) if isinstance(stage, BUFFERING_STAGES)}
        return held <= {old for old, _ in self._transferred(earlier, flow)}

    def _transferred(self, earlier: RouteFlow, flow: RouteFlow) -> Iterator[tuple[int, int]]:
        name = flow.node.name
        behind = (plane.graph.index.providers_behind[name] for plane in (self.before, self.plane))
        return transferred_stages(earlier.node, flow.node, *behind)

    def _end(self, earlier: RouteFlow) -> int:
        """Lets go of what has no place to be held in any more; how many events are lost with a flow."""
        flow = self.plane.flows.get(earlier.node.name)
        if flow is earlier:
            return 0
        if flow is None or flow.node.event != earlier.node.event:
            return earlier.flush(self.plane.ingest) + earlier.backlog
        lost = 0 if self._keeps_held(earlier, flow) else earlier.flush(self.plane.ingest)
        still = flow.node.sources
        gone = {name for name in earlier.read if name not in still and name not in self._lasting}
        return lost + earlier.backlog_of(gone)

    def _hand_over(self, earlier: RouteFlow, flow: RouteFlow, back: ExitStack) -> None:
        flow.inherit(earlier)
        for edge in set(flow.edges) & set(earlier.edges):
            back.callback(edge.change_source(flow.layout, flow.streams))
        if flow.kernel is earlier.kernel:
            return
        stages = self._transferred(earlier, flow)
        if not self._keeps_held(earlier, flow):
            stages = ((i, j) for i, j in stages if not isinstance(earlier.node.stages[i], BUFFERING_STAGES))
        transfer_state(earlier.kernel, flow.kernel, stages)

    def _forget(self, flow: RouteFlow) -> None:
        for name in set(self.restarted).intersection(self.plane.graph.index.providers_behind[flow.node.name]):
            for memory in flow.kernel.stage_states().values():
                memory.forget(self.plane.codes.providers.index(name))

    def _relocate(self) -> None:
        """The same route may stand in another line now."""
        for route in self.plane.graph.routes:
            self.plane.flows[route.name].node = route


def _same_event(old: LinkRing, new: LinkRing) -> bool:
    return old.layout.event == new.layout.event


def plan_migration(before: DataPlane, graph: Graph, plan: Plan) -> PlaneMigration:
    """Builds the plane of `graph` beside the running one. Raises `OutOfCodes`, `KernelFault`, and
    `MemoryError`; nothing has changed then."""
    codes = before.codes.grown(graph)
    for what, names in (("symbols", codes.symbols), ("providers", codes.providers)):
        if len(names) > MAX_CODES:
            raise OutOfCodes(what)
    plane = build_data_plane(graph, before.ingest, Reuse(before, plan))
    steps = (step for step in plan.steps if step.kind == "provider")
    restarted = tuple(step.name for step in steps if step.action is NodeAction.RESTARTED)
    return PlaneMigration(before, plane, restarted)
