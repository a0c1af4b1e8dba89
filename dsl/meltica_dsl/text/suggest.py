"""The name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable

MAX_NAME_LENGTH = 64
"""Longer names get no suggestion: nobody mistypes them by a letter, and the distance is quadratic."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name nearest to `name`, or None when nothing is near enough to be a misspelling.

    A misspelling is at most one letter in three changed, added, dropped or swapped with its neighbour; case
    and the choice of `_` or `-` never count. Among equally near names the first one known wins.

    >>> nearest("quantty", ["price", "quantity"])
    'quantity'
    >>> nearest("latency", ["price", "quantity"]) is None
    True
    """
    if not name or len(name) > MAX_NAME_LENGTH:
        return None
    wanted = _folded(name)
    best: str | None = None
    limit = max(1, (len(wanted) + 1) // 3)
    for candidate in known:
        other = _folded(candidate)
        if len(other) > MAX_NAME_LENGTH or abs(len(other) - len(wanted)) > limit:
            continue
        distance = _distance(wanted, other)
        if distance <= limit and distance < max(len(wanted), len(other)):
            best, limit = candidate, distance - 1
    return best


def _folded(name: str) -> str:
    return name.casefold().replace("-", "_")


def _distance(left: str, right: str) -> int:
    """Edits between two words, a swap of neighbours counted as one (optimal string alignment)."""
    before: list[int] = []
    above = list(range(len(right) + 1))
    for i, char in enumerate(left, start=1):
        row = [i]
        for j, other in enumerate(right, start=1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (char != other))
            if i > 1 and j > 1 and char == right[j - 2] and left[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, above = above, row
    return above[-1]
