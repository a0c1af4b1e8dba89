"""What can be asked of a graph, from tables that are made once: an answer costs what it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TypeVar

from meltica_compiler.graph.dag import in_order, sources_behind
from meltica_compiler.graph.node_id import NodeId
from meltica_compiler.graph.nodes import Edge, Node, ProviderNode, RouteNode, SinkNode, StrategyNode

_Value = TypeVar("_Value")


class GraphIndex:
    """All answers are in the order of the graph."""

    def __init__(
        self,
        providers: tuple[ProviderNode, ...],
        routes: tuple[RouteNode, ...],
        strategies: tuple[StrategyNode, ...],
        sinks: tuple[SinkNode, ...],
        edges: tuple[Edge, ...],
    ) -> None:
        """`edges` are those to strategies and sinks, then those to routes."""
        self.providers = {node.name: node for node in providers}
        self.routes = {node.name: node for node in routes}
        self.strategies = {node.name: node for node in strategies}
        self.sinks = {node.name: node for node in sinks}
        self._edges = edges

    @cached_property
    def nodes(self) -> Mapping[NodeId, Node]:
        """Every node by its id, in the order of flow."""
        found: dict[NodeId, Node] = {}
        for nodes in (self.providers, self.routes, self.strategies, self.sinks):
            found.update((node.id, node) for node in nodes.values())
        return found

    @cached_property
    def edges(self) -> Mapping[str, Edge]:
        """Every edge by its id."""
        return {edge.id: edge for edge in self._edges}

    def edges_into(self, node: str) -> tuple[Edge, ...]:
        """The edges that lead to a node, by its id."""
        return self._into.get(node, ())

    def edges_to(self, reader: str) -> tuple[Edge, ...]:
        """The edges that lead to a strategy or sink, by its name, which no other strategy or sink has."""
        node = self.strategies.get(reader) or self.sinks.get(reader)
        return () if node is None else self.edges_into(node.id)

    def edges_from(self, route: str) -> tuple[Edge, ...]:
        """The edges of a route, by its name; those to other routes last."""
        return self._from.get(route, ())

    def readers_of(self, provider: str) -> tuple[RouteNode, ...]:
        """The routes that a provider's events come into at once."""
        return self._readers.get(provider, ())

    @cached_property
    def routes_in_order(self) -> tuple[RouteNode, ...]:
        """The routes, each behind those that it reads."""
        return tuple(self.routes[name] for name in in_order(self._reads))

    @cached_property
    def providers_behind(self) -> Mapping[str, tuple[str, ...]]:
        """The providers whose events may come into each route, itself or through others, by name."""
        return sources_behind(self._reads, {name: route.sources for name, route in self.routes.items()})

    def symbols_heard(self, node: str) -> Mapping[str, tuple[str, ...]]:
        """The symbols that may come to a strategy or sink, by provider, before any filter of a route."""
        behind = {name for edge in self.edges_into(node) for name in self.providers_behind[edge.route]}
        return {name: self.providers[name].symbols for name in sorted(behind)}

    @cached_property
    def _reads(self) -> Mapping[str, tuple[str, ...]]:
        return {name: route.routes for name, route in self.routes.items()}

    @cached_property
    def _into(self) -> Mapping[str, tuple[Edge, ...]]:
        return _grouped((edge.target_id, edge) for edge in self._edges)

    @cached_property
    def _from(self) -> Mapping[str, tuple[Edge, ...]]:
        return _grouped((edge.route, edge) for edge in self._edges)

    @cached_property
    def _readers(self) -> Mapping[str, tuple[RouteNode, ...]]:
        return _grouped((source, route) for route in self.routes.values() for source in route.sources)


def _grouped(pairs: Iterable[tuple[str, _Value]]) -> dict[str, tuple[_Value, ...]]:
    groups: dict[str, list[_Value]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in groups.items()}
