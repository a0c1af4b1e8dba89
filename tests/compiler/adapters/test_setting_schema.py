"""Settings become plain values of the type that their schema says."""

from __future__ import annotations

from decimal import Decimal

import pytest

from meltica_compiler.adapters.adapters import ADAPTERS
from meltica_compiler.adapters.setting_schema import Limits, SettingSpec, SettingType, read_settings
from meltica_compiler.adapters.sinks import SINK_KINDS
from meltica_dsl.load import load
from meltica_dsl.model.values import Secret
from meltica_dsl.text.source import Span

PLACE = Span("t.mel", 0, 1)


def written(settings, adapter="fake"):
    loaded = load(
        "t.mel", f"pipeline p provider x {{ adapter = {adapter}, symbols = [BTC-USDT] {settings} }}", {}
    )
    assert not loaded.diagnostics
    return loaded.pipeline.providers[0].settings


def read(schema, settings):
    return read_settings(schema, written(settings), frozenset(), owner="the adapter `x`", place=PLACE)


@pytest.mark.parametrize(
    ("type", "text", "value"),
    [
        (SettingType.NUMBER, "2.50", Decimal("2.5")),
        (SettingType.INTEGER, "1_000", 1000),
        (SettingType.RATIO, "5bps", Decimal("0.0005")),
        (SettingType.DURATION, "1m30s", 90.0),
        (SettingType.RATE, "30/1m", 0.5),
        (SettingType.SIZE, "64KiB", 65_536),
        (SettingType.TEXT, '"a b"', "a b"),
        (SettingType.BOOLEAN, "true", True),
        (SettingType.SECRET, 'secret("KEY")', Secret("KEY")),
        (SettingType.NUMBERS, "{ BTC = 1, USDT = 2.5 }", {"BTC": Decimal(1), "USDT": Decimal("2.5")}),
    ],
)
def test_a_value_becomes_what_its_type_says(type, text, value):
    result = read((SettingSpec("k", (type,), "a key"),), f"k = {text}")
    assert result.diagnostics == ()
    assert result.values == {"k": value}
    assert isinstance(result.values["k"], bool) == isinstance(value, bool)


def test_settings_left_out_get_their_defaults_in_the_order_of_the_schema():
    result = read(ADAPTERS["fake"].settings, "rate = 5/s")
    assert list(result.values) == [spec.name for spec in ADAPTERS["fake"].settings]
    assert (result.values["rate"], result.values["seed"], result.values["balances"]) == (5.0, 1, None)


def test_alternatives_are_all_accepted():
    prices = ADAPTERS["fake"].settings
    assert read(prices, "start_price = 7").values["start_price"] == Decimal(7)
    assert read(prices, "start_price = { BTC = 7 }").values["start_price"] == {"BTC": Decimal(7)}
    speeds = tuple(spec for spec in ADAPTERS["replay"].settings if spec.name == "speed")
    assert read(speeds, "speed = max").values["speed"] == "max"
    assert read(speeds, "speed = 2.5").values["speed"] == Decimal("2.5")


def test_a_bare_number_gets_the_fix_that_says_the_unit():
    diagnostics = read(ADAPTERS["fake"].settings, "rate = 1000 latency = 5 spread = 0.02").diagnostics
    assert [d.fixes[0].edits[0].replacement for d in diagnostics] == ["1000/s", "2%", "5s"]


def test_a_word_in_quotes_gets_the_fix_that_takes_them_away():
    result = read(ADAPTERS["replay"].settings, 'path = "x.csv" format = "tardis_trades"')
    assert [d.fixes[0].edits[0].replacement for d in result.diagnostics] == ["tardis_trades"]


def test_a_slip_of_the_pen_is_one_error_with_a_fix():
    replay = ADAPTERS["replay"].settings
    result = read(replay, 'paht = "x.csv" format = tardis_trades')
    assert [d.code for d in result.diagnostics] == ["E0303"]
    assert result.diagnostics[0].fixes[0].edits[0].replacement == "path"


def test_limits_say_themselves():
    limits = Limits(above=Decimal(0), most=Decimal("0.5"), decimals=2)
    assert limits.words() == "more than 0 and at most 0.5 and at most 2 decimals"
    assert limits.admit(Decimal("0.25"))
    assert not any(limits.admit(Decimal(text)) for text in ("0", "0.501", "0.255", "1"))


@pytest.mark.parametrize(
    "spec", [*ADAPTERS.values(), *SINK_KINDS.values()], ids=lambda spec: type(spec).__name__
)
def test_schemas_are_sound(spec):
    names = [setting.name for setting in spec.settings]
    assert len(names) == len(set(names))
    for setting in spec.settings:
        assert setting.description
        assert not (setting.required and setting.default is not None)
        assert (SettingType.WORD in setting.types) == bool(setting.choices)
        default = setting.default
        if isinstance(default, str) and setting.choices:
            assert default in setting.choices
        elif isinstance(default, int | float | Decimal) and not isinstance(default, bool):
            assert setting.limits.admit(Decimal(default))


def test_limits_are_said_in_the_unit_of_the_setting() -> None:
    assert (
        Limits(least=Decimal("-0.01"), most=Decimal("0.1")).words("%", 100) == "at least -1% and at most 10%"
    )
    assert Limits(most=Decimal(10_000_000)).words("/s") == "at most 10_000_000/s"
