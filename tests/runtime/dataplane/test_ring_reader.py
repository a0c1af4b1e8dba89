from __future__ import annotations

import pytest

from meltica_compiler.records.layout import record_layout
from meltica_dsl.model.pipeline import FullPolicy
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.dataplane.ring_reader import RingReader

STREAMS = 6


def trades_edge(capacity, policy=FullPolicy.BLOCK):
    trade = record_layout("trade")
    return EdgeRing(layout=trade, source=trade, capacity=capacity, policy=policy, streams=STREAMS)


def test_records_are_copies_in_the_order_they_were_offered_in(make_trades):
    edge = trades_edge(capacity=4)
    reader = RingReader(edge)
    got = []
    for first in range(1, 20, 3):
        edge.offer(make_trades(range(first, first + 3)), None)
        got.append(reader.take(9))
    assert [row["seq"] for rows in got for row in rows] == list(range(1, 22))


def test_it_takes_no_more_than_it_was_asked_for(make_trades):
    edge = trades_edge(capacity=8)
    reader = RingReader(edge)
    edge.offer(make_trades(range(1, 8)), None)
    assert [len(reader.take(3)) for _ in range(4)] == [3, 3, 1, 0]


def test_what_was_overwritten_is_counted_by_the_edge(make_trades):
    edge = trades_edge(capacity=4, policy=FullPolicy.DROP_OLDEST)
    reader = RingReader(edge)
    for first in range(1, 12, 3):
        edge.offer(make_trades(range(first, first + 3)), None)
    assert reader.take(2)["seq"].tolist() == [9, 10]
    assert edge.statistics().dropped == 8
    assert edge.statistics().waiting == 2


@pytest.mark.parametrize("policy", FullPolicy)
def test_closing_leaves_nothing_uncounted(make_trades, policy):
    edge = trades_edge(capacity=2, policy=policy)
    reader = RingReader(edge)
    for seq in range(1, 6 if policy is not FullPolicy.BLOCK else 3):
        edge.offer(make_trades([seq], seq % STREAMS), None)
    reader.close()
    counts = edge.statistics()
    assert counts.waiting == counts.consumed == 0
    assert counts.offered == counts.dropped + counts.conflated
