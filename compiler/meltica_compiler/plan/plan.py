"""What becomes of each node when one graph takes the place of another, and why.

A plan is a value; the gateway does what it says, so that what is shown is what happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from difflib import SequenceMatcher
from enum import Enum
from functools import cached_property
from typing import TypeVar

from msgspec import Struct, field

from meltica_compiler.adapters.adapters import ADAPTERS
from meltica_compiler.analyses.state_transfer import is_stateful, transferred_stages
from meltica_compiler.graph.canonical import same_content
from meltica_compiler.graph.graph import Edge, Graph, Node, ProviderNode, RouteNode, SinkNode, StrategyNode
from meltica_compiler.graph.node_id import NodeId
from meltica_compiler.graph.stage_text import stage_text
from meltica_compiler.plan.facts import (
    changed,
    edge_facts,
    pipeline_facts,
    provider_facts,
    route_facts,
    sink_facts,
    strategy_facts,
    strategy_terms,
)
from meltica_dsl.text.source import Location

_ON_PAPER = frozenset(name for name, adapter in ADAPTERS.items() if adapter.is_on_paper)
_EXTENDING = frozenset(name for name, adapter in ADAPTERS.items() if adapter.extends)


class NodeAction(Enum):
    """What becomes of a node."""

    KEPT = "kept"
    """It runs on and notices nothing."""
    MOVED = "state moved"
    """It is changed, and keeps what it knows."""
    RESTARTED = "restarted"
    """A new one takes its place, and begins with nothing."""
    ADDED = "added"
    REMOVED = "removed"

    @property
    def stays(self) -> bool:
        """What runs now runs on."""
        return self in (NodeAction.KEPT, NodeAction.MOVED)

    @property
    def comes(self) -> bool:
        """There is a new one."""
        return self in (NodeAction.ADDED, NodeAction.RESTARTED)

    @property
    def goes(self) -> bool:
        """What runs now ends."""
        return self in (NodeAction.REMOVED, NodeAction.RESTARTED)


class Reason(Struct, frozen=True):
    """`before` and `after` are in the language's spelling, and empty where there is nothing. With both empty
    `what` is a whole sentence."""

    what: str
    before: str = ""
    after: str = ""


class PlanStep(Struct, frozen=True):
    """One node. `before` and `after` are the `file:line` of its declarations, empty where there is none."""

    id: str
    kind: str
    """`pipeline`, `provider`, `route`, `strategy` or `sink`."""
    name: str
    action: NodeAction = field(name="fate")
    """`fate` in JSON."""
    reasons: tuple[Reason, ...]
    before: str
    after: str


class Plan(Struct, frozen=True, dict=True):
    """Steps in the order of flow, those of kept nodes too. Hashes and bytes are those of the graphs."""

    pipeline: str
    old_hash: str
    new_hash: str
    old_bytes: int
    new_bytes: int
    steps: tuple[PlanStep, ...]

    @property
    def changes(self) -> tuple[PlanStep, ...]:
        return tuple(step for step in self.steps if step.action is not NodeAction.KEPT)

    def action(self, id: str) -> NodeAction:
        """Of the node with this id, which one of the graphs has."""
        return self._actions[id]

    @cached_property
    def _actions(self) -> dict[str, NodeAction]:
        return {step.id: step.action for step in self.steps}


def plan(old: Graph, new: Graph) -> Plan:
    """What it takes to get from `old` to `new`. There are no changes exactly when the hashes are equal."""
    providers = tuple(_steps("provider", old.providers, new.providers, _provider))
    restarted = {step.name for step in providers if step.action is NodeAction.RESTARTED}
    change = _Change(old, new, frozenset(restarted))
    steps = (
        *_pipeline(old, new),
        *providers,
        *_steps("route", old.routes, new.routes, change.route),
        *_steps("strategy", old.strategies, new.strategies, change.strategy),
        *_steps("sink", old.sinks, new.sinks, change.sink),
    )
    return Plan(new.pipeline, old.hash, new.hash, old.total_bytes, new.total_bytes, steps)


Decision = tuple[NodeAction, list[Reason]]
_Node = TypeVar("_Node", ProviderNode, RouteNode, StrategyNode, SinkNode)


def _pipeline(old: Graph, new: Graph) -> Iterator[PlanStep]:
    reasons = [Reason(*difference) for difference in changed(pipeline_facts(old), pipeline_facts(new))]
    if reasons:
        yield PlanStep(
            "pipeline", "pipeline", new.pipeline, NodeAction.MOVED, tuple(reasons), old.file, new.file
        )


def _steps(
    kind: str, old: Iterable[_Node], new: Iterable[_Node], compare: Callable[[_Node, _Node], Decision]
) -> Iterator[PlanStep]:
    earlier: dict[str, _Node] = {node.name: node for node in old}
    later: dict[str, _Node] = {node.name: node for node in new}
    for name in sorted({*earlier, *later}):
        was, becomes = earlier.get(name), later.get(name)
        if was is None or becomes is None:
            there = was or becomes
            assert there is not None, "a name comes from one of the graphs"
            action = NodeAction.REMOVED if becomes is None else NodeAction.ADDED
            reasons = _left_behind(there) if becomes is None else []
        else:
            there = becomes
            action, reasons = compare(was, becomes)
        yield PlanStep(there.id, kind, name, action, tuple(reasons), _place(was), _place(becomes))


def _provider(old: ProviderNode, new: ProviderNode) -> Decision:
    """A ring may grow, shrink or go while a provider runs; not every one can be asked for more then."""
    if same_content(old, new):
        return NodeAction.KEPT, []
    again = [Reason(*difference) for difference in changed(provider_facts(old), provider_facts(new))]
    inside: list[Reason] = []
    more = inside if new.adapter in _EXTENDING else again
    was = {ring.event: ring for ring in old.ingresses}
    becomes = {ring.event: ring for ring in new.ingresses}
    more += [Reason(f"is now asked for {event} events") for event in becomes if event not in was]
    inside += [Reason(f"is no longer asked for {event} events") for event in was if event not in becomes]
    for ring in new.ingresses:
        if ring.event in was:
            earlier = was[ring.event]
            if earlier.depth != ring.depth:
                more.append(Reason(f"{ring.event} depth", str(earlier.depth), str(ring.depth)))
            if earlier.capacity != ring.capacity:
                inside.append(Reason(f"{ring.event} ring", f"{earlier.capacity:_}", f"{ring.capacity:_}"))
    if new.trades and not old.trades:
        (inside if new.adapter in _ON_PAPER else again).append(Reason("is now traded on"))
    elif old.trades and not new.trades:
        inside.append(Reason("is no longer traded on"))
    return _decide(old, new, [*again, *_left_behind(old)] if again else [], inside)


def _left_behind(node: Node) -> list[Reason]:
    """What goes with a node that ends."""
    if not (isinstance(node, ProviderNode) and node.trades and node.adapter in _ON_PAPER):
        return []
    return [Reason("its open orders on paper expire, its balances are forgotten")]


class _Change(Struct, frozen=True):
    """Judges what is not a provider, knowing which providers restart."""

    old: Graph
    new: Graph
    restarted: frozenset[str]

    def route(self, old: RouteNode, new: RouteNode) -> Decision:
        if self._is_same_route(old, new):
            return NodeAction.KEPT, []
        reasons = [Reason(*difference) for difference in changed(route_facts(old), route_facts(new))]
        reasons += _stages(old, new)
        behind_old = self.old.index.providers_behind[old.name]
        behind_new = self.new.index.providers_behind[new.name]
        if any(map(is_stateful, new.stages)):
            if behind_old != behind_new and not reasons:
                what = "hears through other routes of"
                reasons.append(Reason(what, ", ".join(behind_old), ", ".join(behind_new)))
            forgotten = self.restarted.intersection(behind_old, behind_new)
            reasons += [Reason(f"forgets what {name} sent, which restarts") for name in sorted(forgotten)]
        reasons += self._targets(old, new)
        carried = {before for before, _ in transferred_stages(old, new, behind_old, behind_new)}
        lost = [i for i, stage in enumerate(old.stages) if is_stateful(stage) and i not in carried]
        if old.event != new.event or lost:
            return _decide(old, new, reasons, [])
        return _decide(old, new, [], reasons)

    def strategy(self, old: StrategyNode, new: StrategyNode) -> Decision:
        if self._is_same_reader(old, new):
            return NodeAction.KEPT, []
        again = [Reason(*difference) for difference in changed(strategy_facts(old), strategy_facts(new))]
        again += self._inbound(old.id)
        terms = [Reason(*difference) for difference in changed(strategy_terms(old), strategy_terms(new))]
        terms += self._unheard(old.id)
        if not terms and not same_content(old.module, new.module):
            terms = [Reason("its module is registered anew")]
        return _decide(old, new, again, terms)

    def sink(self, old: SinkNode, new: SinkNode) -> Decision:
        if self._is_same_reader(old, new):
            return NodeAction.KEPT, []
        again = [Reason(*difference) for difference in changed(sink_facts(old), sink_facts(new))]
        return _decide(old, new, [*again, *self._inbound(old.id)], list(self._unheard(old.id)))

    # Nearly all nodes of a large graph are the same in the next one. For them there is nothing to tell, and
    # these two find that out without writing down what a node is.

    def _is_same_route(self, old: RouteNode, new: RouteNode) -> bool:
        before, after = self.old.index, self.new.index
        behind = before.providers_behind[old.name]
        return (
            same_content(old, new)
            and behind == after.providers_behind[new.name]
            and self.restarted.isdisjoint(behind)
            and same_content(before.edges_from(old.name), after.edges_from(new.name))
        )

    def _is_same_reader(self, old: StrategyNode | SinkNode, new: StrategyNode | SinkNode) -> bool:
        before, after = self.old.index, self.new.index
        return (
            same_content(old, new)
            and same_content(before.edges_into(old.id), after.edges_into(new.id))
            and before.symbols_heard(old.id) == after.symbols_heard(new.id)
        )

    def _targets(self, old: RouteNode, new: RouteNode) -> Iterator[Reason]:
        was = {edge.target: edge for edge in self.old.index.edges_from(old.name)}
        becomes = {edge.target: edge for edge in self.new.index.edges_from(new.name)}
        for target in sorted({*was, *becomes}):
            yield from _edge(f"-> {target}", was.get(target), becomes.get(target))

    def _inbound(self, target: NodeId) -> Iterator[Reason]:
        was = {edge.route: edge for edge in self.old.index.edges_into(target)}
        becomes = {edge.route: edge for edge in self.new.index.edges_into(target)}
        for route in sorted({*was, *becomes}):
            yield from _edge(f"edge from {route}", was.get(route), becomes.get(route))
        # A reader knows the names that there were when it was born, and what these are called in records.
        for provider, symbol in sorted(_heard(self.new, target) - _heard(self.old, target)):
            yield Reason(f"hears of {symbol} from {provider}")

    def _unheard(self, target: NodeId) -> Iterator[Reason]:
        for provider, symbol in sorted(_heard(self.old, target) - _heard(self.new, target)):
            yield Reason(f"hears no more of {symbol} from {provider}")


def _heard(graph: Graph, target: NodeId) -> frozenset[tuple[str, str]]:
    """The (provider, symbol) pairs that may reach a strategy or sink."""
    heard = graph.index.symbols_heard(target)
    return frozenset((provider, symbol) for provider, symbols in heard.items() for symbol in symbols)


def _edge(name: str, old: Edge | None, new: Edge | None) -> Iterator[Reason]:
    if old is None or new is None:
        yield Reason(name, "" if old is None else "there", "" if new is None else "there")
        return
    for what, before, after in changed(edge_facts(old), edge_facts(new)):
        yield Reason(f"{name}: {what}", before, after)


def _stages(old: RouteNode, new: RouteNode) -> Iterator[Reason]:
    """The stages that differ, one beside the other where one takes the place of another."""
    before = [stage_text(stage) for stage in old.stages]
    after = [stage_text(stage) for stage in new.stages]
    for tag, i, i_end, j, j_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        pairs = max(i_end - i, j_end - j)
        for k in range(pairs):
            yield Reason(
                "stage",
                before[i + k] if i + k < i_end else "",
                after[j + k] if j + k < j_end else "",
            )


def _decide(old: Node, new: Node, again: list[Reason], inside: list[Reason]) -> Decision:
    """Restarted for any reason of `again`, changed in place for those of `inside`, else kept."""
    if again:
        return NodeAction.RESTARTED, [*again, *inside]
    if inside:
        return NodeAction.MOVED, inside
    if not same_content(old, new):
        return NodeAction.RESTARTED, [Reason("its compiled form differs")]
    return NodeAction.KEPT, []


def _place(node: Node | None) -> str:
    return "" if node is None else _line(node.location)


def _line(location: Location) -> str:
    return f"{location.file}:{location.line}"
