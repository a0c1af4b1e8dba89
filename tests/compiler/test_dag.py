"""Reachability on ids and edges."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meltica_compiler.dag import reachable

IDS = st.integers(0, 8)
EDGES = st.lists(st.tuples(IDS, IDS), max_size=20)


@given(st.sets(IDS), EDGES)
def test_what_is_reachable_is_closed_and_no_larger_than_that(starts, edges):
    found = reachable(starts, edges)
    assert starts <= found
    assert all(b in found for a, b in edges if a in found)
    for id in found - starts:
        assert any(b == id and a in found for a, b in edges)


def test_cycles_end():
    assert reachable(["a"], [("a", "b"), ("b", "a"), ("c", "a")]) == {"a", "b"}
