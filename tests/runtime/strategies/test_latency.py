"""What is measured is what passed between the receipt of an event and the end of its handler."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from tests.runtime.strategies.stage import build, run, started

from meltica_compiler.records.layout import record_layout
from meltica_dsl.model.pipeline import FullPolicy
from meltica_dsl.model.values import Duration
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.dataplane.ring_reader import RingReader
from meltica_runtime.strategies.latency import LatencyMeter
from meltica_runtime.topology.latency_watch import LOOK_SECONDS, TELL_SECONDS, LatencyWatch

TRADE = record_layout("trade")


class Rig:
    """Edges with readers, and a clock in the test's hand."""

    def __init__(self, make_trades, edges=1, policy=FullPolicy.DROP_OLDEST):
        self.now_us = 1_000_000.0
        self.edges = [
            EdgeRing(layout=TRADE, source=TRADE, capacity=4, policy=policy, streams=4) for _ in range(edges)
        ]
        self.readers = [RingReader(edge) for edge in self.edges]
        self.meter = LatencyMeter(self.edges, lambda: self.now_us)
        self._make_trades = make_trades

    def receive(self, count=1, edge=0):
        rows = self._make_trades(range(1, count + 1), 0)
        rows["ingest"] = self.now_us
        self.edges[edge].offer(rows, None)

    def handle(self, count, edge=0, lingered_us=0.0):
        self.readers[edge].take(count)
        self.meter.batch_ended(lingered_us)


@pytest.fixture
def rig(make_trades):
    return Rig(make_trades)


def test_the_last_event_of_a_batch_is_measured(rig):
    rig.receive()
    rig.now_us += 300
    rig.receive()
    rig.now_us += 50
    rig.handle(2)
    assert rig.meter.last_us == 50


def test_lingering_in_vain_is_no_part_of_it(rig):
    rig.receive()
    rig.now_us += 250
    rig.handle(1, lingered_us=200)
    assert rig.meter.last_us == 50


def test_a_batch_without_records_measures_nothing(rig):
    rig.receive()
    rig.now_us += 50
    rig.handle(1)
    rig.now_us += 10_000_000
    rig.handle(0)
    assert rig.meter.last_us == 50


def test_of_several_edges_only_those_that_moved_count(make_trades):
    rig = Rig(make_trades, edges=2)
    rig.receive(edge=0)
    rig.now_us += 70
    rig.handle(1, edge=0)
    rig.now_us += 1_000
    rig.receive(edge=1)
    rig.now_us += 30
    rig.handle(1, edge=1)
    assert rig.meter.last_us == 30


def test_the_oldest_that_waits_is_seen_and_nothing_waits_in_an_empty_ring(rig):
    assert rig.meter.waiting_us == 0
    rig.receive()
    rig.now_us += 400
    rig.receive()
    assert rig.meter.waiting_us == 400
    rig.handle(1)
    assert rig.meter.waiting_us == 0


def test_what_was_overwritten_waits_no_more(rig):
    rig.receive()
    rig.now_us += 900
    rig.receive(4)
    rig.now_us += 20
    assert rig.meter.waiting_us == 20


def test_the_worst_is_taken_once(rig):
    for passed in (10, 80, 20):
        rig.receive()
        rig.now_us += passed
        rig.handle(1)
    assert rig.meter.take_worst_us() == 80
    assert rig.meter.take_worst_us() == 0


@pytest.fixture
def watched(rig):
    told = []
    watch = LatencyWatch(lambda node, took_us, budget: told.append((node.name, took_us)))

    def look(now_s, budget_us=100):
        budget = None if budget_us is None else Duration(budget_us * 1_000)
        graph = SimpleNamespace(latency_budget=budget, strategies=(SimpleNamespace(name="maker"),))
        watch.look(graph, {"maker": SimpleNamespace(latency=rig.meter)}, now_s)
        return told

    def takes(passed_us):
        rig.receive()
        rig.now_us += passed_us
        rig.handle(1)

    return SimpleNamespace(look=look, takes=takes)


def test_only_what_is_over_the_budget_is_told(watched):
    watched.takes(90)
    assert watched.look(0.0) == []
    watched.takes(500)
    assert watched.look(LOOK_SECONDS) == [("maker", 500)]


def test_a_strategy_that_is_always_late_is_told_of_now_and_then(watched):
    for second in range(int(3 * TELL_SECONDS)):
        watched.takes(500)
        told = watched.look(float(second))
    assert len(told) == 3


def test_without_a_budget_nothing_is_told(watched):
    watched.takes(500)
    assert watched.look(0.0, budget_us=None) == []


def test_an_instance_measures_how_long_its_events_took(lab, make_trades):
    async def main():
        stage = build(lab, make_trades, "onTrade() { seen++; }")
        async with started(stage):
            await stage.running()
            rows = make_trades(range(1, 4), 0)
            stage.now, rows["ingest"] = 1_700_000_000.5, 1_700_000_000_250_000.0
            stage.seq = 3
            stage.edges[0].offer(rows, None)
            assert stage.instance.statistics().waiting_s == pytest.approx(0.25)
            stage.wake()
            await stage.until(lambda: stage.instance.statistics().latency_s > 0)
            assert stage.instance.statistics().latency_s == pytest.approx(0.25)
            assert stage.instance.statistics().waiting_s == 0

    run(main)
