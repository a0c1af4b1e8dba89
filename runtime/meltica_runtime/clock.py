"""The clocks: the only module that reads one. Whoever needs a clock gets it as an argument.

What enters the gateway is timed by its `Ingest`; lengths of time are measured by a monotonic clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable

Microseconds = Callable[[], float]
"""Microseconds since the Unix epoch, in UTC."""

Seconds = Callable[[], float]
"""Seconds from some point, for lengths of time; never goes back."""


def wall_clock_us() -> float:
    return time.time_ns() / 1_000


monotonic_s: Seconds = time.monotonic


def no_clock() -> float:
    """The `Microseconds` of virtual time: each event carries its own there, and none may ask for another."""
    raise AssertionError("virtual time has no clock")
