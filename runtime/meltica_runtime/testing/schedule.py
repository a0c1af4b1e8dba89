"""What of the timelines comes together: groups of moments, none larger than what every pool can hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from meltica_compiler.graph.graph import Graph
from meltica_compiler.kernels.kline import PATIENCE_US
from meltica_dsl.model.pipeline import BUFFERING_STAGES, Conflate, Kline
from meltica_runtime.dataplane.market_batch import MarketBatch
from meltica_runtime.testing.timeline import Timeline


@dataclass(frozen=True, slots=True)
class MomentGroup:
    """Batches by provider, for all moments from `start_us` to `last_us`; nothing more happens before
    `next_us`."""

    batches: Mapping[str, MarketBatch]
    start_us: float
    last_us: float
    next_us: float


def moment_groups(
    graph: Graph, timelines: Mapping[str, Timeline], limit: int, end_us: float
) -> Iterator[MomentGroup]:
    """All that the timelines hold, in the order of time. `limit` is the most events of several moments;
    those of one moment always come together, since they are what a pool has to hold at once.

    Nothing that a test can see depends on `limit`: no group holds the end of a window of a stage.
    """
    times = np.concatenate([timeline.times for timeline in timelines.values()]) if timelines else np.empty(0)
    moments, counts = np.unique(times, return_counts=True)
    firsts = _firsts(graph, moments, counts, limit)
    bounds = [*firsts, len(moments)]
    for first, after in pairwise(bounds):
        next_us = float(moments[after]) if after < len(moments) else end_us
        last_us = float(moments[after - 1])
        yield MomentGroup(
            {
                name: _between(timeline, float(moments[first]), last_us, next_us)
                for name, timeline in timelines.items()
            },
            float(moments[first]),
            last_us,
            next_us,
        )


@dataclass(frozen=True, slots=True)
class _FlushTimes:
    """Moments, in microseconds, at which stages may let go of what they hold: `every` apart."""

    every_us: float
    offset_us: float


def _flush_times(graph: Graph) -> Iterator[_FlushTimes]:
    for stage in (stage for route in graph.routes for stage in route.stages):
        if isinstance(stage, Conflate):
            yield _FlushTimes(stage.every.us, 0.0)
        elif isinstance(stage, Kline):
            yield _FlushTimes(stage.interval.us, 0.0)
            yield _FlushTimes(stage.interval.us, PATIENCE_US)


def _holds_freely(graph: Graph) -> bool:
    """Whether a stage holds events back for a time that no grid tells."""
    stages = (stage for route in graph.routes for stage in route.stages)
    return any(
        isinstance(stage, BUFFERING_STAGES) and not isinstance(stage, Conflate | Kline) for stage in stages
    )


def _firsts(graph: Graph, moments: NDArray[np.float64], counts: NDArray[np.int64], limit: int) -> list[int]:
    """Numbers of the moments that begin a group."""
    # Where a stage lets go at moments that are on no grid, each moment is a group.
    crosses = np.full(len(moments), _holds_freely(graph), np.bool_)
    for grid in set(_flush_times(graph)):
        windows = np.floor((moments - grid.offset_us) / grid.every_us)
        crosses[1:] |= windows[1:] != windows[:-1]
    firsts: list[int] = []
    held = 0
    for number, count in enumerate(counts.tolist()):
        if number == 0 or crosses[number] or held + count > limit:
            firsts.append(number)
            held = 0
        held += count
    return firsts


def _between(timeline: Timeline, start_us: float, last_us: float, next_us: float) -> MarketBatch:
    start = int(np.searchsorted(timeline.times, start_us, side="left"))
    stop = int(np.searchsorted(timeline.times, last_us, side="right"))
    return timeline.part(start, stop, next_us)
