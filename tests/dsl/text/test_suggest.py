from __future__ import annotations

import pytest

from meltica_dsl.text.suggest import nearest

KNOWN = ["price", "quantity", "side", "symbol", "drop_oldest", "drop_newest"]


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("quantty", "quantity"),
        ("pirce", "price"),
        ("Side", "side"),
        ("symbols", "symbol"),
        ("drop-oldest", "drop_oldest"),
        ("drop_old", "drop_oldest"),
    ],
)
def test_a_slip_finds_what_was_meant(slip, meant):
    assert nearest(slip, KNOWN) == meant


@pytest.mark.parametrize("name", ["", "latency", "x", "p" * 1_000])
def test_what_is_far_from_everything_finds_nothing(name):
    assert nearest(name, KNOWN) is None


def test_the_first_of_equally_near_names_wins():
    assert nearest("ab", ["ax", "ay"]) == "ax"
