"""The data plane of the graph to come, built beside the running one and put in its place between two turns of
the pump.

Building touches nothing that runs. What is unchanged is shared: its rings, its kernels, its flows. Positions
in a ring count all records ever, so that they stay what they are when a ring is exchanged for another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property

from msgspec.structs import replace

from meltica_compiler.analyses.state_transfer import transferred_stages
from meltica_compiler.graph.canonical import content_text
from meltica_compiler.graph.graph import Edge, Graph, ProviderNode, RouteNode
from meltica_compiler.graph.upstream import link_id, providers_behind, routes_in_order
from meltica_compiler.kernels.expressions import Codes
from meltica_compiler.kernels.load import load_kernel, transfer_state
from meltica_compiler.passes.memory import MAX_CODES
from meltica_compiler.plan.plan import NodeAction, Plan
from meltica_compiler.records.layout import record_layout
from meltica_dsl.model.pipeline import BUFFERING_STAGES, FullPolicy
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.dataplane.ingress_ring import IngressRing
from meltica_runtime.dataplane.link_ring import LinkRing, RouteSource
from meltica_runtime.dataplane.plane import DataPlane, edge_ring, open_flow
from meltica_runtime.dataplane.route_flow import RouteFlow


@dataclass(frozen=True, slots=True)
class RingTooSmall(Exception):
    """A new ring does not hold what routes have still to read in the old one. `writer` is the id of the
    provider or route that writes it."""

    writer: str
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
    plan: Plan
    restarted: tuple[str, ...]
    """Providers whose events are no longer those of before."""
    exchanged: tuple[tuple[IngressRing, IngressRing], ...]
    """Rings, old and new, of a provider that there was before."""
    closed: tuple[IngressRing, ...] = ()

    def check(self) -> None:
        """Raises `RingTooSmall`. To be asked in the same turn as `apply`."""
        for name, rings in self.plane.ingresses.items():
            for event, ring in rings.items():
                old = self.before.ingresses.get(name, {}).get(event, ring)
                if old.unread > ring.capacity:
                    raise RingTooSmall(f"provider:{name}", event, old.unread, ring.capacity)
        for edge in self.plane.graph.links:
            new = self.plane.links[edge.id]
            if edge.id in self._inherited and new.edge.policy is FullPolicy.BLOCK:
                unread = self.before.links[edge.id].unread
                if unread > edge.capacity:
                    raise RingTooSmall(f"route:{edge.route}", edge.event, unread, edge.capacity)

    def apply(self, back: ExitStack) -> int:
        """Lets the new flows go on where the old ones stand, and puts the ways back on the stack. All that
        arrived before has gone the old way, as far as blocking edges let it. How many events were lost,
        because a route that is not there any more could not deliver them.

        Taken back, the old flows stand where they stood. Windows that have no place in the new graph have
        closed early then: what they held back is delivered.
        """
        ingest = self.plane.ingest
        lost = sum(self._end(flow) for flow in self.before.flows.values())
        for old, new in self.exchanged:
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
        for ring in (*self.closed, *(old for old, _ in self.exchanged)):
            ring.close()
        for flow in self.plane.flows.values():
            self._forget(flow)
        self._relocate()

    @cached_property
    def _behind(self) -> Mapping[str, tuple[str, ...]]:
        return providers_behind(self.plane.graph)

    @cached_property
    def _behind_before(self) -> Mapping[str, tuple[str, ...]]:
        return providers_behind(self.before.graph)

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
        if earlier.kernel is flow.kernel:
            return True
        held = {i for i, stage in enumerate(earlier.node.stages) if isinstance(stage, BUFFERING_STAGES)}
        return held <= {old for old, _ in self._carried(earlier, flow)}

    def _carried(self, earlier: RouteFlow, flow: RouteFlow) -> Iterator[tuple[int, int]]:
        name = flow.node.name
        return transferred_stages(earlier.node, flow.node, self._behind_before[name], self._behind[name])

    def _end(self, earlier: RouteFlow) -> int:
        """Lets go of what has no place to be held in any more; how many events are lost with a flow."""
        flow = self.plane.flows.get(earlier.node.name)
        if flow is None or flow.node.event != earlier.node.event:
            return earlier.flush(self.plane.ingest) + earlier.backlog
        lost = 0 if self._keeps_held(earlier, flow) else earlier.flush(self.plane.ingest)
        return lost + earlier.backlog_without({*flow.node.sources, *self._lasting})

    def _hand_over(self, earlier: RouteFlow, flow: RouteFlow, back: ExitStack) -> None:
        flow.inherit(earlier)
        for edge in set(flow.edges) & set(earlier.edges):
            back.callback(edge.change_source(flow.layout, flow.streams))
        if flow.kernel is earlier.kernel:
            return
        stages = self._carried(earlier, flow)
        if not self._keeps_held(earlier, flow):
            stages = ((i, j) for i, j in stages if not isinstance(earlier.node.stages[i], BUFFERING_STAGES))
        transfer_state(earlier.kernel, flow.kernel, stages)

    def _forget(self, flow: RouteFlow) -> None:
        for name in set(self.restarted).intersection(self._behind[flow.node.name]):
            for memory in flow.kernel.stage_states().values():
                memory.forget(self.plane.codes.providers.index(name))

    def _relocate(self) -> None:
        """The same route may stand in another line now."""
        for route in self.plane.graph.routes:
            self.plane.flows[route.name].node = route


def _same_event(old: LinkRing, new: LinkRing) -> bool:
    return old.layout.event == new.layout.event


def plan_migration(before: DataPlane, graph: Graph, plan: Plan) -> PlaneMigration:
    """Raises `OutOfCodes`, `KernelFault`, and `MemoryError`; nothing has changed then."""
    codes = before.codes.grown(graph)
    for what, names in (("symbols", codes.symbols), ("providers", codes.providers)):
        if len(names) > MAX_CODES:
            raise OutOfCodes(what)
    return _Building(before, graph, plan, codes).build()


@dataclass
class _Building:
    before: DataPlane
    graph: Graph
    plan: Plan
    codes: Codes
    exchanged: list[tuple[IngressRing, IngressRing]] = field(default_factory=list)
    links: dict[str, LinkRing] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._behind = providers_behind(self.graph)
        self._behind_before = providers_behind(self.before.graph)

    def build(self) -> PlaneMigration:
        ingresses = {node.name: self._rings(node) for node in self.graph.providers}
        edges: dict[str, EdgeRing] = {}
        flows: dict[str, RouteFlow] = {}
        for route in routes_in_order(self.graph):
            flows[route.name] = self._flow(route, ingresses, edges, flows)
        ingest = self.before.ingest
        plane = DataPlane(self.graph, self.codes, ingest, ingresses, edges, flows, self.links)
        here = {id(ring) for rings in ingresses.values() for ring in rings.values()}
        gone = [r for rings in self.before.ingresses.values() for r in rings.values() if id(r) not in here]
        exchanged = {id(old) for old, _ in self.exchanged}
        restarted = tuple(
            node.name for node in self.graph.providers if self.plan.action(node.id) is NodeAction.RESTARTED
        )
        closed = tuple(ring for ring in gone if id(ring) not in exchanged)
        return PlaneMigration(self.before, plane, self.plan, restarted, tuple(self.exchanged), closed)

    def _rings(self, node: ProviderNode) -> dict[str, IngressRing]:
        rings: dict[str, IngressRing] = {}
        for ingress in node.ingresses:
            layout = record_layout(ingress.event, ingress.depth)
            old = self.before.ingresses.get(node.name, {}).get(ingress.event)
            if old is not None and (old.layout, old.capacity) == (layout, ingress.capacity):
                rings[ingress.event] = old
                continue
            rings[ingress.event] = IngressRing(layout, ingress.capacity)
            if old is not None:
                self.exchanged.append((old, rings[ingress.event]))
        return rings

    def _flow(
        self,
        route: RouteNode,
        ingresses: Mapping[str, Mapping[str, IngressRing]],
        edges: dict[str, EdgeRing],
        flows: Mapping[str, RouteFlow],
    ) -> RouteFlow:
        sources: tuple[RouteSource, ...] = (
            *(ingresses[name][route.event] for name in route.sources),
            *(self.links[link_id(name, route.name)] for name in route.routes),
        )
        listed = {node.name: len(node.symbols) for node in self.graph.providers}
        streams = sum(listed[name] for name in self._behind[route.name])
        own = {
            edge.id: self._edge(edge, route, sources, streams)
            for edge in self.graph.all_edges
            if edge.route == route.name
        }
        edges.update(own)
        feeders = tuple(flows[name] for name in route.routes)
        rings = tuple(own.values())
        old = self.before.flows.get(route.name)
        if old is None or not self._same_kernel(old, route, sources):
            kernel = load_kernel(route, self.graph, self.codes)
        elif (old.sources, old.edges, old.feeders) == (sources, rings, feeders):
            return old
        else:
            kernel = old.kernel
        return open_flow(route, kernel, sources, own, streams, feeders)

    def _same_kernel(self, old: RouteFlow, route: RouteNode, sources: tuple[RouteSource, ...]) -> bool:
        """Whether the running kernel does what the route's own would do."""
        if content_text(old.node) != content_text(route):
            return False
        before, after = ([ring.layout for ring in rings] for rings in (old.sources, sources))
        return before == after and self._symbols_of(route) == self._symbols_before(old.node)

    def _link(self, edge: Edge, route: RouteNode, sources: tuple[RouteSource, ...], streams: int) -> EdgeRing:
        """The ring to another route: the same one, where nothing about it has changed."""
        old = {link.id: link for link in self.before.graph.links}.get(edge.id)
        if old is not None and replace(old, location=edge.location) == edge:
            self.links[edge.id] = self.before.links[edge.id]
            return self.before.edges[edge.id]
        ring = edge_ring(edge, route, sources, streams)
        self.links[edge.id] = LinkRing(ring)
        return ring

    def _symbols_of(self, route: RouteNode) -> dict[str, tuple[str, ...]]:
        return {
            node.name: node.symbols for node in self.graph.providers if node.name in self._behind[route.name]
        }

    def _symbols_before(self, route: RouteNode) -> dict[str, tuple[str, ...]]:
        nodes, behind = self.before.graph.providers, self._behind_before[route.name]
        return {node.name: node.symbols for node in nodes if node.name in behind}

    def _edge(self, edge: Edge, route: RouteNode, sources: tuple[RouteSource, ...], streams: int) -> EdgeRing:
        if edge.target_kind == "route":
            return self._link(edge, route, sources, streams)
        target = self.plan.action(f"{edge.target_kind}:{edge.target}")
        if target.stays:
            return self.before.edges[edge.id]
        return edge_ring(edge, route, sources, streams)
