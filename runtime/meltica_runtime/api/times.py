"""Times as the API writes them."""

from __future__ import annotations


def milliseconds(time_us: int) -> int:
    """Whole milliseconds since the Unix epoch, from the store's microseconds."""
    return time_us // 1_000


def milliseconds_or_none(time_us: int | None) -> int | None:
    return None if time_us is None else milliseconds(time_us)
