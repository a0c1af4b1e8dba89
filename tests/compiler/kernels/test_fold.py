"""What has no field in it is computed once, exactly."""

from __future__ import annotations

from decimal import Decimal

import pytest

from meltica_compiler.kernels.fold import conjuncts, fold
from meltica_dsl.model import Call, Conditional, Const, ExprType, Membership, Unary


def const(make, value):
    type = ExprType.BOOL if isinstance(value, bool) else ExprType.TEXT if isinstance(value, str) else None
    return make.number(str(value)) if type is None else Const(value, type, make.span)


@pytest.mark.parametrize(
    ("left", "op", "right", "value"),
    [
        ("0.1", "+", "0.2", Decimal("0.3")),
        ("1", "-", "0.9", Decimal("0.1")),
        ("0.1", "*", "3", Decimal("0.3")),
        ("1", "/", "0", Decimal("Infinity")),
        ("-7", "%", "3", Decimal(2)),
        ("7", "%", "-3", Decimal(-2)),
        ("0.3", "==", "0.30", True),
        ("1", "!=", "2", True),
        ("2", "<=", "1", False),
    ],
)
def test_arithmetic_and_comparisons(make, left, op, right, value):
    folded = fold(make.binary(make.number(left), op, make.number(right), ExprType.NUMBER))
    assert folded.value == value


@pytest.mark.parametrize(
    ("function", "arguments", "value"),
    [
        ("abs", ("-2.5",), Decimal("2.5")),
        ("min", ("3", "1", "2"), Decimal(1)),
        ("max", ("3", "1", "2"), Decimal(3)),
        ("round", ("2.5",), Decimal(2)),
        ("round", ("2.345", "1"), Decimal("2.3")),
        ("hour", ("90000000000",), Decimal(1)),
    ],
)
def test_functions(make, function, arguments, value):
    numbers = tuple(make.number(a) for a in arguments)
    assert fold(Call(function, numbers, ExprType.NUMBER, make.span)).value == value


def test_one_side_can_decide_a_condition(make):
    unknown = make.binary(make.field("price"), ">", make.number("1"))
    assert fold(make.binary(unknown, "and", const(make, False))).value is False
    assert fold(make.binary(const(make, True), "or", unknown)).value is True
    assert fold(make.binary(const(make, True), "and", unknown)) == unknown
    assert fold(Unary("not", const(make, True), ExprType.BOOL, make.span)).value is False


def test_choices_and_memberships(make):
    price = make.field("price")
    choice = Conditional(const(make, True), price, make.number("1"), ExprType.PRICE, make.span)
    assert fold(choice) == price
    items = (make.number("1"), make.number("2"))
    assert fold(Membership(make.number("2.0"), items, ExprType.BOOL, make.span)).value is True
    pattern = (const(make, "BTC-USDT"), const(make, "BTC-*"))
    assert fold(Call("matches", pattern, ExprType.BOOL, make.span)).value is True


def test_conjuncts_come_in_their_order(make):
    parts = [make.binary(make.field("price"), ">", make.number(str(n))) for n in range(3)]
    joined = make.binary(make.binary(parts[0], "and", parts[1]), "and", parts[2])
    assert conjuncts(joined) == tuple(parts)
