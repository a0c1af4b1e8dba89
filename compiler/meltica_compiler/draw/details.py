"""What the HTML page tells of each box and link, place in the file included."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from meltica_compiler.adapters.setting_schema import SettingSpec
from meltica_compiler.draw.diagram import event_note, is_lossy, route_note
from meltica_compiler.draw.keys import Keys, link_key
from meltica_compiler.draw.orders import Gate, gates, listens, venues
from meltica_compiler.graph.graph import (
    Edge,
    Graph,
    Ingress,
    ProviderNode,
    RouteNode,
    SettingValue,
    SinkNode,
    StrategyNode,
)
from meltica_compiler.graph.stage_text import stage_text
from meltica_compiler.text.amounts import show_bytes, show_count
from meltica_compiler.text.spelling import (
    adapter_schema,
    sink_schema,
    spell_limits,
    spell_linger,
    spell_place,
    spell_settings,
)
from meltica_dsl.model.value_text import duration_text

Facts = tuple[tuple[str, str], ...]


class Detail(Struct, frozen=True):
    """`kind` says what it is; `facts` are (what, value) for people to read."""

    key: str
    kind: str
    name: str
    facts: Facts


def details(graph: Graph, keys: Keys) -> tuple[Detail, ...]:
    return (*box_details(graph, keys), *link_details(graph, keys))


def box_details(graph: Graph, keys: Keys) -> Iterator[Detail]:
    """One for each box of the diagram, in its order."""
    for provider in filter(listens, graph.providers):
        yield Detail(keys.providers[provider.name], "provider", provider.name, _provider(provider))
    for route in graph.routes:
        yield Detail(keys.routes[route.name], "route", route.name, _route(route))
    for strategy in graph.strategies:
        yield Detail(keys.strategies[strategy.name], "strategy", strategy.name, _strategy(strategy))
    for sink in graph.sinks:
        yield Detail(keys.sinks[sink.name], "sink", sink.name, _sink(sink))
    for gate in gates(graph):
        yield Detail(keys.gate(gate), "risk", gate.risk.name, _gate(gate))
    for venue in venues(graph):
        yield Detail(keys.venues[venue.name], "venue", venue.name, _provider(venue))


def link_details(graph: Graph, keys: Keys) -> Iterator[Detail]:
    """One for each link that holds memory; the others say all they have to say by their ends."""
    for route in graph.routes:
        for provider in graph.providers:
            if provider.name in route.sources:
                yield _feed(provider, route, keys)
    for edge in graph.all_edges:
        key = link_key(keys.routes[edge.route], keys.target(edge.target_kind, edge.target))
        yield Detail(key, "ring", f"{edge.route} → {edge.target}", _edge(edge))


def _provider(node: ProviderNode) -> Facts:
    rings = tuple((f"{event_note(i.event, i.depth)} ring", _ingress(i)) for i in node.ingresses)
    orders = (("orders", "strategies trade here"),) if node.trades else ()
    return (
        ("adapter", node.adapter),
        ("symbols", ", ".join(node.symbols)),
        *orders,
        *rings,
        *_settings("setting", node.settings, adapter_schema(node.adapter)),
        ("place", str(node.location)),
    )


def _ingress(ring: Ingress) -> str:
    return f"{show_count(ring.capacity)} × {ring.record_bytes} B = {show_bytes(ring.ring_bytes)}"


def _route(node: RouteNode) -> Facts:
    return (
        ("event", route_note(node)),
        ("from", ", ".join((*node.sources, *node.routes))),
        *(("stage", stage_text(stage)) for stage in node.stages),
        ("pool", node.pool),
        *((("durable", "yes"),) if node.durable else ()),
        ("place", str(node.location)),
    )


def _strategy(node: StrategyNode) -> Facts:
    module = node.module
    trading: Facts = ()
    if node.trade_on is not None:
        risk = node.risk.name if node.risk is not None else "none: no limits"
        run = "yes, orders are held back" if node.dry_run else "no"
        symbols = ", ".join(node.trade_symbols)
        trading = (("trades", f"{symbols} on {node.trade_on}"), ("risk", risk), ("dry run", run))
    return (
        ("selector", node.selector),
        ("module", f"{module.display_name} {module.tag}"),
        ("does", module.description),
        ("handles", ", ".join(module.events)),
        ("file", module.path),
        ("sha256", module.sha256),
        *trading,
        *_settings("config", node.config),
        ("inbox", f"{show_bytes(node.inbox_bytes)} ({show_count(node.inbox_bytes)} B)"),
        ("memory limit", show_bytes(node.memory.bytes)),
        ("linger", spell_linger(node.linger)),
        ("drain limit", duration_text(node.drain_limit)),
        ("restarts", str(node.restarts)),
        *((("runs on", spell_place(node.place)),) if node.place is not None else ()),
        ("place", str(node.location)),
    )


def _sink(node: SinkNode) -> Facts:
    settings = _settings("setting", node.settings, sink_schema(node.kind))
    return (("kind", node.kind), *settings, ("place", str(node.location)))


def _gate(gate: Gate) -> Facts:
    way = "orders reach the venue" if gate.live else "dry run: orders are held back"
    return (
        *spell_limits(gate.risk),
        ("guards", ", ".join(gate.strategies)),
        ("venue", f"{gate.venue}: {way}"),
    )


def _feed(provider: ProviderNode, route: RouteNode, keys: Keys) -> Detail:
    key = link_key(keys.providers[provider.name], keys.routes[route.name])
    rings = [ring for ring in provider.ingresses if ring.event == route.event]
    facts = (("event", route.event), *(("ingress ring", _ingress(ring)) for ring in rings))
    return Detail(key, "ingress", f"{provider.name} → {route.name}", facts)


def _edge(edge: Edge) -> Facts:
    loss = "this edge alone may lose events" if is_lossy(edge.policy) else "stalls the providers behind it"
    waiting = (("waiting places", show_bytes(edge.waiting_bytes)),) if edge.waiting_bytes else ()
    return (
        ("event", event_note(edge.event, edge.depth)),
        ("pool", edge.pool),
        ("when full", f"{edge.policy.value}: {loss}"),
        ("capacity", f"{show_count(edge.capacity)} × {edge.record_bytes} B"),
        ("ring", f"{show_bytes(edge.ring_bytes)} ({show_count(edge.ring_bytes)} B)"),
        *waiting,
        ("place", str(edge.location)),
    )


def _settings(prefix: str, settings: dict[str, SettingValue], schema: tuple[SettingSpec, ...] = ()) -> Facts:
    return tuple((f"{prefix} {key}", value) for key, value in spell_settings(settings, schema))
