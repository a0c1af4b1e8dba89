"""Routes that read routes: their order, and what stands behind each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from meltica_compiler.graph.graph import Graph, RouteNode


def link_id(route: str, reader: str) -> str:
    """The id of the edge from a route to one that reads it."""
    return f"link:{route}->{reader}"


def is_link(edge_id: str) -> bool:
    return edge_id.startswith("link:")


def in_order(reads: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The routes, each behind those that it reads, else in the order given. There is no circle.

    >>> in_order({"a": ["c"], "b": [], "c": ["b"]})
    ('b', 'c', 'a')
    """
    done: dict[str, None] = {}
    for name in reads:
        waiting = [name]
        while waiting:
            missing = [other for other in reads[waiting[-1]] if other not in done]
            if missing:
                waiting.extend(reversed(missing))
            else:
                done.setdefault(waiting.pop())
    return tuple(done)


def fed_by(
    reads: Mapping[str, Sequence[str]], sources: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """The providers whose events may come into each route, itself or through others, by name.

    >>> fed_by({"a": ["b"], "b": []}, {"a": ["okx"], "b": ["binance"]})
    {'b': ('binance',), 'a': ('binance', 'okx')}
    """
    found: dict[str, tuple[str, ...]] = {}
    for name in in_order(reads):
        behind = (provider for other in reads[name] for provider in found[other])
        found[name] = tuple(sorted({*sources[name], *behind}))
    return found


def routes_in_order(graph: Graph) -> tuple[RouteNode, ...]:
    """The routes of a graph, each behind those that it reads."""
    by_name = {route.name: route for route in graph.routes}
    return tuple(by_name[name] for name in in_order({route.name: route.routes for route in graph.routes}))


def providers_behind(graph: Graph) -> dict[str, tuple[str, ...]]:
    """The providers whose events may come into each route of a graph."""
    reads = {route.name: route.routes for route in graph.routes}
    return fed_by(reads, {route.name: route.sources for route in graph.routes})
