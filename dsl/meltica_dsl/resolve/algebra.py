"""Which operators go with which types, and what comes out.

A plain number stands for a price, a quantity, a notional or a ratio wherever it meets one, since a file
writes prices without a unit; it never stands for a time or a duration, which have units.
"""

from __future__ import annotations

from meltica_dsl.model.fields import FieldType
from meltica_dsl.model.pipeline import ExprType as T

FIELD_TYPES: dict[FieldType, T] = {
    FieldType.PRICE: T.PRICE,
    FieldType.QUANTITY: T.QUANTITY,
    FieldType.TIME: T.TIME,
    FieldType.SYMBOL: T.SYMBOL,
    FieldType.PROVIDER: T.PROVIDER,
    FieldType.SIDE: T.SIDE,
    FieldType.COUNT: T.NUMBER,
    FieldType.IDENTIFIER: T.IDENTIFIER,
    FieldType.TEXT: T.TEXT,
    FieldType.DECIMAL: T.NUMBER,
    FieldType.BOOL: T.BOOL,
}
"""Type of a field in expressions. Levels of a book are no single value, so they have none."""

AMOUNTS = frozenset({T.PRICE, T.QUANTITY, T.NOTIONAL, T.RATIO})
"""Types that a plain number may stand for."""

NUMERIC = AMOUNTS | {T.NUMBER, T.DURATION}
"""Types with a sign and a size."""

ORDERED = NUMERIC | {T.TIME, T.IDENTIFIER}

_PRODUCTS: dict[tuple[T, T], T] = {
    (T.PRICE, T.QUANTITY): T.NOTIONAL,
    (T.QUANTITY, T.PRICE): T.NOTIONAL,
    (T.RATIO, T.RATIO): T.RATIO,
}
_QUOTIENTS: dict[tuple[T, T], T] = {
    (T.NOTIONAL, T.PRICE): T.QUANTITY,
    (T.NOTIONAL, T.QUANTITY): T.PRICE,
}


def unify(left: T, right: T) -> T | None:
    """The type that both are, or that one is when the other is a plain number.

    >>> unify(T.PRICE, T.NUMBER)
    <ExprType.PRICE: 'price'>
    >>> unify(T.PRICE, T.DURATION) is None
    True
    """
    if left is right:
        return left
    for plain, other in ((left, right), (right, left)):
        if plain is T.NUMBER and (other in AMOUNTS or other is T.IDENTIFIER):
            return other
    return None


def binary(operator: str, left: T, right: T) -> T | None:  # noqa: PLR0911 - one return for each kind
    """The type of `left operator right`, or None if the two do not go together."""
    match operator:
        case "and" | "or":
            return T.BOOL if left is right is T.BOOL else None
        case "==" | "!=":
            return T.BOOL if unify(left, right) is not None else None
        case "<" | "<=" | ">" | ">=":
            return T.BOOL if unify(left, right) in ORDERED else None
        case "+" | "-":
            return _sum(operator, left, right)
        case "*":
            return _product(left, right)
        case "/":
            return _quotient(left, right)
        case _:
            return unify(left, right) if left in NUMERIC and right in NUMERIC else None


def unary(operator: str, operand: T) -> T | None:
    if operator == "not":
        return T.BOOL if operand is T.BOOL else None
    return operand if operand in NUMERIC else None


def _sum(operator: str, left: T, right: T) -> T | None:
    if left is T.TIME and right is T.TIME:
        return T.DURATION if operator == "-" else None
    if left is T.TIME and right is T.DURATION:
        return T.TIME
    if left is T.DURATION and right is T.TIME and operator == "+":
        return T.TIME
    if left is T.TEXT and right is T.TEXT and operator == "+":
        return T.TEXT
    both = unify(left, right)
    # `1 + 2%` is a plain factor, not a ratio.
    if both is T.RATIO and left is not right:
        return T.NUMBER
    return both if both in NUMERIC else None


def _product(left: T, right: T) -> T | None:
    if (left, right) in _PRODUCTS:
        return _PRODUCTS[left, right]
    for factor, other in ((left, right), (right, left)):
        # A number scales a ratio, as in `2 * 5bps`; a ratio takes a part of anything else.
        if factor is T.NUMBER and other in NUMERIC:
            return other
    for factor, other in ((left, right), (right, left)):
        if factor is T.RATIO and other in NUMERIC:
            return other
    return None


def _quotient(left: T, right: T) -> T | None:
    if left is right and left in (T.NUMBER, T.DURATION):
        return T.NUMBER
    if left is right and left in NUMERIC:
        return T.RATIO
    if right in (T.NUMBER, T.RATIO) and left in NUMERIC:
        return left
    return _QUOTIENTS.get((left, right))
