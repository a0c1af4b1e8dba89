"""Graph algorithms on ids and edges. What the ids stand for is the callers' business."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeVar

Id = TypeVar("Id", bound=Hashable)


def reachable(starts: Iterable[Id], edges: Iterable[tuple[Id, Id]]) -> frozenset[Id]:
    """All ids that a path along the edges leads to from a start, the starts included.

    >>> sorted(reachable(["a"], [("a", "b"), ("b", "c"), ("d", "c")]))
    ['a', 'b', 'c']
    """
    successors: dict[Id, list[Id]] = {}
    for source, target in edges:
        successors.setdefault(source, []).append(target)
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
