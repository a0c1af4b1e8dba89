"""The gateway's clocks. Whoever needs one gets it as an argument; these are the real ones."""

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
