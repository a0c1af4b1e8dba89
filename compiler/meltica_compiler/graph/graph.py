"""The compiled graph: one immutable value that check, drawings, the API and the runtime share."""

from __future__ import annotations

from functools import cached_property

from msgspec import Struct

from meltica_compiler.graph.index import GraphIndex
from meltica_compiler.graph.nodes import (
    Edge,
    Ingress,
    ModuleInfo,
    Node,
    Place,
    ProviderNode,
    RouteNode,
    SettingValue,
    SinkNode,
    StrategyNode,
)
from meltica_dsl.model.values import Duration, Size

__all__ = [
    "Edge",
    "Graph",
    "Ingress",
    "ModuleInfo",
    "Node",
    "Place",
    "ProviderNode",
    "RouteNode",
    "SettingValue",
    "SinkNode",
    "StrategyNode",
]


class Graph(Struct, frozen=True, dict=True):
    """A pipeline, compiled. `hash` covers everything that decides what it does, and no spans,
    comments or spelling. Symbols and providers are interned: the code of one is its position."""

    pipeline: str
    file: str
    memory_budget: Size | None
    latency_budget: Duration | None
    symbols: tuple[str, ...]
    providers: tuple[ProviderNode, ...]
    routes: tuple[RouteNode, ...]
    strategies: tuple[StrategyNode, ...]
    sinks: tuple[SinkNode, ...]
    edges: tuple[Edge, ...]
    hash: str
    imports: tuple[str, ...] = ()
    """The other files that it was compiled of, by their paths."""
    links: tuple[Edge, ...] = ()
    """The edges from routes to routes that read them."""

    @cached_property
    def index(self) -> GraphIndex:
        return GraphIndex(self.providers, self.routes, self.strategies, self.sinks, self.all_edges)

    @property
    def all_edges(self) -> tuple[Edge, ...]:
        """To strategies, sinks and routes."""
        return self.edges + self.links

    @property
    def total_bytes(self) -> int:
        rings = sum(i.ring_bytes for p in self.providers for i in p.ingresses)
        inboxes = sum(s.inbox_bytes for s in self.strategies)
        sinks = sum(e.ring_bytes for e in self.edges if e.target_kind == "sink")
        links = sum(e.ring_bytes for e in self.links)
        waiting = sum(e.waiting_bytes for e in self.all_edges)
        return rings + inboxes + sinks + links + waiting
