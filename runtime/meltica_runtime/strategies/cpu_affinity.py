"""Keeping a strategy's thread on the processors that its `place` names."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from meltica_compiler.graph.graph import Place, StrategyNode

_log = logging.getLogger("meltica.strategies")


@contextmanager
def pinned_threads(node: StrategyNode) -> Iterator[None]:
    """Threads that are started within run where the strategy's place says.

    A thread inherits the processors of the one that starts it (sched_setaffinity(2)), so the caller's are
    changed meanwhile. There is no way to reach V8's own thread later but to guess its number. What this
    machine lacks is warned of and left out; of a place that has nothing left, nothing comes.
    """
    cpus = set() if node.place is None else _there(node.name, node.place)
    if not cpus or sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _there(strategy: str, place: Place) -> set[int]:
    """Processors of the place that this process may run on."""
    if sys.platform != "linux":
        _log.warning("%s is not pinned: place `%s` needs Linux", strategy, place.name)
        return set()
    allowed = os.sched_getaffinity(0)
    missing = [str(cpu) for cpu in place.cpus if cpu not in allowed]
    if missing:
        _log.warning(
            "place `%s` names processors that this gateway does not have (%s); %s runs on %s",
            place.name,
            ", ".join(missing),
            strategy,
            ", ".join(map(str, sorted(allowed.intersection(place.cpus)))) or "any of the others",
        )
    return allowed.intersection(place.cpus)
