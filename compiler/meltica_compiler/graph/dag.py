"""Graph algorithms on ids and edges. What the ids stand for is the callers' business."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from graphlib import TopologicalSorter
from typing import TypeVar

Id = TypeVar("Id", bound=Hashable)


def reachable(starts: Iterable[Id], edges: Iterable[tuple[Id, Id]]) -> frozenset[Id]:
    """All ids that a path along the edges leads to from a start, the starts included.

    >>> sorted(reachable(["a"], [("a", "b"), ("b", "c"), ("d", "c")]))
    ['a', 'b', 'c']
    """
    return follow(starts, successors(edges))


def successors(edges: Iterable[tuple[Id, Id]]) -> dict[Id, list[Id]]:
    """Where the edges from each id lead."""
    found: dict[Id, list[Id]] = {}
    for source, target in edges:
        found.setdefault(source, []).append(target)
    return found


def follow(starts: Iterable[Id], successors: Mapping[Id, Iterable[Id]]) -> frozenset[Id]:
    """`reachable` for whoever asks of the same edges many times."""
    found = set(starts)
    waiting = list(found)
    while waiting:
        for target in successors.get(waiting.pop(), ()):
            if target not in found:
                found.add(target)
                waiting.append(target)
    return frozenset(found)


def depths(edges: Iterable[tuple[Id, Id]]) -> dict[Id, int]:
    """How many edges the longest path to each id has that an edge leads to. A circle has no longest
    path: its ids, and those behind it, keep what leads to them from outside.

    >>> depths([("a", "b"), ("b", "c"), ("a", "c")])
    {'b': 1, 'c': 2}
    """
    successors: dict[Id, list[Id]] = {}
    waiting: dict[Id, int] = {}
    for source, target in edges:
        successors.setdefault(source, []).append(target)
        waiting[target] = waiting.get(target, 0) + 1
    found = dict.fromkeys(waiting, 0)
    ready = [source for source in successors if source not in waiting]
    while ready:
        source = ready.pop()
        for target in successors.get(source, ()):
            found[target] = max(found[target], found.get(source, 0) + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return found


def in_order(reads: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """All names, each behind those that it reads; of those that can stand at one place, the first comes
    first. There is no circle.

    >>> in_order({"a": ["c"], "b": [], "c": ["b"]})
    ('b', 'c', 'a')
    """
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name in reads:
        sorter.add(name)
    for name, others in reads.items():
        sorter.add(name, *others)
    return tuple(sorter.static_order())


def sources_behind(
    reads: Mapping[str, Iterable[str]], sources: Mapping[str, Iterable[str]]
) -> dict[str, tuple[str, ...]]:
    """The sources of each name and of all that it reads, itself or through others, sorted.

    >>> sources_behind({"a": ["b"], "b": []}, {"a": ["okx"], "b": ["binance"]})
    {'b': ('binance',), 'a': ('binance', 'okx')}
    """
    found: dict[str, tuple[str, ...]] = {}
    for name in in_order(reads):
        behind = (source for other in reads[name] for source in found[other])
        found[name] = tuple(sorted({*sources[name], *behind}))
    return found
