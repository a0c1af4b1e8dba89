"""Drains through shared memory do what drains by calls do."""

from __future__ import annotations

from contextlib import AsyncExitStack

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meltica_compiler.records import shared_memory as at
from meltica_dsl.model.values import Duration, Size
from meltica_runtime.strategies.drain_channel import CHARACTERS, DrainChannel
from meltica_runtime.strategies.fault import Stage, StrategyFailed
from meltica_runtime.strategies.isolate import StrategyFailedIn

pytestmark = pytest.mark.anyio

BUSY = r"""
onTrade(ctx, evt, payload, price) {
  if (evt.$seq % 3 === 0) runtime.submitOrder(null, "buy", 1, price);
  if (evt.$seq % 5 === 0) log("trade", evt.$seq, "\u00fc\ud83d\ude00");
  if (evt.$seq === 55) throw new Error("no more");
},
onRiskControl(ctx, evt, payload) { log("told", payload.n); }
"""

SAYING = "onRiskControl(ctx, evt, payload) { log(payload.text.length); log(payload.text.slice(0, 300)); }"

STEPS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 3), st.sampled_from([1, 4, 1_000])), min_size=1, max_size=8
)


async def went_through(lab, make_trades, steps, *, talks):
    """What a strategy answered to each step: so many trades, then so many cold events, at most so much at
    once."""
    answers, seq = [], 0
    async with AsyncExitStack() as stack:
        bench = await stack.enter_async_context(lab.opened(lab.module(BUSY)))
        if talks:
            bench.drain_by = (await stack.enter_async_context(DrainChannel(bench.isolate))).drain
        try:
            for trades, told, limit in steps:
                if trades:
                    bench.offer(make_trades(range(seq + 1, seq + trades + 1)))
                    seq += trades
                cold = [lab.cold(seq + 0.5, n=n) for n in range(told)]
                answers.append(await bench.drain(*cold, limit=limit))
        except StrategyFailedIn as failed:
            answers += [failed.result, failed.fault]
    return answers


@given(steps=STEPS)
@settings(max_examples=25, deadline=None)
def test_it_answers_as_calls_do(lab, make_trades, steps):
    async def main():
        by_calls = await went_through(lab, make_trades, steps, talks=False)
        assert await went_through(lab, make_trades, steps, talks=True) == by_calls

    anyio.run(main)


@pytest.mark.parametrize("length", [0, 1, 4_097, CHARACTERS - 200, CHARACTERS + 1])
async def test_texts_of_any_length_come_through(lab, length):
    text = ("a\u00fc\N{GRINNING FACE}" * length)[:length]
    async with lab.opened(lab.module(SAYING)) as bench, DrainChannel(bench.isolate) as talk:
        bench.cut(2)
        result = await talk.drain((lab.cold(1, text=text),), 10)
        # JavaScript counts a character beyond the first 65,536 twice, and may cut it in two.
        assert int(result.logs[0].text) == len(text.encode("utf-16-le")) // 2
        assert result.logs[1].text[:299].startswith(text[:100])
        assert (await talk.drain((lab.cold(2, text=""),), 10)).logs[0].text == "0"


async def test_an_answer_that_is_too_long_comes_home_with_the_call(lab, make_trades):
    source = lab.module(
        "onTrade() { for (let i = 0; i < 1000; i++) runtime.submitOrder(null, 'buy', 1, 1); }"
    )
    async with lab.opened(source) as bench, DrainChannel(bench.isolate) as talk:
        for seq in (1, 2, 3):
            bench.offer(make_trades([seq]))
            assert len((await talk.drain((), 10)).effects) == 1_000


async def test_it_goes_on_after_a_silence(lab, make_trades):
    source = lab.module("onTrade(c, evt) { log(evt.$seq); }")
    async with lab.opened(source) as bench, DrainChannel(bench.isolate) as talk:
        for seq in (1, 2, 3):
            bench.offer(make_trades([seq]))
            assert [line.text for line in (await talk.drain((), 10)).logs] == [str(seq)]
            with anyio.fail_after(5):
                while not talk._call.done():
                    await anyio.sleep(0.001)


async def test_to_find_nothing_is_progress_too(lab):
    """Many drains are one call, and that is watched for a heart that stands still."""
    async with lab.opened(lab.module("onTrade() {}")) as bench, DrainChannel(bench.isolate) as talk:
        beats = []
        for _ in range(5):
            assert (await talk.drain((), 10)).handled == 0
            beats.append(bench.isolate.words[at.HEARTBEAT_U32])
        assert len(set(beats)) == 5


async def test_others_have_their_turn_meanwhile(lab):
    async with lab.opened(lab.module("onTrade() {}")) as bench, DrainChannel(bench.isolate) as talk:
        with anyio.move_on_after(0.05) as scope:
            while True:
                await talk.drain((), 10)
        assert scope.cancelled_caught


@pytest.mark.parametrize(
    ("handler", "stage"),
    [
        ("onTrade() { for (;;); }", Stage.TIME),
        ("onTrade() { const a = []; for (;;) a.push(new Array(1e5).fill(1.5)); }", Stage.MEMORY),
    ],
)
async def test_a_strategy_that_cannot_go_on_is_ended(lab, make_trades, handler, stage):
    # Memory runs out within a second of processor time, of which a busy machine may make many.
    limit_s = 0.5 if stage is Stage.TIME else 30
    limits = {"drain_limit": Duration(int(limit_s * 1e9)), "memory": Size(64 << 20)}
    async with lab.opened(lab.module(handler), settings=limits) as bench, DrainChannel(bench.isolate) as talk:
        bench.offer(make_trades([1]))
        with pytest.raises(StrategyFailed) as failed:
            await talk.drain((), 10)
    assert failed.value.fault.stage is stage


async def test_a_drain_can_be_cancelled(lab, make_trades):
    source = lab.module("onTrade() { for (;;); }")
    async with lab.opened(source) as bench, DrainChannel(bench.isolate) as talk:
        bench.offer(make_trades([1]))
        with anyio.move_on_after(0.05) as scope:
            await talk.drain((), 10)
        assert scope.cancelled_caught
