"""The JavaScript reader of an inbox against the model of its rings."""

from __future__ import annotations

import threading
import time

import anyio
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meltica_compiler.records import shared_memory as at
from meltica_compiler.records.layout import record_layout
from meltica_dsl.model.pipeline import FullPolicy

KEEPS = """
  onTrade(ctx, evt, payload, price) { keep(evt, price, payload.$quantity, Number(payload.tradeId)); },
  onTicker(ctx, evt, payload) { keep(evt, payload.$last, payload.$volume, payload.$bid); },
  onBookSnapshot(ctx, evt, payload) { keep(evt, payload.$bid, payload.$ask, payload.$asks[0][1]); },
  onBalanceUpdate(ctx, evt, payload) { seen.push([payload.n, payload.n, payload.n, payload.n]); },
  onRiskControl() { while (seen.length) log(JSON.stringify(seen.splice(0, 40))); },
"""
SETUP = "const seen = [], keep = (evt, ...values) => seen.push([evt.$seq, ...values]);"
EVENTS = ("trade", "ticker", "book")


def heard(bench):
    """What the strategy saw since it was last asked: for each event its number, found in four places."""
    seen = [row for document in bench.documents for row in document]
    bench.logs.clear()
    assert all(len(set(row)) == 1 for row in seen), "a record was torn"
    return [row[0] for row in seen]


class Rig:
    """Several edges in one isolate, and their models."""

    def __init__(self, bench, models, make_events):
        self.bench = bench
        self.models = models
        self.seq = 0
        self.cold = []
        self._make_events = make_events

    def offer(self, number, streams):
        ring, model = self.bench.rings[number], self.models[number]
        if ring.policy is FullPolicy.BLOCK:
            streams = streams[: ring.room()]
        seqs = list(range(self.seq + 1, self.seq + 1 + len(streams)))
        self.seq += len(seqs)
        ring.offer(self._make_events(ring.layout, seqs, streams), None)
        model.offer(zip(seqs, streams, strict=True))

    def tell(self, lab):
        self.seq += 1
        self.cold.append(lab.cold(self.seq, "onBalanceUpdate", n=self.seq))

    @property
    def cut(self):
        return min([self.seq, *(ring.first_held_seq - 1 for ring in self.bench.rings)])

    async def drain(self, limit):
        """Drains to the end, `limit` events at a time, and returns what the models expect of it."""
        cut = self.cut
        due = [event for event in self.cold if event.seq <= cut]
        self.cold = [event for event in self.cold if event.seq > cut]
        expected = [int(event.seq) for event in due]
        for model in self.models:
            expected += model.read(sum(seq <= cut for seq, _ in model.ring))
        self.bench.cut(cut)
        batches = []
        result = await self.bench.drain(*due, limit=limit)
        while result.handled:
            batches.append(result.handled)
            result = await self.bench.drain(limit=limit)
        assert batches == split(len(expected), limit)
        for model, ring in zip(self.models, self.bench.rings, strict=True):
            model.flush()
            ring.flush_waiting()
        return sorted(expected)


def split(count, limit):
    return [limit] * (count // limit) + [count % limit] * (count % limit > 0)


RINGS = st.lists(
    st.tuples(st.sampled_from(EVENTS), st.sampled_from(FullPolicy), st.integers(1, 9)),
    min_size=1,
    max_size=3,
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 2), st.lists(st.integers(0, 5), max_size=14)),
        st.tuples(st.just("tell"), st.just([])),
        st.tuples(st.just("drain"), st.just([])),
    ),
    max_size=30,
)


@pytest.mark.parametrize("limit", [1, 7, 8_192])
@given(rings=RINGS, steps=STEPS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_strategy_sees_what_the_model_holds_in_one_order(lab, edge_model, make_events, limit, rings, steps):
    async def main():
        edges = [
            lab.edge(f"e{n}", event, policy, capacity, depth=2 * (event == "book"))
            for n, (event, policy, capacity) in enumerate(rings)
        ]
        async with lab.opened(lab.module(KEEPS, SETUP), *edges) as bench:
            rig = Rig(bench, [edge_model(c, p) for _, p, c in rings], make_events)
            expected = []
            for what, streams in [*steps, *[("drain", [])] * 3]:
                if what == "drain":
                    expected += await rig.drain(limit)
                elif what == "tell":
                    rig.tell(lab)
                else:
                    rig.offer(what % len(rings), streams)
            await bench.drain(lab.cold(0))
            assert heard(bench) == expected
            for ring, model in zip(bench.rings, rig.models, strict=True):
                statistics = ring.statistics()
                assert (statistics.consumed, statistics.dropped) == (model.consumed, model.dropped)

    anyio.run(main)


def test_a_lapped_reader_goes_on_at_the_oldest_record_that_is_whole(lab, make_trades, make_events):
    """Found to break the order: the record in the place of a lost one is younger than other edges' events."""

    async def main():
        edges = [lab.edge("e0", policy=FullPolicy.DROP_OLDEST, capacity=4), lab.edge("e1", "ticker")]
        async with lab.opened(lab.module(KEEPS, SETUP), *edges) as bench:
            bench.rings[0].offer(make_trades([1, 3, 5]), None)
            bench.rings[0].offer(make_trades([7, 9, 11]), None)
            bench.rings[1].offer(make_events(record_layout("ticker"), [2, 4, 6, 8, 10]), None)
            bench.cut(11.0)
            assert (await bench.drain(limit=7)).handled == 7
            assert (await bench.drain()).handled == 2
            await bench.drain(lab.cold(11))
            assert heard(bench) == [2, 4, 5, 6, 7, 8, 9, 10, 11]
            assert bench.rings[0].statistics().dropped == 2

    anyio.run(main)


def test_records_overwritten_while_they_are_read_are_skipped_whole(lab, make_trades):
    """A thread laps the reader again and again while it drains."""
    capacity, batch = 24, 16

    async def main():
        edge = lab.edge(policy=FullPolicy.DROP_OLDEST, capacity=capacity)
        async with lab.opened(lab.module(KEEPS, SETUP), edge) as bench:
            ring, stop, written = bench.rings[0], threading.Event(), [0]

            def overwrite():
                while not stop.is_set():
                    first = written[0] + 1
                    ring.offer(make_trades(range(first, first + batch)), None)
                    written[0] += batch
                    # Or it keeps Python to itself for most of the time, and the reader hardly comes to read.
                    time.sleep(0)

            writer = threading.Thread(target=overwrite)
            bench.cut(np.inf)
            handled, seen = 0, []
            writer.start()
            try:
                # How much comes of a turn is up to the machine.
                for _ in range(400):
                    if handled >= 4_000:
                        break
                    handled += (await bench.drain(limit=1_000)).handled
                    await bench.drain(lab.cold(0), limit=1)
                    seen += heard(bench)
            finally:
                stop.set()
                writer.join()
            while result := (await bench.drain()).handled:
                handled += result
            await bench.drain(lab.cold(0))
            seen += heard(bench)
            statistics = ring.statistics()
            assert seen == sorted(set(seen)), "in order and none twice"
            assert len(seen) == statistics.consumed
            assert statistics.dropped > 0, "the writer never lapped the reader"
            assert statistics.consumed + statistics.dropped == statistics.offered == written[0]
            assert seen[-1] == written[0]

    anyio.run(main)


def test_events_beyond_the_cut_wait(lab, make_trades):
    async def main():
        async with lab.opened(lab.module(KEEPS, SETUP)) as bench:
            bench.rings[0].offer(make_trades([1, 2, 3, 4]), None)
            bench.cut(2.0)
            assert (await bench.drain(lab.cold(3, "onBalanceUpdate", n=2.5))).handled == 2
            bench.cut(3.0)
            assert (await bench.drain()).handled == 2
            assert bench.rings[0].statistics().waiting == 1
            assert bench.isolate.cells[at.DELIVERED_F64] == 3.0
            assert bench.isolate.cells[at.COUNT_F64] == 4.0

    anyio.run(main)


def test_an_inbox_is_as_large_as_the_budget_says(lab):
    async def main():
        edges = [lab.edge("e0", capacity=5), lab.edge("e1", "book", depth=3, capacity=7)]
        async with lab.opened(lab.module(""), *edges) as bench:
            assert len(bench.isolate.memory) == 256 + sum(edge.ring_bytes for edge in edges)

    anyio.run(main)
