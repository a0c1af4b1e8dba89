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
