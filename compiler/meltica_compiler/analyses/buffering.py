"""How much the stages of a route hold back."""

from __future__ import annotations

from collections.abc import Iterable

from meltica_dsl.model.pipeline import HOLDING_STAGES, Merge, Stage

MERGE_HELD = 8_192
"""Most events that `merge` holds back: a quarter of a second of 32,000 events a second."""


def held_at_most(stages: Iterable[Stage], streams: int) -> int:
    """Events that the stages may let go of at once, on top of those that come: one of each stream, of which
    there are `streams` pairs of symbol and provider, for each stage that holds one, and what `merge` holds.

    >>> held_at_most((), 6)
    0
    """
    return sum(
        MERGE_HELD if isinstance(stage, Merge) else streams
        for stage in stages
        if isinstance(stage, HOLDING_STAGES)
    )
