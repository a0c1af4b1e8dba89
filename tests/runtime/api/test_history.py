"""The API's times are whole milliseconds."""

from __future__ import annotations

from meltica_runtime.api.history import milliseconds, milliseconds_or_none


def test_microseconds_become_the_millisecond_that_they_lie_in() -> None:
    assert milliseconds(1_795_388_750_123_999) == 1_795_388_750_123


def test_what_has_not_happened_has_no_time() -> None:
    assert milliseconds_or_none(None) is None
    assert milliseconds_or_none(2_000) == 2
