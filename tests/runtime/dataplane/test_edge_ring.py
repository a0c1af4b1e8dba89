from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meltica_compiler.records.layout import record_layout, ring_bytes
from meltica_compiler.records.shared_memory import RING_CLAIM, RING_HEAD, RING_TAIL
from meltica_dsl.model.pipeline import FullPolicy
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.dataplane.ring_reader import RingReader

TRADE = record_layout("trade")
STREAMS = 4

OFFER = st.tuples(
    st.just("offer"), st.lists(st.integers(0, STREAMS - 1), min_size=0, max_size=12), st.booleans()
)
READ = st.tuples(st.just("read"), st.integers(1, 12), st.just(False))
STEPS = st.lists(st.one_of(OFFER, READ), max_size=40)


def ring(policy, capacity=4, layout=TRADE, source=TRADE):
    return EdgeRing(layout=layout, source=source, capacity=capacity, policy=policy, streams=STREAMS)


def start_at(reader, count):
    """Lets a fresh ring go on as if `count` records had gone through it."""
    memory = reader.edge._memory
    memory.written = memory._consumed = count
    memory._last_head = count & 0xFFFF_FFFF
    for word in (RING_TAIL, RING_HEAD, RING_CLAIM):
        memory.words[word] = count & 0xFFFF_FFFF
    reader._position = count % reader.edge.capacity


class Pair:
    """A ring with its reader, and the model of both, given the same."""

    def __init__(self, edge_model, make_trades, policy, capacity):
        self.edge = ring(policy, capacity)
        self.reader = RingReader(self.edge)
        self.model = edge_model(capacity, policy)
        self._trades = make_trades
        self._seq = 0

    def offer(self, streams, with_indices):
        if self.edge.policy is FullPolicy.BLOCK:
            streams = streams[: self.edge.room()]
        seqs = list(range(self._seq + 1, self._seq + len(streams) + 1))
        self._seq += len(streams)
        self.model.offer(zip(seqs, streams, strict=True))
        if not with_indices:
            self.edge.offer(self._trades(seqs, streams), None)
            return
        # Every second record is one that the route left out.
        spread = self._trades(np.repeat(seqs, 2), np.repeat(streams, 2).astype(int))
        spread["price"][::2] = -1
        self.edge.offer(spread, np.arange(1, 2 * len(seqs), 2))

    def read(self, limit):
        rows = self.reader.take(limit)
        expected = self.model.read(limit)
        self.model.flush()
        assert rows["seq"].tolist() == expected
        assert rows["price"].tolist() == expected


@pytest.mark.parametrize("policy", FullPolicy)
@given(capacity=st.integers(1, 7), steps=STEPS)
@settings(max_examples=80, deadline=None)
def test_an_edge_behaves_as_its_policy_says(edge_model, make_trades, policy, capacity, steps):
    pair = Pair(edge_model, make_trades, policy, capacity)
    for step, what, spread in steps:
        if step == "offer":
            pair.offer(what, spread)
        else:
            pair.read(what)
            assert astuple(pair.edge.statistics()) == pair.model.counts
        counts = pair.edge.statistics()
        assert counts.offered == counts.consumed + counts.dropped + counts.conflated + counts.waiting
        assert pair.edge.is_empty == (pair.model.counts[-1] == 0)
    pair.edge.detach()
    pair.model.detach()
    assert astuple(pair.edge.statistics()) == pair.model.counts


@pytest.mark.parametrize("policy", FullPolicy)
@given(before=st.integers(2**32 - 9, 2**32), steps=STEPS)
@settings(max_examples=30, deadline=None)
def test_counters_may_wrap_around(edge_model, make_trades, policy, before, steps):
    pair = Pair(edge_model, make_trades, policy, 5)
    start_at(pair.reader, before)
    pair.model.consumed = before
    for step, what, spread in steps:
        if step == "offer":
            pair.offer(what, spread)
        else:
            pair.read(what)
            assert astuple(pair.edge.statistics()) == pair.model.counts


@given(batches=st.lists(st.lists(st.integers(0, STREAMS - 1), max_size=30), max_size=8))
@settings(max_examples=60, deadline=None)
def test_conflate_never_loses_the_newest_of_a_stream(make_trades, batches):
    edge = ring(FullPolicy.CONFLATE, 2)
    reader = RingReader(edge)
    seq, newest = 0, {}
    for streams in batches:
        edge.offer(make_trades(range(seq + 1, seq + 1 + len(streams)), streams), None)
        for stream in streams:
            seq += 1
            newest[stream] = seq
    read = []
    while not edge.is_empty:
        read.extend(reader.take(1)["seq"].tolist())
    assert read == sorted(read)
    assert set(newest.values()) <= set(read)
    assert edge.first_held_seq == np.inf


def test_conflate_says_from_where_on_it_holds_back(make_trades):
    edge = ring(FullPolicy.CONFLATE, 2)
    reader = RingReader(edge)
    edge.offer(make_trades([1, 2, 3, 4, 5], [0, 1, 2, 3, 2]), None)
    assert edge.first_held_seq == 4
    assert reader.take(8)["seq"].tolist() == [1, 2]
    assert edge.first_held_seq == np.inf
    assert reader.take(8)["seq"].tolist() == [4, 5]


def test_a_batch_larger_than_the_ring_leaves_its_end_under_drop_oldest(make_trades):
    edge = ring(FullPolicy.DROP_OLDEST, 4)
    reader = RingReader(edge)
    edge.offer(make_trades(range(1, 11)), None)
    assert reader.take(10)["seq"].tolist() == [7, 8, 9, 10]
    assert edge.statistics().dropped == 6


@pytest.mark.parametrize("indices", [None, np.array([0, 2])])
def test_an_edge_keeps_the_best_levels_of_a_deeper_book(make_events, indices):
    deep, shallow = record_layout("book", 5), record_layout("book", 2)
    edge = ring(FullPolicy.BLOCK, 8, shallow, deep)
    reader = RingReader(edge)
    rows = make_events(deep, [1, 2, 3], [0, 1, 2])
    rows["bids"] = np.arange(30).reshape(3, 5, 2)
    rows["asks"] = 100 + np.arange(30).reshape(3, 5, 2)
    rows["bid_levels"], rows["ask_levels"] = [5, 4, 1], [2, 1, 0]
    edge.offer(rows, indices)
    kept = rows if indices is None else rows[indices]
    got = reader.take(8)
    for name in ("seq", "time", "symbol", "provider", "bid", "ask"):
        assert got[name].tolist() == kept[name].tolist()
    assert got["bids"].tolist() == kept["bids"][:, :2].tolist()
    assert got["asks"].tolist() == kept["asks"][:, :2].tolist()
    assert got["bid_levels"].tolist() == np.minimum(kept["bid_levels"], 2).tolist()
    assert got["ask_levels"].tolist() == np.minimum(kept["ask_levels"], 2).tolist()


def test_what_is_offered_without_a_reader_is_dropped_and_counted(make_trades):
    edge = ring(FullPolicy.BLOCK, 4)
    assert edge.room() == 4
    edge.offer(make_trades([1, 2, 3]), None)
    assert astuple(edge.statistics()) == (3, 0, 3, 0, 0)
    assert edge.is_empty


@pytest.mark.parametrize("policy", FullPolicy)
def test_a_new_reader_starts_with_an_empty_ring_and_old_counts_stay(make_trades, policy):
    edge = ring(policy, 4)
    reader = RingReader(edge)
    edge.offer(make_trades([1, 2, 3, 4], [0, 1, 2, 3]), None)
    reader.take(1)
    reader.close()
    reader.close()
    assert astuple(edge.statistics()) == (4, 1, 3, 0, 0)
    reader = RingReader(edge)
    edge.offer(make_trades([5, 6]), None)
    assert reader.take(9)["seq"].tolist() == [5, 6]
    assert astuple(edge.statistics()) == (6, 3, 3, 0, 0)


@pytest.mark.parametrize(("event", "depth"), [("trade", 0), ("ticker", 0), ("kline", 0), ("book", 7)])
def test_rings_take_the_memory_that_the_budget_names(event, depth):
    layout = record_layout(event, depth)
    budget = ring_bytes(event, depth, 37)
    edge = ring(FullPolicy.BLOCK, 37, layout, layout)
    assert edge.size_bytes == budget
    assert RingReader(edge).size_bytes == budget
