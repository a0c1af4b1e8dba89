from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltica_dsl.model.values import Duration, Rate, Ratio, Size
from meltica_dsl.parse.literals import DURATION_UNITS, LiteralFault, read_literal

S = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", Decimal("0.1")),
        ("1_000.000_1", Decimal("1000.0001")),
        ("250us", Duration(250_000)),
        ("1.5ms", Duration(1_500_000)),
        ("1m30s", Duration(90 * S)),
        ("1d2h", Duration(26 * 3600 * S)),
        ("64KiB", Size(65_536)),
        ("1.5GiB", Size(3 * 2**29)),
        ("2%", Ratio(Decimal("0.02"))),
        ("5bps", Ratio(Decimal("0.0005"))),
        ("5/s", Rate(Decimal(5), Duration(S))),
        ("1_000/1m", Rate(Decimal(1000), Duration(60 * S))),
        ("0.5/100ms", Rate(Decimal("0.5"), Duration(S // 10))),
    ],
)
def test_literals_are_exact(text, value):
    assert read_literal(text) == value


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("5sec", "5s"),
        ("10µs", "10us"),
        ("5min", "5m"),
        ("64KB", "64KiB"),
        ("5Mib", "5MiB"),
        ("3bp", "3bps"),
        ("5/sec", "5/s"),
    ],
)
def test_a_unit_that_is_nearly_right_is_mended(text, meant):
    fault = read_literal(text)
    assert isinstance(fault, LiteralFault)
    assert fault.replacement == meant
    assert not isinstance(read_literal(meant), LiteralFault)


@pytest.mark.parametrize(
    "text",
    ["1__0", "1_", "5KiB3s", "30s1m", "1m1m", "0.3ns", "0.5B", "1e5", "5m30", "5/0s", "9" * 35, "99999d"],
)
def test_what_has_no_exact_meaning_is_refused(text):
    assert isinstance(read_literal(text), LiteralFault)


@given(st.lists(st.sampled_from(list(DURATION_UNITS)), unique=True, min_size=1), st.integers(1, 99))
def test_a_duration_is_the_sum_of_its_parts(units, count):
    units.sort(key=lambda unit: -DURATION_UNITS[unit])
    whole = read_literal("".join(f"{count}{unit}" for unit in units))
    assert whole == Duration(sum(count * DURATION_UNITS[unit] for unit in units))
