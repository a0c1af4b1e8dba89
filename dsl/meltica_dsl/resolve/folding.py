"""Arithmetic on constants, exact or refused."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal, DecimalException, DivisionByZero, Inexact
from fnmatch import fnmatchcase

from meltica_dsl.text.strings import MAX_STRING

MAX_PRECISION = 50
"""Digits of a result. A product of two prices with every digit they may have still fits."""

DIVISION_DIGITS = 34
"""A quotient is rounded to as many digits as a literal may have: a third has no exact decimal."""

Value = Decimal | bool | str

_EXACT = Context(prec=MAX_PRECISION, traps=[Inexact, *Context().traps])
_WIDE = Context(prec=MAX_PRECISION)
_ROUNDED = Context(prec=DIVISION_DIGITS, rounding=ROUND_HALF_EVEN)

_COMPARISONS: Mapping[str, Callable[[Value, Value], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Unfoldable(Exception):
    """Constants whose operation has no value; the message says why."""


def fold_binary(symbol: str, left: Value, right: Value) -> Value:
    """The value of a well-typed operation on constants.

    Raises:
        Unfoldable: it divides by zero, or its exact result is beyond the limits.
    """
    if symbol in _COMPARISONS:
        return _COMPARISONS[symbol](left, right)
    if isinstance(left, bool) or isinstance(right, bool):
        return (left and right) if symbol == "and" else (left or right)
    if isinstance(left, str) and isinstance(right, str):
        if len(left) + len(right) > MAX_STRING:
            raise Unfoldable(f"this string is longer than {MAX_STRING} characters")
        return left + right
    assert isinstance(left, Decimal)
    assert isinstance(right, Decimal)
    return _arithmetic(symbol, left, right)


def _arithmetic(symbol: str, left: Decimal, right: Decimal) -> Decimal:
    try:
        match symbol:
            case "+":
                return _EXACT.add(left, right)
            case "-":
                return _EXACT.subtract(left, right)
            case "*":
                return _EXACT.multiply(left, right)
            case "/":
                return _ROUNDED.divide(left, right)
            case _:
                return _modulo(left, right)
    except Inexact:
        raise Unfoldable(f"the exact result has more than {MAX_PRECISION} digits") from None
    except DivisionByZero:
        raise Unfoldable("this divides by zero") from None
    except DecimalException:
        # 0 / 0 and what overflows the exponent.
        raise Unfoldable("this has no value") from None


def _modulo(left: Decimal, right: Decimal) -> Decimal:
    """The remainder with the sign of the divisor, as numpy and Python's integers have it."""
    if right == 0:
        raise DivisionByZero
    rest = _EXACT.remainder(left, right)
    return rest + right if rest and (rest < 0) != (right < 0) else rest


def fold_unary(symbol: str, operand: Value) -> Value:
    if symbol == "not":
        return not operand
    assert isinstance(operand, Decimal)
    return operand.copy_negate() if operand else operand


def fold_call(function: str, values: list[Value]) -> Value:
    """The value of a library function of constants. `hour` is never asked: there are no constant times."""
    numbers = [value for value in values if isinstance(value, Decimal)]
    match function:
        case "abs":
            return numbers[0].copy_abs()
        case "min":
            return min(numbers)
        case "max":
            return max(numbers)
        case "round":
            digits = int(numbers[1]) if len(numbers) > 1 else 0
            return _rounded(numbers[0], digits)
        case _:
            text, pattern = values
            return fnmatchcase(str(text), str(pattern))


def _rounded(number: Decimal, digits: int) -> Decimal:
    """To the nearest, halves to even: as numpy rounds."""
    try:
        return number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN, context=_WIDE)
    except DecimalException:
        raise Unfoldable(f"the result has more than {MAX_PRECISION} digits") from None
