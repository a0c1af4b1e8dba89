"""`where` expressions mean in numpy what they mean one event at a time."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from meltica_compiler.kernels.generate import kernel_source
from meltica_dsl.model import Call, Conditional, Const, ExprType, Membership, Unary, Where

NUMBERS = ("0", "1", "2.5", "-3", "0.0001", "60000", "0.1")


def leaves(make, type):
    if type is ExprType.BOOL:
        return st.sampled_from([Const(True, type, make.span), Const(False, type, make.span)])
    return st.one_of(
        st.sampled_from([make.field("price"), make.field("quantity"), make.field("time")]),
        st.sampled_from(NUMBERS).map(make.number),
    )


def numbers(make, depth):
    if not depth:
        return leaves(make, ExprType.NUMBER)
    inner = st.deferred(lambda: numbers(make, depth - 1))
    binary = st.tuples(inner, st.sampled_from("+-*/%"), inner).map(lambda t: make.binary(*t, ExprType.NUMBER))
    calls = st.one_of(
        st.tuples(st.sampled_from(["abs", "round", "hour"]), st.tuples(inner)),
        st.tuples(st.sampled_from(["min", "max"]), st.tuples(inner, inner)),
    ).map(lambda t: Call(t[0], t[1], ExprType.NUMBER, make.span))
    chosen = st.tuples(conditions(make, 0), inner, inner).map(
        lambda t: Conditional(*t, ExprType.NUMBER, make.span)
    )
    negated = inner.map(lambda e: Unary("-", e, ExprType.NUMBER, make.span))
    return st.one_of(leaves(make, ExprType.NUMBER), binary, calls, chosen, negated)


def names(make):
    symbols = [make.name(s) for s in ("BTC-USDT", "SOL-EUR", "DOGE-USDT")]
    providers = [make.name(p, ExprType.PROVIDER) for p in ("okx", "kraken")]
    sides = [make.name(s, ExprType.SIDE) for s in ("buy", "sell", "none")]
    choices = []
    for column, constants in (("symbol", symbols), ("provider", providers), ("side", sides)):
        operand = make.field(column)
        choices += [make.binary(operand, op, c) for op in ("==", "!=") for c in constants]
        choices.append(Membership(operand, tuple(constants[:2]), ExprType.BOOL, make.span))
        for pattern in ("*-USDT", "[bo]*", "nothing"):
            text = Const(pattern, ExprType.TEXT, make.span)
            choices.append(Call("matches", (operand, text), ExprType.BOOL, make.span))
    return st.sampled_from(choices)


def conditions(make, depth):
    compared = st.tuples(
        numbers(make, depth), st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), numbers(make, depth)
    ).map(lambda t: make.binary(*t))
    member = numbers(make, depth).map(
        lambda e: Membership(e, (make.number("1"), make.number("2.5")), ExprType.BOOL, make.span)
    )
    base = st.one_of(compared, member, names(make), leaves(make, ExprType.BOOL))
    if not depth:
        return base
    inner = st.deferred(lambda: conditions(make, depth - 1))
    joined = st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: make.binary(*t))
    negated = inner.map(lambda e: Unary("not", e, ExprType.BOOL, make.span))
    return st.one_of(base, joined, negated)


ROWS = {
    "time": 1_700_000_000_000_000.0 + np.arange(12) * 3.5e9,
    "symbol": np.arange(12) % 3,
    "provider": np.arange(12) % 2,
    "side": np.arange(12) % 3,
    "price": np.tile([60_000.0, 0.1, 2.5, 0.0], 3),
    "quantity": np.tile([1.0, 0.0, 0.3], 4),
}


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_a_condition_keeps_the_events_that_python_keeps(make, data):
    condition = data.draw(conditions(make, 2))
    rows = make.records("trade", 0, **ROWS)
    route, graph = make.pipeline(Where(condition, make.span))
    wanted = make.by_reference(route, graph, rows)["seq"].tolist()
    assert make.run_in_batches(route, graph, rows, [5])["seq"].tolist() == wanted


def test_constants_are_folded_in_exact_decimals(make):
    tenth, fifth = make.number("0.1"), make.number("0.2")
    total = make.binary(tenth, "+", fifth, ExprType.NUMBER)
    source = kernel_source(*make.pipeline(Where(make.binary(make.field("price"), ">", total), make.span)))
    assert "keep = price > 0.3\n" in source  # and not 0.1 + 0.2, which is 0.30000000000000004


def test_a_condition_that_is_never_true_costs_nothing(make):
    never = make.binary(make.number("1"), ">", make.number("2"))
    both = make.binary(never, "and", make.binary(make.field("price"), ">", make.number("1")))
    source = kernel_source(*make.pipeline(Where(both, make.span)))
    assert "price =" not in source
    assert "# never true" in source


def test_a_missing_value_meets_no_comparison(make):
    rows = make.records("ticker", 0, volume=[np.nan, 5.0])
    volume = make.field("volume", "ticker")
    for op in ("<", ">=", "=="):
        route, graph = make.pipeline(
            Where(make.binary(volume, op, Const(Decimal(5), ExprType.QUANTITY, make.span)), make.span),
            event="ticker",
        )
        assert 1.0 not in make.run_in_batches(route, graph, rows, [])["seq"]


def test_a_lookup_names_what_it_looks_up(make):
    pattern = Const("*-USDT", ExprType.TEXT, make.span)
    call = Call("matches", (make.field("symbol"), pattern), ExprType.BOOL, make.span)
    source = kernel_source(*make.pipeline(Where(call, make.span)))
    assert 'TABLE_0 = lookup([0, 1], 3)  # matches(symbol, "*-USDT")\n' in source
