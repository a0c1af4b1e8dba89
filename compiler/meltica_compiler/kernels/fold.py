"""Constant folding, in exact decimals: what is known before the first event is computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from fnmatch import fnmatchcase

from meltica_dsl.model import Binary, Call, Conditional, Const, Expr, ExprType, FieldRef, Membership, Unary

_MICROSECONDS_PER_HOUR = Decimal(3_600_000_000)

# Without traps a division by zero is infinite, as it is in the f64 of the records.
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[])


def _modulo(a: Decimal, b: Decimal) -> Decimal:
    """With the sign of `b`, as numpy has it."""
    whole = _EXACT.divide(a, b).to_integral_value(ROUND_FLOOR, context=_EXACT)
    return _EXACT.subtract(a, _EXACT.multiply(b, whole))


_ARITHMETIC: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": _EXACT.add,
    "-": _EXACT.subtract,
    "*": _EXACT.multiply,
    "/": _EXACT.divide,
    "%": _modulo,
}


def fold(expr: Expr) -> Expr:  # noqa: PLR0911 - one return for each kind
    """The same expression with every part that has no field in it replaced by its value."""
    match expr:
        case FieldRef() | Const():
            return expr
        case Unary():
            return _fold_unary(replace(expr, operand=fold(expr.operand)))
        case Binary():
            return _fold_binary(replace(expr, left=fold(expr.left), right=fold(expr.right)))
        case Membership():
            operand = fold(expr.operand)
            if isinstance(operand, Const):
                return _const(expr, any(operand.value == item.value for item in expr.items))
            return replace(expr, operand=operand)
        case Conditional():
            condition = fold(expr.condition)
            then, otherwise = fold(expr.then), fold(expr.otherwise)
            if isinstance(condition, Const):
                return then if condition.value is True else otherwise
            return replace(expr, condition=condition, then=then, otherwise=otherwise)
        case Call():
            return _fold_call(replace(expr, arguments=tuple(fold(a) for a in expr.arguments)))


def conjuncts(condition: Expr) -> tuple[Expr, ...]:
    """The parts that an `and` joins, in their order."""
    if isinstance(condition, Binary) and condition.op == "and":
        return conjuncts(condition.left) + conjuncts(condition.right)
    return (condition,)


def _const(at: Expr, value: Decimal | bool | str) -> Const:
    return Const(value, ExprType.BOOL if isinstance(value, bool) else at.type, at.span)


def _fold_unary(expr: Unary) -> Expr:
    if not isinstance(expr.operand, Const):
        return expr
    value = expr.operand.value
    if expr.op == "not":
        return _const(expr, value is not True)
    assert isinstance(value, Decimal), "the language types `-` over numbers"
    return _const(expr, value.copy_negate())


def _fold_binary(expr: Binary) -> Expr:
    if expr.op in ("and", "or"):
        return _fold_logic(expr)
    if not isinstance(expr.left, Const) or not isinstance(expr.right, Const):
        return expr
    left, right = expr.left.value, expr.right.value
    if expr.op == "==":
        return _const(expr, left == right)
    if expr.op == "!=":
        return _const(expr, left != right)
    assert isinstance(left, Decimal), "the language types order and arithmetic over numbers"
    assert isinstance(right, Decimal), "the language types order and arithmetic over numbers"
    if expr.op in _ARITHMETIC:
        return _const(expr, _ARITHMETIC[expr.op](left, right))
    return _const(expr, _ordered(expr.op, left, right))


def _fold_logic(expr: Binary) -> Expr:
    decisive = expr.op == "or"  # `x or true` is true, `x and false` is false
    for side, other in ((expr.left, expr.right), (expr.right, expr.left)):
        if isinstance(side, Const):
            return _const(expr, decisive) if side.value is decisive else other
    return expr


def _fold_call(expr: Call) -> Expr:
    if not all(isinstance(argument, Const) for argument in expr.arguments):
        return expr
    values = [argument.value for argument in expr.arguments if isinstance(argument, Const)]
    if expr.function == "matches":
        text, pattern = values
        return _const(expr, fnmatchcase(str(text), str(pattern)))
    return _const(expr, _call(expr.function, [v for v in values if isinstance(v, Decimal)]))


def _call(function: str, values: list[Decimal]) -> Decimal:
    match function:
        case "abs":
            return values[0].copy_abs()
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "round":
            step = Decimal(1).scaleb(-int(values[1])) if len(values) > 1 else Decimal(1)
            return values[0].quantize(step, context=_EXACT)
        case "hour":
            return _modulo((values[0] / _MICROSECONDS_PER_HOUR).to_integral_value(ROUND_FLOOR), Decimal(24))
    raise AssertionError(f"no function `{function}` in the language's library")


def _ordered(op: str, left: Decimal, right: Decimal) -> bool:
    if left.is_nan() or right.is_nan():
        return False
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[op]
