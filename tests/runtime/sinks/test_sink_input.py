from __future__ import annotations

import anyio
import pytest

from meltica_dsl.model.pipeline import FullPolicy
from meltica_runtime.sinks.sink_input import SinkInput

LONG = 3_600.0


def waits(sink_input):
    """Whether the sink_input lets its sink wait, on a loop that nothing else runs on."""

    async def main():
        with anyio.move_on_after(0.02) as scope:
            await sink_input.wait()
        return scope.cancelled_caught

    return anyio.run(main)


def test_a_turn_is_due_when_an_edge_is_a_quarter_full(shop, make_trades):
    edges = (shop.edge(capacity=8), shop.edge(capacity=100))
    sink_input = SinkInput(edges, LONG)
    edges[0].offer(make_trades([1]), None)
    sink_input.wake()
    assert waits(sink_input)
    edges[0].offer(make_trades([2]), None)
    sink_input.wake()
    assert not waits(sink_input)
    assert waits(sink_input), "one turn for one wake"


def test_a_turn_is_due_after_its_time(shop):
    assert not waits(SinkInput((shop.edge(),), 0.001))


def test_it_is_over_once_stopped_and_empty(shop, make_trades):
    edge = shop.edge()
    sink_input = SinkInput((edge,), LONG)
    assert not sink_input.is_over
    edge.offer(make_trades([1]), None)
    sink_input.stop()
    assert not sink_input.is_over
    assert not waits(sink_input)
    assert [len(taken.rows) for taken in sink_input.take(9)] == [1]
    assert sink_input.is_over


@pytest.mark.parametrize("policy", [FullPolicy.CONFLATE, FullPolicy.DROP_OLDEST])
def test_a_stopped_inlet_is_not_over_while_something_waits_outside(shop, make_trades, policy):
    edge = shop.edge(capacity=1, policy=policy)
    sink_input = SinkInput((edge,), LONG)
    edge.offer(make_trades([1, 2, 3], [0, 1, 2]), None)
    sink_input.stop()
    seqs = []
    while not sink_input.is_over:
        seqs += [seq for taken in sink_input.take(9) for seq in taken.rows["seq"].tolist()]
    assert seqs == ([1, 2, 3] if policy is FullPolicy.CONFLATE else [3])
