from __future__ import annotations

from decimal import Decimal

import pytest

from meltica_dsl.load import load
from meltica_dsl.model.disabled import Cause
from meltica_dsl.model.pipeline import Const
from meltica_dsl.model.scenario import Scenario, SkippedScenario
from meltica_dsl.model.values import Duration, Ratio, Secret, Symbol, Word

SWITCHED = """\
pipeline p
let live = env("LIVE", false)
provider paper { adapter = fake, symbols = [BTC-USDT] }
provider okx if live { adapter = fake, symbols = [BTC-USDT] }
pool m { events = 8, on_full = block }
strategy maker for s in [BTC-USDT] if live = "noop"
strategy pulse = "noop"
route trades via m = paper.trade, okx.trade -> maker, pulse
route far via m = okx.trade -> pulse
"""

VENUE = "provider v { adapter = fake, symbols = [BTC-USDT] }\npool m { events = 8, on_full = block }\n"


def constant(value, environ=None, lets=""):
    """What a constant is worth as a setting of a provider."""
    text = f"pipeline p\n{lets}\nprovider v {{ adapter = fake, symbols = [BTC-USDT], x = {value} }}"
    loaded = load("p.mel", text, environ or {})
    assert loaded.diagnostics == ()
    return loaded.pipeline.providers[0].settings["x"].value


def codes(text, environ=None):
    return [diagnostic.code for diagnostic in load("p.mel", text, environ or {}).diagnostics]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("0.1 + 0.2", Decimal("0.3")),
        ("1 / 3 * 3 < 1", True),
        ("7 % 3", Decimal(1)),
        ("-7 % 3", Decimal(2)),
        ("90s - 1m", Duration(30_000_000_000)),
        ("2 * 1.5ms", Duration(3_000_000)),
        ("1m / 1s", Decimal(60)),
        ("2% + 5bps", Ratio(Decimal("0.0205"))),
        ("2 * 5bps", Ratio(Decimal("0.0010"))),
        ("min(3, 1, 2) + abs(-1) + round(2.5)", Decimal(4)),
        ('matches(BTC-USDT, "BTC-*") and "a" + "b" == "ab"', True),
        ("if 1 in [1, 2] then BTC-USDT else ETH-USDT", Symbol("BTC", "USDT")),
        ("word", Word("word")),
        ('secret("KEY")', Secret("KEY")),
    ],
)
def test_constants_are_folded_exactly(expression, value):
    assert constant(expression) == value


def test_constants_may_stand_in_any_order():
    assert constant("a", lets="let a = b * 2 let b = c + 1 let c = 20") == Decimal(42)


@pytest.mark.parametrize(
    ("default", "text", "value"),
    [
        ("60s", "5m", Duration(300_000_000_000)),
        ("0.01", "-2.5", Decimal("-2.5")),
        ("false", "true", True),
        ("BTC-USDT", "ETH-USDT", Symbol("ETH", "USDT")),
        ("fast", "slow", Word("slow")),
        ('"x"', "5s", "5s"),
    ],
)
def test_a_variable_is_read_as_the_type_of_its_default(default, text, value):
    assert constant(f'env("V", {default})', {"V": text}) == value
    assert constant(f'env("V", {default})') == constant(default)


def test_a_variable_is_a_value_and_never_text_of_the_program():
    assert constant('env("V")', {"V": '"x" } pool q {'}) == '"x" } pool q {'


@pytest.mark.parametrize("text", ["five", "5s x", "", "5 # c", "5/s", "--5"])
def test_a_variable_of_another_type_is_refused(text):
    assert codes('pipeline p\nlet a = env("V", 5)', {"V": text}) == ["E0904"]


def test_parameters_are_hygienic():
    text = f"""pipeline p
{VENUE}
let limit = 1
stage inner(price) = where quantity > price
stage outer(quantity) = inner(quantity + limit)
route r via m = v.trade | outer(2) -> s
sink s = log"""
    loaded = load("p.mel", text, {})
    assert loaded.diagnostics == ()
    condition = loaded.pipeline.routes[0].stages[0].condition
    assert condition.left.field.name == "quantity"
    assert isinstance(condition.right, Const)
    assert condition.right.value == 3


def test_what_depends_on_something_invalid_is_not_in_the_model():
    text = f"""pipeline p
{VENUE}
pool bad {{ events = 0, on_full = block }}
route a via bad = v.trade -> s
route b via m = v.trade -> s
sink s = log"""
    loaded = load("p.mel", text, {})
    assert [d.code for d in loaded.diagnostics] == ["E0306"]
    assert not loaded.is_valid
    assert [route.name for route in loaded.pipeline.routes] == ["b"]


def test_a_file_of_which_nothing_can_be_read_has_no_model():
    text = "#" * 17_000_000
    assert load("p.mel", text, {}).pipeline is None


def test_nobody_trades_by_accident():
    strategy = load("p.mel", 'pipeline p\nstrategy s = "noop"', {}).pipeline.strategies[0]
    assert strategy.dry_run is True


def test_thousands_of_chained_constants_need_no_recursion():
    lets = "\n".join(f"let a{n} = a{n + 1} + 1" for n in range(3_000)) + "\nlet a3000 = 0"
    assert constant("a0", lets=lets) == Decimal(3_000)


def test_what_is_invalid_in_one_instance_is_in_none():
    text = f"""pipeline p
{VENUE}
strategy s for n in [1, 2, 3] = "noop" {{ trade_on = v, risk = nowhere }}
route r for n in [1, 2, 3] via m = v.trade | where quantty > n -> s[n]"""
    loaded = load("p.mel", text, {})
    assert [d.code for d in loaded.diagnostics] == ["E0201", "E0204"]
    assert loaded.pipeline.strategies == loaded.pipeline.routes == ()


def test_an_index_is_a_value_and_not_a_spelling():
    text = f"""pipeline p
{VENUE}
let second = 1s
sink s for t in [60s, second] = log
route a via m = v.trade -> s[1m], s[2 * 500ms]"""
    loaded = load("p.mel", text, {})
    assert loaded.diagnostics == ()
    assert [target.name for target in loaded.pipeline.routes[0].targets] == ["s[1m]", "s[1s]"]


@pytest.mark.parametrize("mode", ["live", "paper"])
def test_a_word_from_the_environment_chooses(mode):
    text = f"""pipeline p
{VENUE}
let mode = env("MODE", paper)
sink s if mode == live = log
sink t if mode in [paper, rehearsal] = log
route a via m = v.trade -> s, t"""
    loaded = load("p.mel", text, {"MODE": mode})
    assert loaded.diagnostics == ()
    assert [sink.name for sink in loaded.pipeline.sinks] == ["s" if mode == "live" else "t"]


def test_a_condition_of_two_words_that_nothing_holds_is_a_slip():
    assert codes("pipeline p\nsink s if mdoe == live = log") == ["E0201"]


@pytest.mark.parametrize("condition", ["1 > 2", "not true", "if true then false else true"])
def test_a_condition_is_any_constant_boolean(condition):
    loaded = load("p.mel", f"pipeline p\nsink s if {condition} = log", {})
    assert loaded.diagnostics == ()
    assert loaded.pipeline.sinks == ()


def switched(steps, **environ):
    loaded = load("p.mel", f'{SWITCHED}test "t" {{ {steps} }}', environ)
    assert [d for d in loaded.diagnostics if d.code != "E1008"] == []
    (scenario,) = loaded.pipeline.scenarios
    return scenario


@pytest.mark.parametrize(
    ("steps", "node", "cause"),
    [
        ("expect maker[BTC-USDT] receives 1 trade", "maker[BTC-USDT]", Cause.CONDITION),
        ("at 0ms okx.trade { price = 1, quantity = 1 }", "okx", Cause.CONDITION),
        ('at 0ms okx.trade from "tape.csv"', "okx", Cause.CONDITION),
        ("at 0ms okx disconnects at 1ms okx reconnects", "okx", Cause.CONDITION),
        ("expect pulse receives nothing { provider = okx }", "okx", Cause.CONDITION),
        ("expect far emits 1", "far", Cause.SOURCES),
    ],
)
def test_a_test_of_what_is_switched_off_is_skipped_and_else_runs(steps, node, cause):
    skipped = switched(steps)
    assert isinstance(skipped, SkippedScenario)
    assert (skipped.title, skipped.node, skipped.disabled.cause) == ("t", node, cause)
    assert isinstance(switched(steps, LIVE="true"), Scenario)


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ("expect makr receives nothing", "E0201"),
        ("expect maker[ETH-USDT] receives nothing", "E0218"),
        ("expect maker[BTC-USDT] emits nothing", "E1001"),
        ("expect maker[BTC-USDT] receives nothing { provider = okay }", "E0307"),
        ("expect maker[BTC-USDT] receives 1 expect nobody receives 1", "E0201"),
        ("at 0ms okx.trade { price = 1 }", "E0304"),
        ("at 0ms okx crashes", "E1002"),
    ],
)
def test_what_is_wrong_in_a_test_that_would_be_skipped_is_an_error(steps, code):
    assert [c for c in codes(f'{SWITCHED}test "t" {{ {steps} }}') if c != "E1008"] == [code]
