"""`where` expressions mean in numpy what they mean one event at a time."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from meltica_compiler.kernels.generate import kernel_source
from meltica_dsl.model.pipeline import Call, Conditional, Const, ExprType, Membership, Unary, Where

NUMBERS = ("0", "1", "2.5", "-3", "0.0001", "60000", "0.1")


def constants(make):
    return st.sampled_from(NUMBERS).map(make.number)


def fields(make):
    return st.sampled_from([make.field("price"), make.field("quantity"), make.field("time")])


def numbers(make, depth):
    """Expressions with a field in them: those without one the language has folded."""
    if not depth:
        return fields(make)
    inner = st.deferred(lambda: numbers(make, depth - 1))
    other = st.one_of(inner, constants(make))
    pairs = st.one_of(st.tuples(inner, other), st.tuples(other, inner))
    binary = st.tuples(st.sampled_from("+-*/%"), pairs).map(
        lambda t: make.binary(t[1][0], t[0], t[1][1], ExprType.NUMBER)
    )
    calls = st.one_of(
        st.tuples(st.sampled_from(["abs", "round", "hour"]), st.tuples(inner)),
        st.tuples(st.sampled_from(["min", "max"]), pairs),
    ).map(lambda t: Call(t[0], t[1], ExprType.NUMBER, make.span))
    chosen = st.tuples(conditions(make, 0), other, other).map(
        lambda t: Conditional(*t, ExprType.NUMBER, make.span)
    )
    negated = inner.map(lambda e: Unary("-", e, ExprType.NUMBER, make.span))
    return st.one_of(fields(make), binary, calls, chosen, negated)


def names(make):
    symbols = [make.name(s) for s in ("BTC-USDT", "SOL-EUR", "DOGE-USDT")]
    providers = [make.name(p, ExprType.PROVIDER) for p in ("okx", "kraken")]
    sides = [make.name(s, ExprType.SIDE) for s in ("buy", "sell", "none")]
    choices = []
    for column, items in (("symbol", symbols), ("provider", providers), ("side", sides)):
        operand = make.field(column)
        choices += [make.binary(operand, op, c) for op in ("==", "!=") for c in items]
        choices.append(Membership(operand, tuple(items[:2]), ExprType.BOOL, make.span))
        for pattern in ("*-USDT", "[bo]*", "nothing"):
            text = Const(pattern, ExprType.TEXT, make.span)
            choices.append(Call("matches", (operand, text), ExprType.BOOL, make.span))
    return st.sampled_from(choices)


def conditions(make, depth):
    other = st.one_of(numbers(make, depth), constants(make))
    compared = st.tuples(
        numbers(make, depth), st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), other
    ).map(lambda t: make.binary(*t))
    member = numbers(make, depth).map(
        lambda e: Membership(e, (make.number("1"), make.number("2.5")), ExprType.BOOL, make.span)
    )
    base = st.one_of(compared, member, names(make))
    if not depth:
        return base
    inner = st.deferred(lambda: conditions(make, depth - 1))
    truths = st.sampled_from([Const(True, ExprType.BOOL, make.span), Const(False, ExprType.BOOL, make.span)])
    joined = st.tuples(inner, st.sampled_from(["and", "or"]), st.one_of(inner, truths)).map(
        lambda t: make.binary(*t)
    )
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


def test_numbers_are_the_f64_nearest_to_what_the_file_says(make):
    third = make.number("0.3333333333333333333333333333333333")
    source = kernel_source(*make.pipeline(Where(make.binary(make.field("price"), ">", third), make.span)))
    assert "keep = price > 0.3333333333333333\n" in source


def test_a_condition_that_is_never_true_costs_nothing(make):
    never = Const(False, ExprType.BOOL, make.span)
    both = make.binary(never, "and", make.binary(make.field("price"), ">", make.number("1")))
    route, graph = make.pipeline(Where(both, make.span))
    source = kernel_source(route, graph)
    assert "price =" not in source
    assert "# never true" in source
    assert not make.run_in_batches(route, graph, make.records("trade", 0, price=[2.0]), []).size


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
