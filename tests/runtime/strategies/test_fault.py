"""What becomes of a strategy that does what it may not: always a fault with a place, and nothing else."""

from __future__ import annotations

import anyio
import pytest

from meltica_compiler.records import shared_memory as at
from meltica_dsl.model.pipeline import Linger
from meltica_dsl.model.values import Duration, Size
from meltica_runtime.strategies.drain_channel import DrainChannel
from meltica_runtime.strategies.fault import Stage, StrategyFailed
from meltica_runtime.strategies.isolate import StrategyFailedIn


def test_a_module_that_does_not_parse_says_where(lab):
    fault = lab.fault_of("const a = 1;\n  let b = = 2;\n")
    assert fault.stage is Stage.COMPILE
    assert (fault.file, fault.line, fault.column) == ("strategies/probe.js", 2, 11)
    assert "Unexpected token '='" in fault.message


@pytest.mark.parametrize("start", ["", "\n\n   "])
def test_a_throw_outside_any_function_says_where(lab, start):
    fault = lab.fault_of(f'{start}throw new RangeError("no such luck");')
    assert fault.stage is Stage.CREATE
    assert (fault.line, fault.column) == ((1, 7) if not start else (3, 10))
    assert "no such luck" in fault.message


@pytest.mark.parametrize(("start", "place"), [("", (1, 1)), ("\n\n   ", (3, 4))])
def test_what_is_thrown_without_a_stack_has_a_place_all_the_same(lab, start, place):
    fault = lab.fault_of(f"{start}throw 'no such luck';")
    assert (fault.line, fault.column) == place
    assert fault.message == "no such luck"


def test_a_throw_in_create_says_where(lab):
    fault = lab.fault_of('module.exports = { create() {\n    throw new Error("bad config");\n} };')
    assert fault.stage is Stage.CREATE
    assert (fault.line, fault.column) == (2, 11)
    assert "bad config" in fault.message


@pytest.mark.parametrize("source", ["", "module.exports = {};", "module.exports = { create: () => 7 };"])
def test_a_module_that_makes_no_handlers_is_refused(lab, source):
    assert lab.fault_of(source).stage is Stage.CREATE


def test_a_throw_in_a_handler_keeps_what_was_done_before(lab, make_trades):
    async def main():
        source = lab.module(
            """onTrade(c, evt) {
 log("at", evt.$seq);
 if (evt.$seq === 3) { runtime.submitMarketOrder(null, "buy", 1);
 null.x; }
}"""
        )
        async with lab.opened(source) as bench:
            bench.offer(make_trades([1, 2, 3, 4]))
            with pytest.raises(StrategyFailedIn) as failed:
                await bench.drain()
            result, fault = failed.value.result, failed.value.fault
            assert [line.text for line in result.logs] == ["at 1", "at 2", "at 3"]
            assert [effect.seq for effect in result.effects] == [3.0]
            assert result.handled == 3
            assert fault.stage is Stage.HANDLER
            assert (fault.line, fault.column) == (7, 7)
            assert fault.message.startswith("onTrade: Cannot read properties of null")
            assert bench.rings[0].statistics().consumed == 3

    anyio.run(main)


@pytest.mark.parametrize(
    "thrown", ['"text"', "undefined", "null", "{ message: { deep: 1 } }", "Object.create(null)"]
)
def test_whatever_is_thrown_is_a_fault(lab, make_trades, thrown):
    assert (
        lab.fault_of(lab.module(f"onTrade() {{ throw {thrown}; }}"), make_trades([1])).stage is Stage.HANDLER
    )


def test_a_handler_that_awaits_is_told_that_it_cannot(lab, make_trades):
    fault = lab.fault_of(lab.module("async onTrade() { await 1; }"), make_trades([1]))
    assert fault.message == "onTrade: a handler must not return a promise: there is nothing to wait for"


@pytest.mark.parametrize(
    "source", ["onTrade() { for (;;); }", "onTrade() { try { for (;;); } finally { for (;;); } }"]
)
def test_a_loop_without_end_is_stopped(lab, make_trades, source):
    fault = lab.fault_of(lab.module(source), make_trades([1]), drain_limit=Duration(30_000_000))
    assert fault.stage is Stage.TIME
    assert "within 0.03s" in fault.message
    assert "drain_limit" in fault.hint


def test_a_drain_that_lingers_is_not_a_runaway(lab, make_trades):
    """A drain that lingers outlives the limit several times over."""

    async def main():
        settings = {"linger": Linger(Duration(0), always=True), "drain_limit": Duration(150_000_000)}
        async with lab.opened(lab.module("onRiskControl() { log(1); }"), settings=settings) as bench:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(bench.drain)
                with anyio.move_on_after(0.5):
                    await anyio.sleep_forever()
                bench.isolate.stop_lingering()
            await bench.drain(lab.cold(0))
            assert bench.logs == ["1"]

    anyio.run(main)


def test_a_memory_hog_is_stopped(lab, make_trades):
    source = lab.module(
        "onTrade() { for (;;) kept.push(new Array(10000).fill(kept.length)); }", "const kept = [];"
    )
    fault = lab.fault_of(
        source, make_trades([1]), memory=Size(32 * 2**20), drain_limit=Duration(20_000_000_000)
    )
    assert fault.stage is Stage.MEMORY
    assert "32 MiB" in fault.message


def test_a_cancelled_drain_ends_a_handler_that_hangs(lab, make_trades):
    async def main():
        source = lab.module("onTrade() { for (;;); }")
        async with lab.opened(source, settings={"drain_limit": Duration(60 * 10**9)}) as bench:
            bench.offer(make_trades([1]))
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(bench.drain)
                while bench.isolate.words[at.STATE_U32] != at.RUNNING:
                    await anyio.lowlevel.checkpoint()
                tasks.cancel_scope.cancel()

    anyio.run(main)


TAMPERINGS = {
    "push": "Array.prototype.push = () => { throw new Error('mine'); };",
    "concat": "Array.prototype.concat = () => 7;",
    "iteration": "Array.prototype[Symbol.iterator] = function* () {};",
    "stringify": "JSON.stringify = () => 'nonsense';",
    "to json": "Object.prototype.toJSON = () => 'nonsense';",
    "array to json": "Array.prototype.toJSON = () => ({ a: 1 });",
    "getters": "for (const n of ['kind', 'seq', 'handled', 'extra', 'event']) Object.defineProperty("
    "Object.prototype, n, { get() { return 'mine'; }, set() {}, configurable: true });",
    "tests": "RegExp.prototype.test = () => true; RegExp.prototype.exec = () => ['1'];",
    "numbers": "Math.min = () => 1e9; Number.prototype.toString = () => 'x';",
    "strings": "String.prototype.trim = () => 'x'; String.prototype.toLowerCase = () => 'buy';",
    "map": "Map.prototype.set = () => { throw 1; }; Map.prototype.get = () => 999;",
    "floats": "Float64Array.prototype.slice = () => [];",
    "host": "try { globalThis.__meltica = { drain: () => 5 }; } catch { delete globalThis.__meltica; }",
    "drain": "try { __meltica.drain([], 1, 0); } catch {}",
    "mailbox": "try { __meltica.openMailbox(64, 9); } catch {}",
    "serveDrains": "try { __meltica.serveDrains(); } catch {}",
    "characters": "String.fromCharCode = () => '[7'; String.prototype.charCodeAt = () => 7;",
    "parse": "JSON.parse = () => [7]; Reflect.apply = () => '[]';",
    "subarray": "Object.getPrototypeOf(Uint16Array.prototype).subarray = () => ['[', ']'];",
    "start": "try { __meltica.start(() => { throw 1; }); } catch {}",
    "forged": "Object.prototype.toJSON = function () { return this.kind ? { ...this, toJSON: undefined, "
    "kind: 'submit', provider: 'binance', price: 'free' } : this; };",
    "numbers as text": "Array.prototype.toJSON = function () "
    "{ return this.map((x) => ({ ...x, quantity: '-1e9' })); };",
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERINGS)
@pytest.mark.parametrize("when", ["create", "handler"])
@pytest.mark.parametrize("way", ["by calls", "by conversation"])
def test_who_tampers_with_the_language_hurts_nobody_else(lab, make_trades, name, when, way):
    """Whatever comes of it: a fault of the strategy, or effects that are whole; never anything else."""
    tampering = TAMPERINGS[name]
    orders = "runtime.submitOrder(null, 'buy', '1.5', 2); log('x', { a: 1 });"
    handlers = (
        f"onTrade() {{ {tampering if when == 'handler' else ''} {orders} }}, onRiskControl() {{ log('y'); }}"
    )
    source = lab.module(handlers, tampering if when == "create" else "")

    async def main():
        try:
            async with lab.opened(source, settings={"drain_limit": Duration(200_000_000)}) as bench:
                bench.offer(make_trades(range(1, 4)))
                if way == "by conversation":
                    async with DrainChannel(bench.isolate) as talk:
                        bench.drain_by = talk.drain
                        await bench.drain_all(lab.cold(2))
                else:
                    await bench.drain_all(lab.cold(2))
                return bench.effects
        except StrategyFailed:
            return []

    for effect in anyio.run(main):
        assert (effect.kind, effect.provider, effect.side) == ("submit", "okx", "buy")
        assert float(effect.quantity) > 0


def test_the_drain_is_not_for_strategies(lab, make_trades):
    fault = lab.fault_of(lab.module("onTrade() { __meltica.drain([], 1, 0); }"), make_trades([1]))
    assert "drain() is not for strategies" in fault.message
