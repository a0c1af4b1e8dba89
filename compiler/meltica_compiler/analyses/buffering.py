"""How much the stages of a route hold back."""

from __future__ import annotations

from collections.abc import Iterable

from meltica_dsl.model.pipeline import BUFFERING_STAGES, Merge, Stage

MERGE_BUFFER = 8_192
"""Most events that `merge` holds back: a quarter of a second of 32,000 events a second."""


def max_buffered(stages: Iterable[Stage], streams: int) -> int:
    """Events that the stages may let go of at once, on top of those that come: one of each stream, of which
    there are `streams` pairs of symbol and provider, for each stage that holds one, and what `merge` holds.

    >>> max_buffered((), 6)
    0
    """
    return sum(
        MERGE_BUFFER if isinstance(stage, Merge) else streams
        for stage in stages
        if isinstance(stage, BUFFERING_STAGES)
    )
