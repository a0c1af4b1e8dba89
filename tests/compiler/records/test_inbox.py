from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from py_mini_racer import MiniRacer

from meltica_compiler.graph.graph import Edge
from meltica_compiler.records import shared_memory as at
from meltica_compiler.records.inbox_geometry import inbox_geometry
from meltica_compiler.records.inbox_source import inbox_source, payload_class
from meltica_compiler.records.layout import record_layout, ring_bytes
from meltica_compiler.records.shared_memory import INBOX_CONTROL_BYTES, RING_HEADER_BYTES
from meltica_dsl.model.fields import HOT_EVENTS
from meltica_dsl.model.pipeline import FullPolicy
from meltica_dsl.text.source import Location

PLACE = Location("test.mel", 1, 1)


def edge(number, event="trade", depth=0, capacity=16, policy=FullPolicy.BLOCK):
    size, total = record_layout(event, depth).size, ring_bytes(event, depth, capacity)
    return Edge(
        f"e{number}", "r", "maker", "strategy", event, "pool", policy, capacity, depth, size, total, 0, PLACE
    )


SHAPES = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["trade", "ticker", "kline"]), st.just(0), st.integers(1, 999)),
        st.tuples(st.just("book"), st.integers(1, 50), st.integers(1, 999)),
    ),
    max_size=6,
)


@given(shapes=SHAPES)
def test_rings_lie_behind_each_other_and_fill_the_inbox_to_the_byte(shapes):
    edges = [edge(number, *shape) for number, shape in enumerate(shapes)]
    inbox = inbox_geometry(edges)
    end = INBOX_CONTROL_BYTES
    for ring, (event, depth, capacity) in zip(inbox.rings, shapes, strict=True):
        assert ring.header_offset == end
        assert ring.body_offset == end + RING_HEADER_BYTES
        assert ring.body_offset % 8 == 0
        end += ring_bytes(event, depth, capacity)
    assert inbox.size_bytes == end == INBOX_CONTROL_BYTES + sum(e.ring_bytes for e in edges)


def test_control_words_do_not_overlap():
    floats = (at.CUT_F64, at.DELIVERED_F64, at.COUNT_F64)
    words = (at.WAKE_U32, at.HEARTBEAT_U32, at.STATE_U32, at.STOP_U32, at.TRADING_U32)
    taken = [half for cell in floats for half in (2 * cell, 2 * cell + 1)] + list(words)
    assert len(set(taken)) == len(taken)
    assert 4 * max(taken) < INBOX_CONTROL_BYTES


@pytest.mark.parametrize("policy", FullPolicy)
def test_only_a_ring_that_its_writer_may_lap_is_lossy(policy):
    [ring] = inbox_geometry([edge(0, policy=policy)]).rings
    assert ring.is_lossy == (policy is FullPolicy.DROP_OLDEST)
    assert ("skip0" in inbox_source(inbox_geometry([edge(0, policy=policy)]), (), ())) == ring.is_lossy


@pytest.mark.parametrize("event", HOT_EVENTS, ids=lambda event: event.name)
def test_a_payload_has_every_field_that_the_event_itself_has_not(event):
    shape = payload_class(record_layout(event.name, 4 * (event.name == "book")))
    on_event = {"seq", "ingest", "venue_seq", "symbol", "provider"}
    assert [field.name for field in shape.fields] == [f.name for f in event.fields if f.name not in on_event]
    assert all(shape.event.field(name) for _, name in shape.market)


def test_layouts_that_edges_share_have_one_class():
    source = inbox_source(inbox_geometry([edge(0), edge(1), edge(2, "book", 5), edge(3, "book", 2)]), (), ())
    assert source.count("class TradePayload ") == 1
    assert source.count("class BookSnapshot5Payload ") == 1
    assert source.count("class BookSnapshot2Payload ") == 1


def test_names_of_any_spelling_are_data_and_no_code():
    symbol = 'A"];\n</script>\u2028\\-B'
    source = inbox_source(inbox_geometry([edge(0)]), (symbol,), ("é",))
    with MiniRacer() as v8:
        assert v8.eval(f"(() => {{ {source}\n return SYMBOLS[0] + PROVIDERS[0]; }})()") == symbol + "é"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_generated_source_opens_over_its_memory(count):
    inbox = inbox_geometry([edge(n, policy=FullPolicy.DROP_OLDEST) for n in range(count)])
    source = inbox_source(inbox, ("BTC-USDT",), ("p",))
    host = (
        "{ handlers: {}, now: new Float64Array(2), nth: new Int32Array(1), last: [], bid: [], ask: [],"
        " ctx: {}, yielding: false, refuse() {}, deliverCold() {} }"
    )
    with MiniRacer() as v8:
        memory = v8.eval(
            f"(() => {{ {source}\n const memory = new SharedArrayBuffer({inbox.size_bytes});"
            f" globalThis.inbox = openInbox(memory, {host}); return memory; }})()"
        )
        assert len(memory) == inbox.size_bytes
        for ring in inbox.rings:
            record = np.zeros(1, ring.layout.dtype)
            record["seq"] = 7
            memory[ring.body_offset : ring.body_offset + ring.layout.size] = record.tobytes()
            memory[ring.header_offset : ring.header_offset + 4] = (1).to_bytes(4, "little")
            memory[ring.header_offset + 8 : ring.header_offset + 12] = (1).to_bytes(4, "little")
        v8.eval("inbox.advance(6, 100)")
        assert v8.eval("inbox.handled()") == 0
        v8.eval("inbox.advance(7, 100)")
        assert v8.eval("inbox.handled()") == count
        assert [memory[ring.header_offset + 4] for ring in inbox.rings] == [1] * count
