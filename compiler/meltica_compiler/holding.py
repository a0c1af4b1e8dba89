"""How much the stages of a route hold back."""

from __future__ import annotations

from collections.abc import Iterable

from meltica_dsl.model import HOLDING_STAGES, Stage


def held_at_most(stages: Iterable[Stage], streams: int) -> int:
    """Events that the stages may let go of at once, on top of those that come: one of each stream, of which
    there are `streams` pairs of symbol and provider, for each stage that holds back.

    >>> held_at_most((), 6)
    0
    """
    return streams * sum(isinstance(stage, HOLDING_STAGES) for stage in stages)
