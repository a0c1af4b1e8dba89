"""What every drawing of a graph shows: boxes in lanes, and the links between them.

A diagram holds no places: the same graph hash gives the same diagram, wherever its lines stand.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from meltica_compiler.draw.keys import Keys, keys_of, link_key
from meltica_compiler.draw.orders import Gate, gates, listens, venues
from meltica_compiler.graph.dag import depths
from meltica_compiler.graph.graph import Edge, Graph, Ingress, ProviderNode, RouteNode, SinkNode, StrategyNode
from meltica_compiler.graph.stage_text import stage_text
from meltica_compiler.text.amounts import HASH_LENGTH, show_bytes, show_count, total_line
from meltica_compiler.text.spelling import sink_schema, spell_limits, spell_place, spell_settings
from meltica_dsl.model.pipeline import FullPolicy


class Lane(Enum):
    PROVIDERS = "providers"
    ROUTES = "routes"
    STRATEGIES = "strategies"
    SINKS = "sinks"
    RISK = "risk"
    VENUES = "venues"


class LinkKind(Enum):
    """`FEED`: a route reads an ingress ring. `DRY`: orders that a dry run holds back."""

    FEED = "feed"
    BLOCKING = "blocking"
    LOSSY = "lossy"
    ORDERS = "orders"
    DRY = "dry"


class Mark(Enum):
    """What becomes of a box or link when one graph takes the place of another."""

    KEPT = "kept"
    MOVED = "state moved"
    RESTARTED = "restarted"
    ADDED = "added"
    REMOVED = "removed"


class Row(Struct, frozen=True):
    """A line of small text in a box; `port` names it when links begin there."""

    text: str
    amount: str = ""
    port: str = ""


class Box(Struct, frozen=True):
    """`note` stands beside the name: the adapter, the event, the selector, the kind. `brief` stands
    there instead in a drawing so large that a box is one line. `members` are the keys of the boxes that
    a family stands for, none for a box of its own."""

    key: str
    lane: Lane
    name: str
    note: str
    rows: tuple[Row, ...]
    brief: str
    members: tuple[str, ...] = ()
    mark: Mark | None = None


class Link(Struct, frozen=True):
    """`ring` in lines: pool, capacity and policy, then bytes. `remark` is what a legend cannot say.
    `bytes` is the memory of all the rings that the link stands for."""

    key: str
    kind: LinkKind
    tail: str
    head: str
    ring: tuple[str, ...] = ()
    remark: str = ""
    tail_port: str = ""
    bytes: int = 0
    mark: Mark | None = None


class Diagram(Struct, frozen=True):
    """`title` and `summary` stand above the drawing."""

    title: str
    summary: str
    boxes: tuple[Box, ...]
    links: tuple[Link, ...]

    def lane(self, lane: Lane) -> tuple[Box, ...]:
        return tuple(box for box in self.boxes if box.lane is lane)

    def chains(self) -> tuple[Link, ...]:
        """The links from routes to routes that read them."""
        routes = {box.key for box in self.lane(Lane.ROUTES)}
        return tuple(link for link in self.links if link.tail in routes and link.head in routes)


def diagram(graph: Graph, keys: Keys | None = None) -> Diagram:
    """The diagram of a graph. `keys`, where it is to be laid beside another's, are those of both."""
    keys = keys_of(graph) if keys is None else keys
    boxes = [_provider(p, keys) for p in graph.providers if listens(p)]
    rings = {edge.route: pool_note(edge) for edge in graph.all_edges}
    boxes += [_route(r, keys, rings.get(r.name, r.pool)) for r in downstream(graph)]
    boxes += [_strategy(s, keys) for s in graph.strategies]
    boxes += [_sink(s, keys) for s in graph.sinks]
    boxes += [_gate(g, keys) for g in gates(graph)]
    boxes += [_venue(v, keys) for v in venues(graph)]
    links = [*_feeds(graph, keys), *_edges(graph, keys), *_orders(graph, keys)]
    summary = f"#{graph.hash[:HASH_LENGTH]} · {total_line(graph)}"
    return Diagram(graph.pipeline, summary, tuple(boxes), tuple(links))


def downstream(graph: Graph) -> tuple[RouteNode, ...]:
    """The routes in the order of the flow: each behind those that it reads."""
    depth_of = depths((edge.route, edge.target) for edge in graph.links)
    return tuple(sorted(graph.routes, key=lambda route: depth_of.get(route.name, 0)))


def route_note(route: RouteNode) -> str:
    """What the route gives, after what it takes where its stages change that."""
    note = event_note(route.event, route.depth)
    return note if route.gives == route.event else f"{note} → {route.gives}"


def event_note(event: str, depth: int) -> str:
    return f"{event} {depth}" if depth else event


def pool_note(edge: Edge) -> str:
    """The ring of an edge: `market 65,536 × drop_oldest`."""
    return f"{edge.pool} {show_count(edge.capacity)} × {edge.policy.value}"


def is_lossy(policy: FullPolicy) -> bool:
    return policy is not FullPolicy.BLOCK


def _provider(node: ProviderNode, keys: Keys) -> Box:
    rows = (Row(", ".join(node.symbols)), *(_ingress(i) for i in node.ingresses))
    brief = f"{node.adapter} · {show_bytes(sum(i.ring_bytes for i in node.ingresses))}"
    return Box(keys.providers[node.name], Lane.PROVIDERS, node.name, node.adapter, rows, brief)


def _ingress(ingress: Ingress) -> Row:
    amount = f"{show_count(ingress.capacity)} · {show_bytes(ingress.ring_bytes)}"
    return Row(event_note(ingress.event, ingress.depth), amount, ingress.event)


def _route(node: RouteNode, keys: Keys, ring: str) -> Box:
    rows = [Row(f"| {stage_text(stage)}") for stage in node.stages]
    if node.durable:
        rows.append(Row("durable"))
    note = route_note(node)
    brief = f"{note} · {ring}"
    return Box(keys.routes[node.name], Lane.ROUTES, node.name, note, tuple(rows), brief)


def _strategy(node: StrategyNode, keys: Keys) -> Box:
    rows = [Row(node.module.display_name or node.module.name, node.module.tag)]
    if node.trade_on is not None and node.dry_run:
        rows.append(Row("dry run", "orders held back"))
    rows.append(Row("inbox", show_bytes(node.inbox_bytes)))
    if node.place is not None:
        rows.append(Row("runs on", spell_place(node.place)))
    rows += [Row(key, value) for key, value in spell_settings(node.config)]
    key = keys.strategies[node.name]
    return Box(key, Lane.STRATEGIES, node.name, node.selector, tuple(rows), node.selector)


def _sink(node: SinkNode, keys: Keys) -> Box:
    rows = tuple(Row(key, value) for key, value in spell_settings(node.settings, sink_schema(node.kind)))
    return Box(keys.sinks[node.name], Lane.SINKS, node.name, node.kind, rows, node.kind)


def _gate(gate: Gate, keys: Keys) -> Box:
    rows = tuple(Row(key, value) for key, value in spell_limits(gate.risk))
    way = f"before {gate.venue}"
    return Box(keys.gate(gate), Lane.RISK, gate.risk.name, way, rows, way)


def _venue(node: ProviderNode, keys: Keys) -> Box:
    rows = (Row("takes orders"),)
    return Box(keys.venues[node.name], Lane.VENUES, node.name, node.adapter, rows, node.adapter)


def _feeds(graph: Graph, keys: Keys) -> list[Link]:
    return [
        Link(
            link_key(keys.providers[source], keys.routes[route.name]),
            LinkKind.FEED,
            keys.providers[source],
            keys.routes[route.name],
            tail_port=route.event,
        )
        for route in graph.routes
        for source in dict.fromkeys(route.sources)
    ]


def _edges(graph: Graph, keys: Keys) -> list[Link]:
    return [
        Link(
            link_key(keys.routes[edge.route], keys.target(edge.target_kind, edge.target)),
            LinkKind.LOSSY if is_lossy(edge.policy) else LinkKind.BLOCKING,
            keys.routes[edge.route],
            keys.target(edge.target_kind, edge.target),
            (pool_note(edge), _edge_bytes(edge)),
            bytes=edge.ring_bytes + edge.waiting_bytes,
        )
        for edge in graph.all_edges
    ]


def _edge_bytes(edge: Edge) -> str:
    waiting = f" + {show_bytes(edge.waiting_bytes)} waiting" if edge.waiting_bytes else ""
    return show_bytes(edge.ring_bytes) + waiting


def _orders(graph: Graph, keys: Keys) -> list[Link]:
    by_pair = {(gate.risk.name, gate.venue): gate for gate in gates(graph)}
    links = []
    for strategy in graph.strategies:
        if strategy.trade_on is None:
            continue
        kind = LinkKind.DRY if strategy.dry_run else LinkKind.ORDERS
        tail = keys.strategies[strategy.name]
        if strategy.risk is None:
            head, remark = keys.venues[strategy.trade_on], "no risk limits"
        else:
            head, remark = keys.gate(by_pair[strategy.risk.name, strategy.trade_on]), ""
        links.append(Link(link_key(tail, head), kind, tail, head, remark=remark))
    for gate in by_pair.values():
        kind = LinkKind.ORDERS if gate.live else LinkKind.DRY
        tail, head = keys.gate(gate), keys.venues[gate.venue]
        links.append(Link(link_key(tail, head), kind, tail, head))
    return links
