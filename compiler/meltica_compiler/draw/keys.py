"""Keys of nodes and edges that are safe in DOT, SVG, Mermaid and HTML, whatever the names are."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from meltica_compiler.draw.orders import Gate, gates, venues
from meltica_compiler.graph.graph import Graph

_UNSAFE = re.compile(r"[^A-Za-z0-9]+")


class Keys(Struct, frozen=True):
    """Keys by name. A venue has a key of its own: it is drawn apart from the provider's feed."""

    providers: dict[str, str]
    routes: dict[str, str]
    strategies: dict[str, str]
    sinks: dict[str, str]
    venues: dict[str, str]
    gates: dict[tuple[str, str], str]

    def target(self, kind: str, name: str) -> str:
        """Key of an edge's target: `kind` is `strategy`, `sink` or `route`."""
        return {"strategy": self.strategies, "sink": self.sinks, "route": self.routes}[kind][name]

    def gate(self, gate: Gate) -> str:
        return self.gates[gate.risk.name, gate.venue]


def keys_of(*graphs: Graph) -> Keys:
    """Keys that hold in all these graphs, the same for what has the same name in several."""
    gate_names = {
        (g.risk.name, g.venue): f"{g.risk.name}\0{g.venue}" for graph in graphs for g in gates(graph)
    }
    gate_keys = _keys("risk", gate_names.values())
    return Keys(
        providers=_keys("provider", (p.name for graph in graphs for p in graph.providers)),
        routes=_keys("route", (r.name for graph in graphs for r in graph.routes)),
        strategies=_keys("strategy", (s.name for graph in graphs for s in graph.strategies)),
        sinks=_keys("sink", (s.name for graph in graphs for s in graph.sinks)),
        venues=_keys("venue", (v.name for graph in graphs for v in venues(graph))),
        gates={pair: gate_keys[name] for pair, name in gate_names.items()},
    )


def link_key(tail: str, head: str) -> str:
    """Key of the link between two boxes: keys hold no hyphen, so no two pairs give the same."""
    return f"{tail}--{head}"


def link_part(link: str, part: str) -> str:
    """Key of a piece of a drawn link: its `ring`, or the line `in` to that."""
    return f"{link}--{part}"


def _keys(kind: str, names: Iterable[str]) -> dict[str, str]:
    """Readable where the name allows; names that read the same get a number."""
    keys: dict[str, str] = {}
    taken: set[str] = set()
    for name in dict.fromkeys(names):
        slug = f"{kind}_{_UNSAFE.sub('_', name).strip('_') or 'unnamed'}"
        key, number = slug, 2
        while key in taken:
            key, number = f"{slug}_{number}", number + 1
        taken.add(key)
        keys[name] = key
    return keys
