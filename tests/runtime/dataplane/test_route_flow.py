from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meltica_compiler.graph.graph import Graph, Ingress, ProviderNode, RouteNode
from meltica_compiler.kernels.load import load_kernel
from meltica_compiler.records.layout import MAX_BATCH, record_layout, ring_bytes
from meltica_dsl.model.pipeline import Conflate, FullPolicy, Sample
from meltica_dsl.model.values import Duration
from meltica_dsl.text.source import Location, Span
from meltica_runtime.clock import no_clock
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.ingress_ring import IngressRing
from meltica_runtime.dataplane.ring_reader import RingReader
from meltica_runtime.dataplane.route_flow import RouteFlow

PLACE = Location("test.mel", 1, 1)
SPAN = Span("test.mel", 0, 0)
SYMBOLS = ("BTC-USDT", "ETH-USDT")
STREAMS = 6


class Flow:
    """A route over several providers, the rings before and behind it, and readers."""

    def __init__(self, make_events, *, capacities, edges, stages=(), event="trade", depths=None):
        depths = depths or [0] * len(capacities)
        names = tuple(f"p{n}" for n in range(len(capacities)))
        node = RouteNode("route:r", "r", event, min(depths), names, tuple(stages), "pool", False, PLACE)
        providers = tuple(
            ProviderNode(f"provider:{name}", name, "fake", SYMBOLS, {}, (ingress,), False, PLACE)
            for name, ingress in zip(
                names, (ingress_of(event, c, d) for c, d in zip(capacities, depths, strict=True)), strict=True
            )
        )
        graph = Graph("p", "test.mel", None, None, SYMBOLS, providers, (node,), (), (), (), "")
        self.layouts = [record_layout(event, depth) for depth in depths]
        self.sources = tuple(
            IngressRing(layout, c) for layout, c in zip(self.layouts, capacities, strict=True)
        )
        offered = RouteFlow.delivered_layout(node, self.sources)
        self.edges = tuple(
            EdgeRing(
                layout=record_layout(event, min(depths)),
                source=offered,
                capacity=capacity,
                policy=policy,
                streams=STREAMS,
            )
            for policy, capacity in edges
        )
        self.readers = tuple(RingReader(edge) for edge in self.edges)
        self.route = RouteFlow(node, load_kernel(node, graph), self.sources, self.edges, STREAMS)
        self.ingest = Ingest(no_clock)
        self._make_events = make_events

    def arrive(self, source, count, stream=0):
        """Writes events into one source, as far as it has room; returns how many."""
        count = min(count, self.sources[source].room())
        first = self.ingest.next_seqs(count)
        rows = self._make_events(self.layouts[source], range(first, first + count), stream)
        self.sources[source].append(rows)
        return count

    def advance(self):
        self.route.advance(self.ingest.last_seq)
        for source in self.sources:
            source.released = self.route.position(source)

    def read(self, edge=0, limit=1_000_000):
        return self.readers[edge].take(limit)["seq"].tolist()


def ingress_of(event, capacity, depth):
    return Ingress(
        event, capacity, depth, record_layout(event, depth).size, ring_bytes(event, depth, capacity)
    )


STEPS = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 2), st.integers(0, 9)),
        st.tuples(st.just("advance"), st.just(0)),
        st.tuples(st.just("read"), st.integers(1, 9)),
    ),
    max_size=40,
)


@given(capacities=st.lists(st.integers(1, 9), min_size=1, max_size=3), edge=st.integers(1, 9), steps=STEPS)
@settings(max_examples=120, deadline=None)
def test_sources_come_out_in_their_one_order_whatever_the_chunks(make_events, capacities, edge, steps):
    flow = Flow(make_events, capacities=capacities, edges=[(FullPolicy.BLOCK, edge)])
    got = []
    for what, number in steps:
        if what == "advance":
            flow.advance()
        elif what == "read":
            got.extend(flow.read(limit=number))
        else:
            flow.arrive(what % len(capacities), number)
    while flow.route.backlog or not flow.edges[0].is_empty:
        flow.advance()
        got.extend(flow.read())
    flow.advance()
    assert got == list(range(1, flow.ingest.last_seq + 1))
    assert flow.route.cut == flow.ingest.last_seq
    assert flow.route.events_in == flow.route.events_out == len(got)


def test_a_burst_beyond_one_batch_is_advanced_in_several(make_events):
    flow = Flow(make_events, capacities=[30_000, 30_000], edges=[(FullPolicy.BLOCK, 60_000)])
    for _ in range(100):
        flow.arrive(0, 200)
        flow.arrive(1, 31)
    flow.advance()
    assert flow.read() == list(range(1, 23_101))
    assert flow.route.statistics().last_batch <= MAX_BATCH
    assert flow.route.statistics().batches >= 3


def test_books_of_several_depths_meet_at_the_depth_of_the_route(make_events):
    flow = Flow(
        make_events,
        capacities=[8, 8],
        depths=[2, 5],
        event="book",
        edges=[(FullPolicy.BLOCK, 16)],
    )
    flow.arrive(0, 2)
    flow.arrive(1, 2)
    flow.arrive(0, 1)
    flow.advance()
    rows = flow.readers[0].take(16)
    assert rows["seq"].tolist() == [1, 2, 3, 4, 5]
    assert rows["bids"].shape == (5, 2, 2)
    assert rows["asks"][:, 1, 1].tolist() == [1, 2, 3, 4, 5]
    assert rows["bid_levels"].tolist() == [2] * 5


def test_a_full_blocking_edge_holds_the_route_and_its_sources(make_events):
    flow = Flow(make_events, capacities=[8], edges=[(FullPolicy.BLOCK, 4), (FullPolicy.DROP_NEWEST, 100)])
    flow.arrive(0, 8)
    flow.advance()
    assert flow.route.backlog == 4
    assert flow.sources[0].room() == 4
    assert flow.route.cut == 4
    assert flow.read(0, 1) == [1]
    flow.advance()
    assert flow.route.cut == 5
    assert flow.read(1) == [1, 2, 3, 4, 5]
    assert flow.edges[1].statistics().dropped == 0


@pytest.mark.parametrize("policy", [FullPolicy.DROP_NEWEST, FullPolicy.DROP_OLDEST, FullPolicy.CONFLATE])
def test_a_lossy_edge_never_holds_the_route(make_events, policy):
    flow = Flow(make_events, capacities=[8], edges=[(policy, 2)])
    for _ in range(5):
        assert flow.arrive(0, 8) == 8
        flow.advance()
    assert flow.route.backlog == 0
    assert flow.sources[0].room() == 8


def test_the_cut_stays_before_what_waits_outside_a_conflating_edge(make_events):
    flow = Flow(make_events, capacities=[8], edges=[(FullPolicy.CONFLATE, 2)])
    for stream in range(4):
        flow.arrive(0, 1, stream)
    flow.advance()
    assert flow.route.cut == 2
    flow.arrive(0, 1, 2)
    flow.advance()
    assert flow.route.cut == 3, "the third event was replaced by the fifth, the fourth waits"
    assert flow.read() == [1, 2]
    flow.route.tick(0.0, flow.ingest)
    assert flow.route.cut == 5
    assert flow.read() == [4, 5]


def test_a_tick_closes_the_window_of_a_stage_when_it_is_due(make_events):
    stage = Conflate(Duration(10_000_000), SPAN)
    flow = Flow(make_events, capacities=[8], edges=[(FullPolicy.DROP_NEWEST, 8)], stages=[stage])
    flow.arrive(0, 3)
    flow.advance()
    before = flow.read()
    flow.route.tick(5_000.0, flow.ingest)
    assert flow.read() == []
    flow.route.tick(1_000_000.0, flow.ingest)
    assert before + flow.read() == [4], "numbered when it was delivered, behind the three that came"


def test_a_blocking_edge_keeps_room_for_what_a_stage_may_let_go_at_once(make_events):
    stage = Conflate(Duration(10_000_000), SPAN)
    flow = Flow(make_events, capacities=[64], edges=[(FullPolicy.BLOCK, STREAMS + 2)], stages=[stage])
    for count in range(60):
        flow.arrive(0, 1, stream=2 * (count % 2))
        flow.advance()
        flow.route.tick(1_000.0 * flow.ingest.last_seq, flow.ingest)
    while flow.route.backlog or not flow.edges[0].is_empty:
        flow.read()
        flow.advance()
    statistics = flow.edges[0].statistics()
    assert statistics.dropped == 0
    assert statistics.consumed == flow.route.events_out > 4


def test_what_a_stage_leaves_out_is_read_but_not_delivered(make_events):
    flow = Flow(make_events, capacities=[8], edges=[(FullPolicy.BLOCK, 8)], stages=[Sample(3, SPAN)])
    flow.arrive(0, 8)
    flow.advance()
    kept = flow.read()
    assert len(kept) == 3
    assert set(np.diff(kept)) == {3}
    assert flow.route.statistics().events_in == 8
    assert flow.route.statistics().events_out == 3
    assert flow.route.cut == 8
