from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltica_runtime.money import add, amount_fault, multiply, quotient

AMOUNTS = st.decimals(
    min_value=Decimal("0.0000000000000001"), max_value=Decimal("9999999999999999"), places=16
)


@given(AMOUNTS, AMOUNTS)
def test_products_of_stored_amounts_are_never_rounded(left: Decimal, right: Decimal) -> None:
    assert Fraction(multiply(left, right)) == Fraction(left) * Fraction(right)


@given(st.lists(AMOUNTS, min_size=1, max_size=20))
def test_sums_are_never_rounded(amounts: list[Decimal]) -> None:
    total = Decimal(0)
    for amount in amounts:
        total = add(total, amount)

    assert Fraction(total) == sum(map(Fraction, amounts))


def test_a_quotient_that_ends_is_exact_and_one_that_does_not_has_16_decimals() -> None:
    assert str(quotient(Decimal("180000.0"), Decimal(3))) == "60000.0"
    assert quotient(Decimal(1), Decimal(3)) == Decimal("0.3333333333333333")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("0", "must be above zero"),
        ("-1", "must be above zero"),
        ("NaN", "is not a finite number"),
        ("sNaN", "is not a finite number"),
        ("Infinity", "is not a finite number"),
        ("1E-17", "has more than 16 decimals"),
        ("1E-999999", "has more than 16 decimals"),
        ("1E+16", "has more than 16 digits before the point"),
        ("1E+999999", "has more than 16 digits before the point"),
    ],
)
def test_what_the_store_cannot_keep_is_no_amount(text: str, fault: str) -> None:
    assert amount_fault(Decimal(text)) == fault


@given(AMOUNTS)
def test_what_the_store_can_keep_is_an_amount(amount: Decimal) -> None:
    assert amount_fault(amount) is None


def test_trailing_zeros_are_no_decimals() -> None:
    assert amount_fault(Decimal("1.00000000000000000000")) is None
