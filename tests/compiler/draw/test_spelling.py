"""Settings and limits are shown as the language writes them, secrets by name only."""

from __future__ import annotations

from decimal import Decimal

import pytest

from meltica_compiler.adapters.adapters import ADAPTERS
from meltica_compiler.graph.graph import Graph, SettingValue
from meltica_compiler.text.spelling import (
    spell_limits,
    spell_linger,
    spell_number,
    spell_rate,
    spell_ratio,
    spell_setting,
    spell_settings,
)
from meltica_dsl.model.pipeline import Linger
from meltica_dsl.model.values import Duration, Rate, Ratio, Secret


@pytest.mark.parametrize(
    ("value", "spelling"),
    [
        (None, "none"),
        (True, "true"),
        (7, "7"),
        (20_000.0, "20_000"),
        (0.0005, "0.0005"),
        (Decimal("1E+5"), "100_000"),
        ('say "hi"\n', '"say \\"hi\\"\\n"'),
        (Secret("OKX_API_KEY"), 'secret("OKX_API_KEY")'),
        (("limit", 2), '["limit", 2]'),
        ({"key": Secret("K"), "after": 5}, '{ after = 5, key = secret("K") }'),
        ({}, "{}"),
    ],
)
def test_settings_are_spelled_as_values_of_the_language(value: SettingValue, spelling: str) -> None:
    assert spell_setting(value) == spelling


@pytest.mark.parametrize(
    ("text", "spelling"),
    [("9999", "9999"), ("10000", "10_000"), ("-250000.50", "-250_000.5"), ("0.10", "0.1")],
)
def test_numbers_are_exact_and_grouped_when_long(text: str, spelling: str) -> None:
    assert spell_number(Decimal(text)) == spelling


@pytest.mark.parametrize(
    ("value", "spelling"), [("0.02", "2%"), ("0.0005", "5bps"), ("0.00005", "0.005%"), ("1.5", "150%")]
)
def test_ratios_take_the_unit_in_which_they_are_whole(value: str, spelling: str) -> None:
    assert spell_ratio(Ratio(Decimal(value))) == spelling


def test_rates_leave_out_a_single_unit_of_time() -> None:
    assert spell_rate(Rate(Decimal(5), Duration(10**9))) == "5/s"
    assert spell_rate(Rate(Decimal(10), Duration(500 * 10**6))) == "10/500ms"
    assert spell_rate(Rate(Decimal(3), Duration(90 * 10**9))) == "3/1m30s"


def test_linger_is_a_duration_or_always() -> None:
    assert spell_linger(Linger(Duration(200_000))) == "200us"
    assert spell_linger(Linger(Duration(0), always=True)) == "always"


def test_settings_without_a_value_are_not_shown() -> None:
    assert spell_settings({"seed": 7, "balances": None, "rate": 5.0}) == (("rate", "5"), ("seed", "7"))


def test_settings_are_shown_in_the_units_they_are_written_in() -> None:
    fake = {"latency": 0.005, "rate": 2000.0, "fee_maker": Decimal("0.0002"), "seed": 7}
    assert spell_settings(dict(fake), ADAPTERS["fake"].settings) == (
        ("fee_maker", "2bps"),
        ("latency", "5ms"),
        ("rate", "2000/s"),
        ("seed", "7"),
    )
    replay = {"speed": "max", "path": "a.csv"}
    assert spell_settings(dict(replay), ADAPTERS["replay"].settings) == (
        ("path", '"a.csv"'),
        ("speed", "max"),
    )


def test_limits_that_are_not_set_are_not_shown(quickstart_graph: Graph) -> None:
    careful = quickstart_graph.strategies[0].risk
    assert careful is not None
    limits = dict(spell_limits(careful))
    assert limits["order_throttle"] == "5/s"
    assert limits["circuit_breaker"] == "{ threshold = 3, cooldown = 30s }"
    assert "symbol_throttle" not in limits
