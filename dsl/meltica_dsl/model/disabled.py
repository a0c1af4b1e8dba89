"""Why a declaration with `if`, or a route that nothing comes to or leaves, is not there."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from meltica_dsl.text.source import Span


class Cause(Enum):
    """The value says it of the place that is pointed at."""

    CONDITION = "this is false"
    SOURCES = "all its sources are switched off"
    TARGETS = "all its targets are switched off"


class Disabled(Struct, frozen=True):
    """`span` is the place that is the cause: the condition that is false, the first of the sources, or of the
    targets."""

    span: Span
    cause: Cause
