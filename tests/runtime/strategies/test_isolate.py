"""What a strategy finds in its isolate, and what it may do there."""

from __future__ import annotations

import json
import time

import anyio
import pytest

from meltica_compiler.records import shared_memory as at
from meltica_dsl.model.pipeline import Linger
from meltica_dsl.model.values import Duration
from meltica_runtime.strategies.fault import Stage
from meltica_runtime.strategies.isolate import Effect, StrategyFailedIn

SAY = "const say = (what) => log(JSON.stringify(what));"


def test_time_is_that_of_the_event_in_hand(lab, make_trades):
    source = lab.module(
        "onTrade() { say([Date.now(), new Date().getTime(), Date() === new Date().toString()]); }",
        SAY
        + 'say([Date.now(), new Date(5).getTime(), new Date("1970-01-02").getTime(), Date.UTC(1970, 0, 2)]);',
    )
    rows = make_trades([1, 2])
    rows["time"] = [1_700_000_000_111_999, 1_700_000_000_222_000]
    first, *rest = lab.play(source, rows).documents
    assert first == [lab.start_us / 1000, 5, 86_400_000, 86_400_000]
    assert rest == [
        [1_700_000_000_111, 1_700_000_000_111, True],
        [1_700_000_000_222, 1_700_000_000_222, True],
    ]


def test_no_way_leads_to_the_real_clock(lab):
    source = lab.module(
        "",
        """
        const clocks = [Date, new Date(0).constructor, Date.prototype.constructor];
        class Mine extends Date {}
        log(JSON.stringify([...clocks.map((c) => c.now()), new Mine().getTime(), new Mine() instanceof Date,
          typeof Object.getPrototypeOf(Date).now, typeof Intl, typeof Temporal]));
        """,
    )
    now = lab.start_us / 1000
    [told] = lab.play(source).documents
    assert told == [now, now, now, now, True, "undefined", "undefined", "undefined"]


def test_randomness_is_seeded_for_each_instance(lab):
    source = lab.module("", "log(JSON.stringify(Array.from({ length: 50 }, Math.random)));")
    [numbers] = lab.play(source).documents
    assert lab.play(source).documents == [numbers]
    assert lab.play(source, seed=8).documents != [numbers]
    assert lab.play(source, settings={"name": "other"}).documents != [numbers]
    assert all(0 <= number < 1 for number in numbers)
    assert len(set(numbers)) == 50


@pytest.mark.parametrize(
    "name",
    ["setTimeout", "clearTimeout", "setInterval", "SharedArrayBuffer", "Atomics", "WebAssembly", "WeakRef"],
)
def test_what_would_reach_beyond_the_events_is_not_there(lab, name):
    assert lab.play(lab.module("", f"log(typeof {name}, typeof globalThis.{name});")).logs == [
        "undefined undefined"
    ]


def test_a_module_is_one_file(lab):
    fault = lab.fault_of('const fs = require("fs");')
    assert fault.stage is Stage.CREATE
    assert 'require("fs") is not available' in fault.message


def test_config_and_metadata_are_the_modules_own(lab):
    source = lab.module(
        "",
        SAY + "say([env.config, env.metadata.name, env.helpers.sleep(9), Object.isFrozen(env.config)]);",
    )
    [told] = lab.play(source, settings={"config": {"spread": 0.5, "on": True, "words": ("a", "b")}}).documents
    assert told == [{"spread": 0.5, "on": True, "words": ["a", "b"]}, "probe", None, True]


def test_the_market_state_is_of_the_newest_prices(lab, make_trades):
    source = lab.module(
        """onTrade() {
          say([runtime.getLastPrice(), runtime.getLastPrice("ETH-USDT"),
            runtime.getMarketState("SOL-EUR").bid, runtime.providers(),
            runtime.isDryRun(), runtime.isTradingActive()]);
        }""",
        SAY,
    )
    bench = lab.play(source, make_trades([10, 11], [0, 2]))
    assert bench.documents == [
        [None, None, None, ["okx"], False, True],
        [11, 11, None, ["okx"], False, True],
    ]


def test_logs_are_text_and_have_limits(lab, make_trades):
    source = lab.module(
        "onTrade() { for (let i = 0; i < 300; i++) log(i, { a: [1n > 0n] }, null); log('x'); }",
        "const loop = {}; loop.loop = loop; log(loop, undefined, 'y'.repeat(9000)); log('e');",
    )
    logs = lab.play(source, make_trades([1])).logs
    assert logs[0].startswith("[object Object] undefined yyy")
    assert len(logs[0]) == 4_096
    assert logs[1:4] == ["e", '0 {"a":[true]} null', '1 {"a":[true]} null']
    assert len(logs) == 2 + 256 + 1
    assert logs[-1] == "… 45 more lines were dropped"


def test_the_console_speaks_into_the_log(lab):
    source = lab.module("", "console.log('one', { two: 2 }); console.error('three');")
    assert lab.play(source).logs == ['one {"two":2}', "three"]


def test_half_a_character_in_a_log_or_an_id_is_no_fault(lab, make_trades):
    source = lab.module(
        "onTrade() { log('y'.repeat(4095) + '😀'); log('\\ud83d'); runtime.cancelOrder('\\ude00'); }"
    )
    bench = lab.play(source, make_trades([1]))
    assert bench.logs == ["y" * 4095 + "\ufffd", "\ufffd"]
    assert [effect.id for effect in bench.effects] == ["\ufffd"]


def test_orders_come_back_as_effects_at_their_place(lab, make_trades):
    source = lab.module(
        """onTrade(ctx, evt) {
          const id = runtime.submitOrder("okx", "BUY", "0.10", 1e-7, { timeInForce: "IOC" });
          log(id, runtime.submitMarketOrder(null, "sell", 2, { symbol: "BTC-USDT" }));
          runtime.amendOrder(id, { price: "5.5" });
          runtime.cancelOrder(id);
        }"""
    )
    rows = make_trades([4, 5], [2, 2])
    rows["price"] = [1e21, 3]
    bench = lab.play(source, rows)
    assert bench.logs == ["probe-1-1 probe-1-2", "probe-1-3 probe-1-4"]
    own = {"seq": 4.0, "timeMs": 4.0}
    last = "1" + "0" * 21
    assert bench.effects[:4] == [
        Effect("submit", id="probe-1-1", provider="okx", symbol="ETH-USDT", side="buy", type="limit",
               quantity="0.10", price="0.0000001", timeInForce="ioc", last=last, **own),
        Effect("submit", id="probe-1-2", provider="okx", symbol="BTC-USDT", side="sell", type="market",
               quantity="2", **own),
        Effect("amend", id="probe-1-1", price="5.5", last=last, **own),
        Effect("cancel", id="probe-1-1", **own),
    ]  # fmt: skip
    assert [effect.seq for effect in bench.effects[4:]] == [5.0] * 4


def test_one_event_makes_a_bounded_number_of_requests(lab, make_trades):
    fits = lab.module('onTrade() { for (let i = 0; i < 1024; i++) runtime.cancelOrder("a"); }')
    assert len(lab.play(fits, make_trades([1, 2])).effects) == 2 * 1_024
    source = lab.module('onTrade() { for (let i = 0; i < 1025; i++) runtime.cancelOrder("a"); }')
    with pytest.raises(StrategyFailedIn, match="more than 1024 orders") as failed:
        lab.play(source, make_trades([1]))
    assert len(failed.value.result.effects) == 1_024


def test_a_drain_ends_behind_the_first_order(lab, make_trades):
    async def main():
        source = lab.module(
            'onTrade(c, evt) { if (evt.$seq % 3 === 0) runtime.submitMarketOrder(null, "buy", 1); }'
        )
        async with lab.opened(source) as bench:
            bench.offer(make_trades(range(1, 8)))
            assert [(await bench.drain()).handled for _ in range(4)] == [3, 3, 1, 0]

    anyio.run(main)


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        ('submitOrder("binance", "buy", 1, 1)', "probe trades on okx, not on binance"),
        ('submitOrder(null, "long", 1, 1)', 'side must be "buy" or "sell", not long'),
        ('submitOrder(null, "buy", 0, 1)', "not 0"),
        ('submitOrder(null, "buy", "1e5", 1)', "not 1e5"),
        ('submitOrder(null, "buy", 1, NaN)', "price must be a positive number or decimal string, not NaN"),
        ('submitOrder(null, "buy", 1, -3)', "price must be a positive number or decimal string, not -3"),
        ('submitOrder(null, "buy", Infinity, 3)', "not Infinity"),
        ('submitOrder(null, "buy", 1)', "price must be a positive number or decimal string, not undefined"),
        ('submitOrder(null, "buy", 1, 1, { symbol: "DOGE-EUR" })', "no symbol DOGE-EUR in this pipeline"),
        ('submitOrder(null, "buy", 1, 1, { symbol: "SOL-EUR" })', "okx does not trade SOL-EUR"),
        ('submitMarketOrder(null, "buy", 1, { timeInForce: "day" })', '"gtc", "ioc" or "fok", not day'),
        ('amendOrder("x", { price: "cheap" })', "not cheap"),
        ('getLastPrice("DOGE-EUR")', "no symbol DOGE-EUR in this pipeline"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_refused_where_it_is_given(lab, make_trades, call, complaint):
    source = lab.module(f"onTrade() {{ try {{ runtime.{call}; }} catch (error) {{ log(error.message); }} }}")
    bench = lab.play(source, make_trades([1]))
    assert bench.effects == []
    assert complaint in bench.logs[0]


def test_without_a_venue_there_are_no_orders(lab, make_trades):
    source = lab.module('onTrade() { runtime.submitOrder(null, "buy", 1, 1); }')
    fault = lab.fault_of(source, make_trades([1]), trade_on=None, trade_symbols=())
    assert fault.message == "onTrade: probe has no trade_on, so it sends no orders"


@pytest.mark.parametrize("linger", [Linger(Duration(10**10)), Linger(Duration(0), always=True)])
def test_a_lingering_drain_sees_what_comes_meanwhile(lab, make_trades, linger):
    async def main():
        source = lab.module(
            "onTrade(c, evt) { sum += evt.$seq; }, onRiskControl() { log(sum); }", "let sum = 0;"
        )
        async with lab.opened(source, settings={"linger": linger}) as bench:
            isolate = bench.isolate
            assert isolate.lingers
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(bench.drain)
                for seq in range(1, 6):
                    bench.offer(make_trades([seq]))
                    isolate.words[at.WAKE_U32] += 1
                    with anyio.fail_after(5):
                        while not (bench.rings[0].is_empty and isolate.words[at.STATE_U32] == at.LINGERING):
                            await anyio.lowlevel.checkpoint()
                isolate.stop_lingering()
            assert not isolate.lingers
            await bench.drain(lab.cold(5))
            assert bench.logs == ["15"]

    anyio.run(main)


def test_the_same_events_have_the_same_effects_however_they_are_cut(lab, make_trades):
    source = lab.module(
        """onTrade(ctx, evt, payload, price) {
          if (Math.random() < 0.2)
            log(runtime.submitOrder(null, price % 2 ? "buy" : "sell", 1, price), Date.now());
        }"""
    )
    plays = [lab.play(source, make_trades(range(1, 61)), limit=limit) for limit in (1, 7, 8_192)]
    assert plays[0].effects == plays[1].effects == plays[2].effects
    assert plays[0].logs == plays[1].logs == plays[2].logs
    assert len(json.dumps(plays[0].logs)) > 20


def test_a_drain_lingers_about_as_long_as_it_is_told(lab):
    """V8's compiler makes the loop that waits many times as fast while it runs: what a loop without it took
    would end the wait after a tenth of its time. A busy machine only makes it longer."""
    linger_s = 0.01

    async def lingered():
        settings = {"linger": Linger(Duration(int(linger_s * 1e9)))}
        async with lab.opened(lab.module(""), settings=settings) as bench:
            lasted = []
            for _ in range(20):
                began = time.perf_counter()
                await bench.drain()
                lasted.append(time.perf_counter() - began)
        return sorted(lasted[10:])

    assert anyio.run(lingered)[5] > linger_s / 2


def test_a_handler_that_no_event_calls_is_told_of(lab):
    bench = lab.play(lab.module("onTrad() {}, onTrade() {}, once() {}"))
    assert bench.logs == ["no event calls the handler onTrad; did you mean onTrade?"]
