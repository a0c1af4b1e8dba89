"""The clock of a test: it begins at the same moment each time, so that the same comes of it again."""

from __future__ import annotations

from meltica_dsl.model.values import Duration

START_US = 1_767_225_600_000_000.0
"""Midnight of 1 January 2026, in UTC, in microseconds since the epoch."""

QUIET = Duration(1_000_000_000)
"""1s: how long nothing more happens before a test ends, so that windows close and orders come to an end."""


def at_us(offset: Duration) -> float:
    """The market time of an offset from the test's start."""
    return START_US + offset.us
