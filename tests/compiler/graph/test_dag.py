"""Reachability and depth on ids and edges."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meltica_compiler.graph.dag import depths, reachable

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


@given(EDGES)
def test_each_id_lies_deeper_than_those_that_lead_to_it(edges):
    onward = [(min(edge), max(edge)) for edge in edges if edge[0] != edge[1]]
    found = depths(onward)
    for id, depth in found.items():
        assert depth == max(found.get(a, 0) + 1 for a, b in onward if b == id)


def test_a_circle_keeps_the_depth_that_leads_to_it():
    assert depths([("x", "a"), ("a", "b"), ("b", "a"), ("b", "c")]) == {"a": 1, "b": 0, "c": 0}
