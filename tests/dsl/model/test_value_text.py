from __future__ import annotations

from decimal import Decimal

from meltica_dsl.model.value_text import decimal_text
from meltica_dsl.model.values import Symbol


def test_numbers_have_no_exponent_and_no_trailing_zeros() -> None:
    assert [decimal_text(Decimal(text)) for text in ("6E+4", "0.10", "100", "1E-7", "0.00", "-0.50")] == [
        "60000",
        "0.1",
        "100",
        "0.0000001",
        "0",
        "-0.5",
    ]


def test_a_symbol_is_its_assets_and_back() -> None:
    assert Symbol.parse("BTC-USDT") == Symbol("BTC", "USDT")
    assert str(Symbol.parse("BTC-USDT")) == "BTC-USDT"
