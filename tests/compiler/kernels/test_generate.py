"""Kernels do what the reference does, however the stream is cut."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from meltica_compiler.analyses.buffering import MERGE_BUFFER
from meltica_compiler.kernels import merge
from meltica_compiler.kernels.generate import kernel_source
from meltica_compiler.kernels.load import load_kernel
from meltica_dsl.model.pipeline import (
    Conflate,
    Dedupe,
    Depth,
    ExprType,
    Kline,
    Merge,
    Sample,
    Throttle,
    Where,
)
from meltica_dsl.model.values import Duration, Rate

MS = 1_000_000
BOUNDED = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@st.composite
def trades(draw, make):
    """Up to 60 trades of few symbols and identifiers, times that mostly grow."""
    n = draw(st.integers(0, 60))

    def column(strategy):
        return draw(st.lists(strategy, min_size=n, max_size=n))

    steps = np.cumsum(column(st.sampled_from([0.0, 0.25, 1000.0, 20_000.0, -30_000.0, 150_000.0])))
    return make.records(
        "trade",
        0,
        time=1_700_000_000_000_000 + (steps if n else np.zeros(0)),
        symbol=column(st.integers(0, 2)),
        provider=column(st.integers(0, 1)),
        price=column(st.sampled_from([0.0, 1.5, 100.0, 100.25, 60_000.0])),
        quantity=column(st.sampled_from([0.0, 0.1, 0.2, 0.0001, 2.000007, 12_345_678.12345])),
        trade_id=column(st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0, 90.0])),
        side=column(st.integers(0, 2)),
    )


@st.composite
def stages(draw, make):
    """Up to five stages of trades, or up to three of them, candles, and stages of candles."""
    before = draw(st.lists(stage(make, "trade"), max_size=3))
    if draw(st.booleans()):
        before.insert(draw(st.integers(0, len(before))), Merge(make.span))
    if draw(st.booleans()):
        return [*before, *draw(st.lists(stage(make, "trade"), max_size=2))]
    candles = Kline(draw(durations.filter(lambda d: d.ns > 1)), make.span)
    return [*before, candles, *draw(st.lists(stage(make, "kline"), max_size=2))]


durations = st.sampled_from([1, 50 * MS, 100 * MS, 1_000 * MS]).map(Duration)
rates = st.builds(Rate, st.sampled_from([1, 2, 7]).map(Decimal), durations)


def stage(make, event):
    volume = make.field("quantity" if event == "trade" else "volume", event)
    where = st.sampled_from(
        [
            Where(make.binary(make.field("symbol", event), "==", make.name("BTC-USDT")), make.span),
            Where(make.binary(volume, ">=", make.number("0.001")), make.span),
        ]
    )
    return st.one_of(
        where,
        durations.map(lambda d: Dedupe(d, make.span)),
        durations.map(lambda d: Conflate(d, make.span)),
        rates.map(lambda rate: Throttle(rate, make.span)),
        st.integers(1, 5).map(lambda n: Sample(n, make.span)),
    )


@BOUNDED
@given(data=st.data())
def test_a_kernel_delivers_what_the_reference_does_in_any_batches(make, monkeypatch, data):
    rows = data.draw(trades(make))
    route, graph = make.pipeline(*data.draw(stages(make)))
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=8))
    end = 1_700_000_000_000_000 + data.draw(st.sampled_from([-1e9, 0.0, 5e5, 1e8]))
    held = data.draw(st.sampled_from([3, MERGE_BUFFER]))
    wanted = make.by_reference(route, graph, rows, end, held)
    monkeypatch.setattr(merge, "MERGE_BUFFER", held)
    assert np.array_equal(make.run_in_batches(route, graph, rows, cuts, end), wanted)
    each_alone = make.run_in_batches(route, graph, rows, range(1, len(rows)), end)
    assert np.array_equal(each_alone, wanted)


@BOUNDED
@given(data=st.data())
def test_merged_events_do_not_tell_how_they_were_interleaved(make, data):
    """As long as no provider is silent for longer than it is waited for."""
    times = st.lists(st.sampled_from([0.0, 1_000.0, 20_000.0, 100_000.0]), min_size=1, max_size=20)
    own = [np.cumsum(data.draw(times)) for _ in range(2)]
    sources = np.repeat([0, 1], [len(column) for column in own])
    route, graph = make.pipeline(Merge(make.span))
    outcomes = []
    for _ in range(2):
        order = data.draw(interleavings(own))
        rows = make.records("trade", 0, time=np.concatenate(own)[order], provider=sources[order])
        rows["trade_id"] = order
        merged = make.run_in_batches(route, graph, rows, [], 1e9)
        assert np.all(np.diff(merged["time"]) >= 0)
        outcomes.append(merged["trade_id"].tolist())
    assert outcomes[0] == outcomes[1]


@st.composite
def interleavings(draw, own):
    """Places in the two columns joined, each in its order, neither further ahead than `merge` waits."""
    first, second, order = 0, len(own[0]), []
    while len(order) < len(own[0]) + len(own[1]):
        left = own[0][first:], own[1][second - len(own[0]) :]
        may = [
            n for n in (0, 1) if left[n].size and (not left[1 - n].size or left[n][0] <= left[1 - n][0] + 2e5)
        ]
        if draw(st.sampled_from(may)) == 0:
            order.append(first)
            first += 1
        else:
            order.append(second)
            second += 1
    return np.array(order)


def test_a_silent_provider_is_waited_for_a_quarter_of_a_second(make):
    route, graph = make.pipeline(Merge(make.span))
    rows = make.records("trade", 0, time=[0.0, 100_000.0, 250_000.0, 250_001.0])
    kernel = load_kernel(route, graph)
    records, _ = kernel.run(rows[:3], 250_000.0)
    assert len(records) == 1
    assert kernel.due_us() == 350_000.0
    records, _ = kernel.run(rows[3:], 250_001.0)
    assert len(records) == 0
    records, _ = kernel.run(rows[:0], 350_001.0)
    assert records["time"].tolist() == [100_000.0]


@pytest.mark.parametrize("provider", [0, 1])
def test_what_merge_holds_goes_out_once_it_is_due(make, provider):
    route, graph = make.pipeline(Merge(make.span))
    rows = make.records("trade", 0, time=[100_000.0], provider=provider)
    kernel = load_kernel(route, graph)
    kernel.run(rows, 100_000.0)
    records, _ = kernel.run(rows[:0], kernel.due_us())
    assert records["time"].tolist() == [100_000.0]


@BOUNDED
@given(data=st.data())
def test_delivered_records_ascend_in_sequence(make, data):
    rows = data.draw(trades(make))
    route, graph = make.pipeline(*data.draw(stages(make)))
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=8))
    seq = make.run_in_batches(route, graph, rows, cuts, 1.8e15)["seq"]
    assert np.all(seq[1:] >= seq[:-1])


def test_a_route_without_stages_delivers_the_rows_themselves(make):
    route, graph = make.pipeline()
    rows = make.records("trade", 0, price=[1.0, 2.0])
    delivered, chosen = load_kernel(route, graph).run(rows, 0.0)
    assert delivered is rows
    assert chosen is None


def test_the_source_reads_like_the_route(make):
    where = Where(
        make.binary(
            make.binary(make.field("symbol"), "==", make.name("BTC-USDT")),
            "and",
            make.binary(make.field("quantity"), ">=", make.number("0.001")),
        ),
        make.span,
    )
    source = kernel_source(
        *make.pipeline(where, Depth(5, make.span), Dedupe(Duration(60_000 * MS), make.span))
    )
    assert "# Kernel of route r (test.mel:3:1)" in source
    assert "        # where symbol == BTC-USDT and quantity >= 0.001\n" in source
    assert '        symbol = records["symbol"]\n' in source
    assert "        keep = symbol == 0\n        keep &= quantity >= 0.001\n" in source
    assert "        # dedupe within 1m\n" in source
    compile(source, "kernel", "exec")


@pytest.mark.parametrize("event", ["trade", "ticker", "book", "kline"])
def test_every_hot_event_has_kernels_of_every_stage(make, event):
    depth = 5 if event == "book" else 0
    route, graph = make.pipeline(
        Where(
            make.binary(make.field("provider", event), "==", make.name("okx", ExprType.PROVIDER)), make.span
        ),
        Dedupe(Duration(MS), make.span),
        Sample(1, make.span),
        Conflate(Duration(MS), make.span),
        event=event,
        depth=depth,
    )
    rows = make.records(event, depth, time=[1.0, 2.0], provider=[1, 1])
    rows["venue_seq"] = [1, 2]
    if event == "trade":
        rows["trade_id"] = [1, 2]
    delivered = make.run_in_batches(route, graph, rows, [1], 1e6)
    assert delivered["seq"].tolist() == [2.0]
    assert delivered["time"].tolist() == [2.0]


def test_books_are_compared_as_deep_as_the_route_delivers_them(make):
    rows = make.records("book", 5, time=[1.0, 1.0, 1.0])
    rows["bids"][1, 4] = [99.0, 1.0]
    rows["bids"][2, 0] = [100.0, 1.0]
    rows["bid_levels"] = [5, 5, 5]
    route, graph = make.pipeline(Dedupe(Duration(MS), make.span), event="book", depth=5)
    assert make.run_in_batches(route, graph, rows, [1])["seq"].tolist() == [1.0, 2.0, 3.0]
    shallow = replace(route, depth=2, sources=route.sources[:1])
    assert make.run_in_batches(shallow, graph, rows, [1])["seq"].tolist() == [1.0, 3.0]
