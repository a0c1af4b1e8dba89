"""What comes at one moment comes together: a pool too small for it loses what its policy says, no more."""

from __future__ import annotations

import pytest

BURST = "".join(
    f"at 1ms paper.trade {{ symbol = {symbol}, price = {price}, quantity = 1 }}\n"
    for price, symbol in zip(range(1, 8), ["BTC-USDT", "ETH-USDT"] * 4, strict=False)
)
"""Seven trades at once, of prices 1 to 7."""


@pytest.mark.parametrize("batch", [1, 3, 8_192])
@pytest.mark.parametrize(
    "expected",
    [
        "last drops 3 trade { price <= 3 }",
        "last receives 4 trade { price > 3 }",
        "first receives 4 trade { price <= 4 }",
        "first drops 3 trade { price > 4 }",
        "folded receives 4 trade",  # two fit, and the newest of each symbol waits
        "folded drops 3 trade { price > 2, price < 6 }",
        "whole receives 7 trade",
        "whole drops nothing",
    ],
)
def test_a_burst_is_lost_as_the_policy_says(met, expected, batch):
    assert met(f"{BURST}expect {expected}", batch=batch) == [True]


def test_nothing_is_lost_of_what_comes_one_after_the_other(met):
    steps = "".join(
        f"at {number}us paper.trade {{ symbol = BTC-USDT, price = {number}, quantity = 1 }}\n"
        for number in range(1, 40)
    )
    kept = "\n".join(f"expect {name} receives 39 trade" for name in ("last", "first", "folded", "whole"))
    assert met(f"{steps}{kept}") == [True] * 4


def test_a_pool_larger_than_what_comes_at_once_loses_nothing_whatever_the_burst_takes_to_write(met):
    steps = "".join(
        f"at 1ms paper.trade {{ symbol = BTC-USDT, price = {number}, quantity = 1 }}\n"
        for number in range(1, 65)
    )
    assert (
        met(f"{steps}expect it receives 64 trade\nexpect whole receives 64\nexpect last drops 60")
        == [True] * 3
    )
