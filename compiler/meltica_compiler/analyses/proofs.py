"""What the compiler has proved of a graph, as tables for people and as JSON values for programs."""

from __future__ import annotations

from msgspec.structs import asdict

from meltica_compiler.analyses.budget import budget
from meltica_compiler.analyses.failure_impact import failure_impacts
from meltica_compiler.analyses.latency import FlowPath, StageDelay, paths
from meltica_compiler.analyses.loss import lossy_edges, stalls
from meltica_compiler.analyses.secret_flow import secret_flows
from meltica_compiler.graph.graph import Graph
from meltica_compiler.graph.stage_text import stage_text
from meltica_compiler.text.text_table import text_table
from meltica_dsl.model.value_text import duration_text

JsonObject = dict[str, object]
NONE = "-"


def budget_text(graph: Graph) -> str:
    """Every piece of memory, their sum, and what is left of the budget."""
    rows = [(item.holder, item.what, item.sum, f"{item.bytes:,}") for item in budget(graph)]
    rows.append(("total", "", "", f"{graph.total_bytes:,}"))
    if graph.memory_budget is not None:
        allowed = graph.memory_budget.bytes
        rows.append(("budget", "", "", f"{allowed:,}"))
        rows.append(("left", "", "", f"{allowed - graph.total_bytes:,}"))
    return text_table(("holder", "what", "records × bytes + control", "bytes"), rows, frozenset({3})) + "\n"


def loss_text(graph: Graph) -> str:
    """Every edge: what it does when its reader falls behind, and whom that concerns."""
    rows = [
        (
            f"{edge.route} → {edge.target}",
            edge.pool,
            edge.policy.value,
            f"loses after {edge.capacity:,} events",
        )
        for edge in lossy_edges(graph)
    ]
    for stall in stalls(graph):
        edge = stall.edge
        concerned = f"stalls {', '.join(stall.providers)}"
        if stall.routes:
            concerned += f" and starves {', '.join(stall.routes)}"
        rows.append((f"{edge.route} → {edge.target}", edge.pool, edge.policy.value, concerned))
    return text_table(("edge", "pool", "policy", "when its reader falls behind"), rows, frozenset()) + "\n"


def failure_impact_text(graph: Graph) -> str:
    """For each node that stops: who stands still, who gets less, what is lost, whose orders go nowhere."""
    rows = [
        (
            one.kind,
            one.node,
            ", ".join(one.stalls) or NONE,
            ", ".join(one.starves) or NONE,
            ", ".join(one.loses) or NONE,
            ", ".join(one.strands) or NONE,
        )
        for one in failure_impacts(graph)
    ]
    header = ("kind", "when it stops", "stalls", "starves", "loses", "orders stranded")
    return text_table(header, rows, frozenset()) + "\n"


def latency_text(graph: Graph) -> str:
    """Every path from a provider to a strategy, and how long its stages hold events back."""
    rows = [
        (" → ".join((path.provider, *path.routes, path.strategy)), _held(path), _over_budget(graph, path))
        for path in paths(graph)
    ]
    if graph.latency_budget is not None:
        rows.append(("budget", duration_text(graph.latency_budget), ""))
    return text_table(("path", "held back by its stages", ""), rows, frozenset()) + "\n"


def _held(path: FlowPath) -> str:
    if not path.delays:
        return "not at all"
    parts = [f"{_most(delay)} ({delay.route}: {stage_text(delay.stage)})" for delay in path.delays]
    return " + ".join(parts)


def _most(delay: StageDelay) -> str:
    return "until all sources have passed" if delay.most is None else f"up to {duration_text(delay.most)}"


def _over_budget(graph: Graph, path: FlowPath) -> str:
    budget = graph.latency_budget
    return "over the budget" if budget is not None and path.total_delay > budget else ""


def secrets_text(graph: Graph) -> str:
    """Every secret, and the adapter that it reaches."""
    flows = secret_flows(graph)
    rows = [(w.secret, w.adapter or NONE, f"{w.node}.{w.setting}", str(w.location)) for w in flows]
    if not rows:
        return "no secrets\n"
    return text_table(("secret", "adapter", "setting", "place"), rows, frozenset()) + "\n"


def budget_json(graph: Graph) -> JsonObject:
    allowed = graph.memory_budget
    return {
        "items": [asdict(item) for item in budget(graph)],
        "totalBytes": graph.total_bytes,
        "budgetBytes": None if allowed is None else allowed.bytes,
    }


def loss_json(graph: Graph) -> list[JsonObject]:
    held = {stall.edge.id: stall for stall in stalls(graph)}
    lossy = {edge.id for edge in lossy_edges(graph)}
    return [
        {
            "edge": edge.id,
            "route": edge.route,
            "target": edge.target,
            "pool": edge.pool,
            "policy": edge.policy.value,
            "events": edge.capacity,
            "loses": edge.id in lossy,
            "stalls": list(held[edge.id].providers) if edge.id in held else [],
            "starves": list(held[edge.id].routes) if edge.id in held else [],
            "place": str(edge.location),
        }
        for edge in graph.all_edges
    ]


def failure_impact_json(graph: Graph) -> list[JsonObject]:
    return [
        {
            "kind": one.kind,
            "node": one.node,
            "place": str(one.location),
            "stalls": list(one.stalls),
            "starves": list(one.starves),
            "loses": list(one.loses),
            "strands": list(one.strands),
        }
        for one in failure_impacts(graph)
    ]


def latency_json(graph: Graph) -> JsonObject:
    """Times in microseconds."""
    allowed = graph.latency_budget
    return {
        "budgetUs": None if allowed is None else allowed.us,
        "paths": [
            {
                "provider": path.provider,
                "routes": list(path.routes),
                "strategy": path.strategy,
                "heldUs": path.total_delay.us,
                "waitsForSources": path.waits,
                "stages": [{"route": delay.route, "stage": stage_text(delay.stage)} for delay in path.delays],
            }
            for path in paths(graph)
        ],
    }


def secrets_json(graph: Graph) -> list[JsonObject]:
    return [
        {
            "secret": way.secret,
            "adapter": way.adapter,
            "kind": way.kind,
            "node": way.node,
            "setting": way.setting,
            "place": str(way.location),
        }
        for way in secret_flows(graph)
    ]
