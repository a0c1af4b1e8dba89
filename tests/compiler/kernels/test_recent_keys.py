"""A key is found again exactly as long as it may be, whatever the ring does underneath."""

from __future__ import annotations

import numpy as np
import pytest

from meltica_compiler.kernels.recent_keys import MEMORY, RecentKeys
from meltica_compiler.records.layout import MAX_BATCH


def feed(keys, batch):
    """Appends all keys in batches; returns when each was seen before (its time is its position)."""
    recent, seen = RecentKeys(), []
    for start in range(0, len(keys), batch):
        part = keys[start : start + batch]
        recent.append(np.zeros(len(part), np.uint32), part, np.arange(start, start + len(part), dtype=float))
        seen.append(recent.last_seen(np.arange(len(part) - 1, -1, -1)))
    return np.concatenate(seen)


@pytest.mark.parametrize("batch", [1_000, MAX_BATCH])
@pytest.mark.parametrize("period", [1, 3, 5_000, MEMORY])
def test_a_key_is_found_where_it_was_last(period, batch):
    total = 200_000
    seen = feed((np.arange(total) % period).astype(np.uint64), batch)
    assert np.isnan(seen[:period]).all()
    assert np.array_equal(seen[period:], np.arange(total - period, dtype=float))


def test_a_key_older_than_the_memory_is_forgotten():
    period = MEMORY + 1
    assert np.isnan(feed((np.arange(200_000) % period).astype(np.uint64), MAX_BATCH)).all()


def test_keys_of_other_streams_are_other_keys():
    recent = RecentKeys()
    recent.append(np.array([0, 1, 0], np.uint32), np.array([7, 7, 7], np.uint64), np.array([1.0, 2.0, 3.0]))
    assert np.array_equal(recent.last_seen(np.array([2, 1, 0])), [np.nan, np.nan, 1.0], equal_nan=True)


def test_chains_made_late_are_the_same():
    keys = (np.arange(3 * MAX_BATCH) % 5_000).astype(np.uint64)
    late = RecentKeys()
    for start in range(0, len(keys), MAX_BATCH):
        part = keys[start : start + MAX_BATCH]
        late.append(np.zeros(len(part), np.uint32), part, np.arange(start, start + len(part), dtype=float))
    back = np.arange(MAX_BATCH - 1, -1, -1)
    assert np.array_equal(late.last_seen(back), feed(keys, 100)[-MAX_BATCH:])
