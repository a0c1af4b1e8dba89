"""What all listings of an instance's past have in common: their parameters, and times."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from meltica_runtime.api.models import QueryParameters
from meltica_runtime.store.order_store import DEFAULT_PAGE, MAX_PAGE

MAX_NAME_CHARACTERS = 128
"""Longest name that a filter takes."""

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARACTERS, pattern=r"^[^\x00-\x1f\x7f]+$")]


class HistoryParameters(QueryParameters):
    """`limit`: the newest so many."""

    limit: int = Field(DEFAULT_PAGE, ge=1, le=MAX_PAGE)
    provider: Name | None = None


def milliseconds(time_us: int) -> int:
    """Whole milliseconds since the Unix epoch, from the store's microseconds."""
    return time_us // 1_000


def milliseconds_or_none(time_us: int | None) -> int | None:
    return None if time_us is None else milliseconds(time_us)
