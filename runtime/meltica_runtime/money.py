"""Decimal arithmetic of money that never rounds, and what an amount may look like.

The default decimal context rounds at 28 digits, too few for the product of two amounts of
`NUMERIC(32,16)`, the type that the store keeps amounts in.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow

AMOUNT_DECIMALS = 16
AMOUNT_WHOLE_DIGITS = 16
"""Together the store's NUMERIC(32,16)."""

_PRECISION = 2 * (AMOUNT_DECIMALS + AMOUNT_WHOLE_DIGITS) + 16
"""Digits of a product of two amounts, and of the number of such products in a sum."""

_EXACT = Context(
    prec=_PRECISION, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow]
)

add = _EXACT.add
subtract = _EXACT.subtract
multiply = _EXACT.multiply

ZERO = Decimal(0)
_SMALLEST = Decimal(1).scaleb(-AMOUNT_DECIMALS)
_TOO_LARGE = Decimal(1).scaleb(AMOUNT_WHOLE_DIGITS)


def quotient(dividend: Decimal, divisor: Decimal) -> Decimal:
    """The quotient if it has at most 16 decimals, else rounded to 16.

    Rounding is monotone, so an average of prices stays between the least and the greatest of them.
    """
    exact = _EXACT.divide(dividend, divisor)
    rounded = _EXACT.quantize(exact, _SMALLEST)
    return exact if exact == rounded else rounded


def amount_fault(value: Decimal) -> str | None:
    """What keeps `value` from being a price or a quantity, in words, or None if nothing does."""
    if not value.is_finite():
        return "is not a finite number"
    if value <= 0:
        return "must be above zero"
    if value >= _TOO_LARGE:
        return f"has more than {AMOUNT_WHOLE_DIGITS} digits before the point"
    if _EXACT.quantize(value, _SMALLEST) != value:
        return f"has more than {AMOUNT_DECIMALS} decimals"
    return None
