"""Which errors are second ones of a mistake that another code reports already."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class Overlap(Enum):
    """Where the first error stands, seen from the second one."""

    SAME_SPAN = "at the same span"
    BLOCK = "where the block begins that the second one is about"


class Cascade(Struct, frozen=True):
    """`effect` says nothing new where one of `causes` stands too. None for any other code."""

    causes: frozenset[str]
    effect: str | None
    overlap: Overlap


CASCADES = (
    # Of a setting that there is not at all, or whose value can be no object, it does not matter that `=` is
    # missing before the braces.
    Cascade(frozenset({"E0303", "E0522"}), "E0308", Overlap.SAME_SPAN),
    Cascade(frozenset({"E0301", "E0523"}), "E0308", Overlap.BLOCK),
    # Of a string in the wrong quotes it does not matter what it would mean.
    Cascade(frozenset({"E0103"}), None, Overlap.SAME_SPAN),
)
