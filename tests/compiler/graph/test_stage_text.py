"""Typed stages read as the language writes them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from meltica_compiler.graph.stage_text import stage_text
from meltica_dsl.model.fields import EVENT_BY_NAME
from meltica_dsl.model.pipeline import (
    Binary,
    Call,
    Conditional,
    Conflate,
    Const,
    Dedupe,
    Depth,
    ExprType,
    FieldRef,
    Membership,
    Sample,
    Unary,
    Where,
)
from meltica_dsl.model.value_text import decimal_text, duration_text
from meltica_dsl.model.values import Duration
from meltica_dsl.text.source import Span

SPAN = Span("t.mel", 0, 0)
PRICE = FieldRef(EVENT_BY_NAME["trade"].field("price"), ExprType.PRICE, SPAN)
SYMBOL = FieldRef(EVENT_BY_NAME["trade"].field("symbol"), ExprType.SYMBOL, SPAN)


def const(value, type=ExprType.NUMBER):
    return Const(Decimal(value) if type in (ExprType.NUMBER, ExprType.DURATION) else value, type, SPAN)


def binary(left, op, right, type=ExprType.BOOL):
    return Binary(op, left, right, type, SPAN)


@pytest.mark.parametrize(
    ("stage", "text"),
    [
        (Dedupe(Duration(90_000_000_000), SPAN), "dedupe within 1m30s"),
        (Sample(10, SPAN), "sample 10"),
        (Conflate(Duration(100_000_000), SPAN), "conflate per symbol every 100ms"),
        (Depth(20, SPAN), "depth 20"),
        (Where(binary(SYMBOL, "==", const("BTC-USDT", ExprType.SYMBOL)), SPAN), "where symbol == BTC-USDT"),
    ],
)
def test_stages(stage, text):
    assert stage_text(stage) == text


def test_parentheses_stand_where_they_are_needed_and_only_there():
    total = binary(PRICE, "+", const("1"), ExprType.NUMBER)
    high = binary(binary(total, "*", const("2.50"), ExprType.NUMBER), ">", const("1E+2"))
    low = binary(
        binary(PRICE, "-", binary(PRICE, "-", const("1"), ExprType.NUMBER), ExprType.NUMBER), "<", PRICE
    )
    either = binary(high, "or", low)
    both = binary(either, "and", Unary("not", either, ExprType.BOOL, SPAN))
    side = "((price + 1) * 2.5 > 100 or price - (price - 1) < price)"
    assert stage_text(Where(both, SPAN)) == f"where {side} and not {side}"


def test_calls_lists_and_choices():
    pattern = Call("matches", (SYMBOL, const("BTC-*", ExprType.TEXT)), ExprType.BOOL, SPAN)
    listed = Membership(PRICE, (const("1"), const("2")), ExprType.BOOL, SPAN)
    choice = Conditional(pattern, listed, const(True, ExprType.BOOL), ExprType.BOOL, SPAN)
    wanted = 'where if matches(symbol, "BTC-*") then price in [1, 2] else true'
    assert stage_text(Where(choice, SPAN)) == wanted


def test_durations_and_numbers_come_in_full():
    assert duration_text(Duration(1)) == "1ns"
    assert decimal_text(Decimal("1E-7")) == "0.0000001"
    assert decimal_text(Decimal("60000")) == "60000"
    assert decimal_text(Decimal("-0.50")) == "-0.5"
    assert (
        stage_text(Where(binary(PRICE, ">", const("-1500", ExprType.DURATION)), SPAN))
        == "where price > -1ms500us"
    )
