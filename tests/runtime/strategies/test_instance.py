from __future__ import annotations

import anyio
import numpy as np
import pytest
from tests.runtime.strategies.stage import build, run, skip, started

from meltica_dsl.model.pipeline import FullPolicy, Linger
from meltica_dsl.model.values import Duration
from meltica_runtime.strategies.fault import Stage
from meltica_runtime.strategies.instance import (
    FIRST_BACKOFF_SECONDS,
    HEALTHY_SECONDS,
    InstanceState,
)

ECHO = "onTrade(c, evt) { log(evt.$seq); }, onRiskControl(c, evt, payload) { log('cold', payload.n); }"
SILENT = "onTrade(c, evt) { seen++; }, onRiskControl() { log(seen); }"
LINGERS = [Linger(Duration(0)), Linger(Duration(50_000_000)), Linger(Duration(0), always=True)]


@pytest.mark.parametrize("linger", LINGERS)
def test_everything_offered_is_handled_before_a_stop(lab, make_trades, linger):
    async def main():
        edges = [lab.edge("e0", capacity=8), lab.edge("e1", policy=FullPolicy.CONFLATE, capacity=2)]
        stage = build(lab, make_trades, ECHO, edges, linger=linger)
        async with started(stage):
            await stage.running()
            for _ in range(6):
                await stage.until(lambda: stage.edges[0].room() >= 3)
                stage.offer(3)
                stage.offer(1, edge=1)
            stage.instance.deliver(lab.cold(stage.seq, n=1))
            await stage.until(lambda: stage.wake() or stage.instance.is_settled)
        assert stage.instance.state is InstanceState.STOPPED
        counts = [edge.statistics() for edge in stage.edges]
        assert counts[0].consumed == 18
        assert counts[1].consumed + counts[1].conflated == 6
        numbers = [float(text) for text in stage.logs if not text.startswith("cold")]
        assert numbers == sorted(numbers)
        assert len(numbers) == sum(count.consumed for count in counts)
        assert "cold 1" in stage.logs
        statistics = stage.instance.statistics()
        assert statistics.events == len(numbers) + 1
        assert statistics.logs == len(stage.logs)
        assert not any(edge.is_attached for edge in stage.edges)

    run(main)


@pytest.mark.parametrize("linger", LINGERS)
def test_a_cold_event_keeps_its_place_among_the_others(lab, make_trades, linger):
    """Whatever V8 does at that moment, it gets nothing younger than a cold event that waits."""

    async def main():
        stage = build(lab, make_trades, ECHO, linger=linger)
        async with started(stage):
            await stage.running()
            for _ in range(30):
                stage.offer(2)
                stage.seq += 1
                stage.instance.deliver(lab.cold(stage.seq, n=stage.seq))
                stage.offer(1)
                await stage.settled()
        numbers = [int(text.removeprefix("cold ")) for text in stage.logs]
        assert numbers == list(range(1, 121))

    run(main)


@pytest.mark.parametrize("linger", LINGERS)
def test_a_cold_event_comes_as_soon_as_the_cut_reaches_it(lab, make_trades, linger):
    async def main():
        stage = build(lab, make_trades, ECHO, linger=linger)
        async with started(stage):
            await stage.running()
            stage.seq = 5
            stage.instance.deliver(lab.cold(5, n=5))
            assert not stage.instance.is_settled
            assert stage.instance.statistics().cold_waiting == 1
            stage.wake()
            await stage.settled()
            await stage.until(lambda: stage.logs == ["cold 5"])

    run(main)


def test_a_stop_delivers_what_no_cut_reached_any_more(lab, make_trades):
    async def main():
        stage = build(lab, make_trades, ECHO)
        async with started(stage):
            await stage.running()
            stage.instance.deliver(lab.cold(5, n=5))
        assert stage.logs == ["cold 5"]

    run(main)


@pytest.mark.parametrize("linger", LINGERS)
def test_settled_means_that_the_outlets_have_heard_it(lab, make_trades, linger):
    async def main():
        source = "onTrade() { runtime.submitMarketOrder(null, 'buy', 1); }"
        stage = build(lab, make_trades, source, linger=linger)
        async with started(stage):
            await stage.running()
            for count in range(1, 40):
                stage.offer()
                assert not stage.instance.is_settled
                with anyio.fail_after(10):
                    while not stage.instance.is_settled:
                        await anyio.lowlevel.checkpoint()
                assert len(stage.effects) == count
        assert [effect.seq for effect in stage.effects] == [float(n) for n in range(1, 40)]
        assert stage.instance.statistics().effects == 39

    run(main)


def test_a_drain_that_never_returns_still_counts(lab, make_trades):
    async def main():
        stage = build(lab, make_trades, SILENT, linger=LINGERS[2])
        async with started(stage):
            await stage.running()
            for count in range(1, 6):
                stage.offer()
                await stage.until(lambda count=count: stage.instance.statistics().events == count)
        assert stage.instance.statistics().events == 5

    run(main)


def test_a_strategy_is_restarted_as_often_as_its_policy_says_and_ever_later(lab, make_trades):
    async def main():
        source = "onTrade(c, evt) { throw new Error('at ' + evt.$seq); }"
        stage = build(lab, make_trades, source, restarts=2)
        backoff = FIRST_BACKOFF_SECONDS
        async with started(stage):
            for life in (1, 2):
                await stage.running()
                stage.offer(2)
                await stage.until(lambda life=life: len(stage.faults) == life)
                assert stage.instance.state is InstanceState.RESTARTING
                stage.offer()
                await skip(backoff / 2)
                assert stage.starts == list(range(1, life + 1)), "it was started too early"
                await skip(backoff / 2)
                backoff *= 2
            await stage.running()
            stage.offer(2)
            await stage.until(lambda: stage.has_ended)
        assert stage.starts == [1, 2, 3]
        assert [again for _, again in stage.faults] == [True, True, False]
        assert [fault.message for fault, _ in stage.faults] == [
            "onTrade: at 1",
            "onTrade: at 4",
            "onTrade: at 7",
        ]
        statistics = stage.instance.statistics()
        assert statistics.state is InstanceState.FAILED
        assert statistics.restarts == 2
        assert statistics.fault == stage.faults[-1][0]
        assert statistics.events == 3
        counts = stage.edges[0].statistics()
        assert (counts.consumed, counts.dropped, counts.waiting) == (3, 5, 0)

    run(main)


def test_a_long_healthy_life_gives_the_restarts_back(lab, make_trades):
    async def main():
        stage = build(lab, make_trades, "onTrade() { throw 1; }", restarts=1)
        async with started(stage):
            for life in range(1, 4):
                await stage.running()
                stage.now += HEALTHY_SECONDS + 1
                stage.offer()
                await stage.until(lambda life=life: len(stage.faults) == life)
                await skip(FIRST_BACKOFF_SECONDS)
            await stage.running()
            stage.offer()
            await stage.until(lambda: stage.has_ended)
        assert [again for _, again in stage.faults] == [True, True, True, False]

    run(main)


def test_a_module_that_does_not_start_is_a_fault_too(lab, make_trades):
    async def main():
        stage = build(lab, make_trades, "}}} not JavaScript", restarts=0)
        async with started(stage):
            await stage.until(lambda: stage.has_ended)
        [(fault, again)] = stage.faults
        assert fault.stage is Stage.COMPILE
        assert not again
        assert stage.instance.state is InstanceState.FAILED

    run(main)


@pytest.mark.parametrize(
    "source",
    [
        "onTrade(c, evt) { if (evt.$seq === 3) throw 1; }",
        "onTrade() { for (;;); }",
        "onTrade() { Object.prototype.toJSON = () => 5; log(1); }",
    ],
)
def test_a_strategy_that_fails_disturbs_no_other(lab, make_trades, source):
    async def main():
        good = build(lab, make_trades, ECHO)
        bad = build(lab, make_trades, source, restarts=0, drain_limit=Duration(30_000_000))
        async with started(good, bad):
            await good.running()
            await bad.running()
            for _ in range(10):
                for stage in (bad, good):
                    stage.offer()
                await good.settled()
            await bad.until(lambda: bad.has_ended)
            good.offer()
        assert (good.logs, good.faults) == ([str(n) for n in range(1, 12)], [])

    run(main)


def test_what_comes_for_a_strategy_that_is_down_is_dropped_and_counted(lab, make_trades):
    async def main():
        stage = build(lab, make_trades, ECHO)
        stage.offer(4)
        stage.instance.deliver(lab.cold(1, n=1))
        assert stage.instance.is_settled
        assert stage.edges[0].statistics().dropped == 4
        assert stage.instance.statistics().cold_dropped == 1

    run(main)


def test_a_stop_ends_the_wait_for_a_restart(lab, make_trades):
    async def main():
        stage = build(lab, make_trades, "onTrade() { throw 1; }")
        async with started(stage):
            await stage.running()
            stage.offer()
            await stage.until(lambda: stage.faults)
        assert stage.instance.state is InstanceState.STOPPED
        assert stage.starts == [1]

    run(main)


def test_a_cancelled_run_lets_go_of_its_edges(lab, make_trades):
    async def main():
        stage = build(lab, make_trades, "onTrade() { for (;;); }", drain_limit=Duration(60 * 10**9))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stage.instance.run)
            await stage.running()
            stage.offer(5)
            await stage.until(lambda: stage.instance.statistics().events == 0)
            tasks.cancel_scope.cancel()
        counts = stage.edges[0].statistics()
        assert counts.consumed + counts.dropped == 5
        assert not stage.edges[0].is_attached
        assert stage.instance.state is InstanceState.STOPPED

    run(main)


def test_trading_can_be_halted_and_stays_so_over_a_restart(lab, make_trades):
    async def main():
        source = "onTrade(c, evt) { log(runtime.isTradingActive()); if (evt.$seq === 2) throw 1; }"
        stage = build(lab, make_trades, source)
        async with started(stage):
            await stage.running()
            stage.offer()
            await stage.settled()
            stage.instance.allow_trading(allowed=False)
            stage.offer()
            await stage.until(lambda: stage.faults)
            await skip(FIRST_BACKOFF_SECONDS)
            await stage.running()
            stage.offer()
            await stage.settled()
        assert stage.logs == ["true", "false", "false"]

    run(main)


def test_events_behind_the_cut_of_another_route_wait(lab, make_trades):
    async def main():
        stage = build(lab, make_trades, ECHO)
        async with started(stage):
            await stage.running()
            stage.edges[0].offer(make_trades([1, 2, 3]), None)
            stage.instance.wake(2.0)
            await stage.until(lambda: stage.edges[0].statistics().consumed == 2)
            assert not stage.instance.is_settled
            stage.instance.wake(np.inf)
            await stage.settled()
        assert stage.logs == ["1", "2", "3"]

    run(main)
