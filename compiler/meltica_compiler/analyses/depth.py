"""How deep a route's books are."""

from __future__ import annotations

from collections.abc import Iterable

from meltica_dsl.model.fields import DEFAULT_BOOK_DEPTH
from meltica_dsl.model.pipeline import Depth, Stage


def kept_depth(stages: Iterable[Stage]) -> int | None:
    """Levels a side that the tightest `depth` stage keeps; None without one."""
    return min((stage.levels for stage in stages if isinstance(stage, Depth)), default=None)


def route_depth(event: str, stages: Iterable[Stage], read: Iterable[int] = ()) -> int:
    """Levels a side that the route needs and gives: what its tightest `depth` stage keeps, and no more than
    the routes that it reads give, whose depths are `read`; 0 if the events have no levels.

    >>> route_depth("book", ()), route_depth("book", (), [3]), route_depth("trade", ())
    (10, 3, 0)
    """
    if event != "book":
        return 0
    kept = kept_depth(stages)
    limits = [*read, *([] if kept is None else [kept])]
    return min(limits, default=DEFAULT_BOOK_DEPTH)


def kernel_depth(depth: int, source_depths: Iterable[int]) -> int:
    """Levels a side of the records that reach the kernel of a route of this `depth`: the ring of a single
    source is read in place, several are merged into records of the route's own depth."""
    first, *others = source_depths
    return depth if others else first
