from __future__ import annotations

import pytest

from meltica_compiler.graph.graph import Graph, Ingress, ProviderNode, RouteNode
from meltica_compiler.kernels.load import load_kernel
from meltica_compiler.records.layout import record_layout, ring_bytes
from meltica_dsl.model.pipeline import Conflate, FullPolicy
from meltica_dsl.model.values import Duration
from meltica_dsl.text.source import Location, Span
from meltica_runtime.clock import no_clock
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.ingress_ring import IngressRing
from meltica_runtime.dataplane.pump import Pump, WakeTarget
from meltica_runtime.dataplane.ring_reader import RingReader
from meltica_runtime.dataplane.route_flow import RouteFlow

PLACE = Location("test.mel", 1, 1)
TRADE = record_layout("trade")
SYMBOLS = ("BTC-USDT",)


class Plane:
    """One source, one route for each edge asked for, one reader of them all."""

    def __init__(self, make_trades, *edges, stages=(), capacity=8):
        ingress = Ingress("trade", capacity, 0, TRADE.size, ring_bytes("trade", 0, capacity))
        provider = ProviderNode("provider:p", "p", "fake", SYMBOLS, {}, (ingress,), False, PLACE)
        graph = Graph("p", "test.mel", None, None, SYMBOLS, (provider,), (), (), (), (), "")
        self.source = IngressRing(TRADE, capacity)
        self.ingest = Ingest(no_clock)
        self.edges = [
            EdgeRing(layout=TRADE, source=TRADE, capacity=size, policy=policy, streams=2)
            for policy, size in edges
        ]
        self.readers = [RingReader(edge) for edge in self.edges]
        self.routes = []
        for number, edge in enumerate(self.edges):
            node = RouteNode(
                f"route:r{number}", f"r{number}", "trade", 0, ("p",), stages, "pool", False, PLACE
            )
            self.routes.append(RouteFlow(node, load_kernel(node, graph), (self.source,), (edge,), 2))
        self.cuts = []
        self.own_cuts = [[] for _ in self.routes]
        readers = [WakeTarget("all", tuple(self.routes), self.cuts.append)]
        readers += [
            WakeTarget(str(n), (route,), self.own_cuts[n].append) for n, route in enumerate(self.routes)
        ]
        self.pump = Pump(self.ingest, [self.source], self.routes, readers)
        self._trades = make_trades

    def arrive(self, count):
        first = self.ingest.next_seqs(count)
        self.source.append(self._trades(range(first, first + count)))

    def read(self, edge, limit=100):
        return self.readers[edge].take(limit)["seq"].tolist()


def test_a_blocked_route_stalls_itself_and_no_other(make_trades):
    plane = Plane(make_trades, (FullPolicy.BLOCK, 2), (FullPolicy.BLOCK, 20))
    plane.arrive(5)
    plane.pump.run()
    assert plane.read(1) == [1, 2, 3, 4, 5]
    assert plane.own_cuts == [[2], [5]]
    assert plane.cuts == [2], "a reader of both goes no further than the slower one"
    assert not plane.pump.is_idle
    assert plane.read(0) == [1, 2]
    plane.pump.run()
    assert plane.read(0) == [3, 4]
    assert plane.cuts == [2, 4]


def test_the_source_gets_back_only_what_every_route_has_read(make_trades):
    plane = Plane(make_trades, (FullPolicy.BLOCK, 2), (FullPolicy.BLOCK, 20))
    plane.arrive(8)
    plane.pump.run()
    assert plane.source.room() == 2
    while not plane.pump.is_idle:
        plane.read(0)
        plane.pump.run()
    assert plane.source.room() == 8


def test_a_source_without_a_route_is_let_go_at_once(make_trades):
    plane = Plane(make_trades)
    plane.arrive(8)
    plane.pump.run()
    assert plane.source.room() == 8
    assert plane.cuts == [8]


def test_what_waits_under_conflate_comes_in_with_a_tick(make_trades):
    plane = Plane(make_trades, (FullPolicy.CONFLATE, 1))
    plane.arrive(5)
    plane.pump.run()
    assert plane.cuts == [4], "all but the fifth are there or replaced by it"
    assert not plane.pump.is_idle
    assert plane.read(0) == [1]
    plane.pump.tick(0.0)
    assert plane.pump.is_idle
    assert plane.cuts[-1] == 5
    assert plane.read(0) == [5]


@pytest.mark.parametrize("policy", FullPolicy)
def test_a_tick_delivers_a_window_and_then_wakes(make_trades, policy):
    window = Conflate(Duration(10_000_000), Span("test.mel", 0, 0))
    plane = Plane(make_trades, (policy, 4), stages=(window,))
    plane.arrive(3)
    plane.pump.run()
    assert plane.read(0) == []
    plane.pump.tick(1_000_000.0)
    # Its place in the one order is now, behind the three events that came.
    assert plane.read(0) == [4]
    assert plane.cuts[-1] == 4
