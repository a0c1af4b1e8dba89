"""Keys are safe in every notation, and no two names share one."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from meltica_compiler.draw.keys import keys_of
from meltica_compiler.graph.graph import Graph, SinkNode
from meltica_dsl.text.source import Location

NAMES = st.text(max_size=8) | st.sampled_from(["a_b", "a b", "a_b_2", "a-b"])


def test_plain_names_stay_readable(quickstart_graph: Graph) -> None:
    keys = keys_of(quickstart_graph)
    assert keys.routes == {"trades": "route_trades", "quotes": "route_quotes"}
    assert keys.target("sink", "tape") == "sink_tape"
    assert keys.gates == {("careful", "paper"): "risk_careful_paper"}


@settings(max_examples=60, deadline=None)
@given(names=st.lists(NAMES, unique=True, max_size=8))
def test_any_names_get_distinct_safe_keys(names: list[str]) -> None:
    sinks = keys_of(_with_sinks(names)).sinks
    assert list(sinks) == names
    assert len(set(sinks.values())) == len(names)
    assert all(re.fullmatch(r"sink_[A-Za-z0-9_]+", key) for key in sinks.values())


def _with_sinks(names: list[str]) -> Graph:
    sinks = tuple(SinkNode(f"sink/{name}", name, "log", {}, Location("a.mel", 1, 1)) for name in names)
    empty = Graph("p", "a.mel", None, None, (), (), (), (), (), (), "0" * 64)
    return replace(empty, sinks=sinks)
