"""What each node of a graph is, as pairs of a name and a text in the language's spelling: what a plan
compares, line by line. Everything that the graph's hash covers is in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meltica_compiler.graph.graph import Edge, Graph, ProviderNode, RouteNode, SinkNode, StrategyNode
from meltica_compiler.text.spelling import (
    adapter_schema,
    sink_schema,
    spell_limits,
    spell_linger,
    spell_place,
    spell_setting,
    spell_settings,
)
from meltica_dsl.model.value_text import duration_text

Facts = Mapping[str, str]
"""In the order in which they are shown."""


def pipeline_facts(graph: Graph) -> Facts:
    facts = {"name": graph.pipeline}
    if graph.memory_budget is not None:
        facts["memory"] = _size(graph.memory_budget.bytes)
    if graph.latency_budget is not None:
        facts["latency"] = duration_text(graph.latency_budget)
    return facts


def provider_facts(node: ProviderNode) -> Facts:
    """Without its rings, which a plan looks at one by one."""
    settings = spell_settings(node.settings, adapter_schema(node.adapter))
    return {"adapter": node.adapter, "symbols": _listed(node.symbols), **dict(settings)}


def route_facts(node: RouteNode) -> Facts:
    """Without its stages, which have no names to compare them by."""
    return {
        "event": node.event,
        "gives": node.gives,
        "sources": _listed((*node.sources, *node.routes)),
        "pool": node.pool,
        "durable": "true" if node.durable else "false",
    }


def strategy_facts(node: StrategyNode) -> Facts:
    """What a running instance cannot take in: where one of these changes, a new instance is born."""
    facts = {"module": f"{node.module.name} {node.module.sha256[:12]}"}
    facts |= {f"config {key}": spell_setting(value) for key, value in sorted(node.config.items())}
    if node.trade_on is not None:
        facts |= {"trade_on": node.trade_on, "symbols": _listed(node.trade_symbols)}
    if node.place is not None:
        facts["place"] = spell_place(node.place)
    return facts | {
        "dry_run": "true" if node.dry_run else "false",
        "linger": spell_linger(node.linger),
        "memory": _size(node.memory.bytes),
        "drain_limit": duration_text(node.drain_limit),
        "restarts": str(node.restarts),
    }


def strategy_terms(node: StrategyNode) -> Facts:
    """What changes around a running instance: the limits of its orders, and what its module is called."""
    facts = {"selector": node.selector}
    if node.risk is not None:
        facts |= {"risk": node.risk.name, **dict(spell_limits(node.risk))}
        # Of no effect without the limit that they belong to, but part of what the file says.
        facts |= {
            "order_burst": str(node.risk.order_burst),
            "notional_currency": node.risk.notional_currency or "",
        }
    return facts


def sink_facts(node: SinkNode) -> Facts:
    return {"kind": node.kind, **dict(spell_settings(node.settings, sink_schema(node.kind)))}


def edge_facts(edge: Edge) -> Facts:
    """The ring of an edge; the name of its pool is the route's."""
    facts = {"event": edge.event, "events": f"{edge.capacity:_}", "on_full": edge.policy.value}
    return facts | ({"depth": str(edge.depth)} if edge.depth else {})


def changed(old: Facts, new: Facts) -> Iterator[tuple[str, str, str]]:
    """Name, text before and text after of what differs; a text is empty where there is nothing."""
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name, ""), new.get(name, "")
        if before != after:
            yield name, before, after


def _listed(names: tuple[str, ...]) -> str:
    return f"[{', '.join(names)}]"


def _size(count: int) -> str:
    """An amount of memory, exactly."""
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count and count % size == 0:
            return f"{count // size:_}{unit}"
    return f"{count:_}B"
