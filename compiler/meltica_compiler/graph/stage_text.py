"""Stages and expressions of the typed model as the language writes them, for people to read."""

from __future__ import annotations

from meltica_dsl.model.pipeline import (
    Binary,
    Call,
    Conditional,
    Conflate,
    Const,
    Dedupe,
    Depth,
    Expr,
    ExprType,
    FieldRef,
    Kline,
    Membership,
    Merge,
    Sample,
    Stage,
    Throttle,
    Unary,
    Where,
)
from meltica_dsl.model.value_text import decimal_text, duration_text
from meltica_dsl.model.values import Duration, Rate

_BINDING = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), 4),
    **dict.fromkeys(("+", "-"), 5),
    **dict.fromkeys(("*", "/", "%"), 6),
}
_NOT, _MEMBERSHIP, _NEGATE, _ATOM = 3, 4, 7, 8


def stage_text(stage: Stage) -> str:  # noqa: PLR0911 - one return for each kind
    match stage:
        case Where():
            return f"where {expression_text(stage.condition)}"
        case Dedupe():
            return f"dedupe within {duration_text(stage.within)}"
        case Sample():
            return f"sample {stage.every}"
        case Conflate():
            return f"conflate per symbol every {duration_text(stage.every)}"
        case Depth():
            return f"depth {stage.levels}"
        case Throttle():
            return f"throttle {rate_text(stage.rate)}"
        case Kline():
            return f"kline {duration_text(stage.interval)}"
        case Merge():
            return "merge"


def rate_text(rate: Rate) -> str:
    """So many in a time, one of a unit without its one.

    >>> from decimal import Decimal
    >>> rate_text(Rate(Decimal(5), Duration(10**9))), rate_text(Rate(Decimal(1_000), Duration(2 * 10**9)))
    ('5/s', '1000/2s')
    """
    per = duration_text(rate.per)
    return f"{decimal_text(rate.count)}/{per[1:] if per[:1] == '1' and per[1:].isalpha() else per}"


def expression_text(expr: Expr) -> str:
    return _write(expr)[0]


def _operand(expr: Expr, binding: int) -> str:
    text, bound = _write(expr)
    return text if bound > binding else f"({text})"


def _write(expr: Expr) -> tuple[str, int]:  # noqa: PLR0911 - one return for each kind
    match expr:
        case FieldRef():
            return expr.field.name, _ATOM
        case Const():
            return _constant(expr), _ATOM
        case Unary(op="not"):
            return f"not {_operand(expr.operand, _NOT)}", _NOT
        case Unary():
            return f"-{_operand(expr.operand, _NEGATE)}", _NEGATE
        case Binary():
            binding = _BINDING[expr.op]
            left = _operand(expr.left, binding if binding == _MEMBERSHIP else binding - 1)
            return f"{left} {expr.op} {_operand(expr.right, binding)}", binding
        case Membership():
            items = ", ".join(_constant(item) for item in expr.items)
            return f"{_operand(expr.operand, _MEMBERSHIP)} in [{items}]", _MEMBERSHIP
        case Conditional():
            parts = (expression_text(e) for e in (expr.condition, expr.then, expr.otherwise))
            return "if {} then {} else {}".format(*parts), 0
        case Call():
            return f"{expr.function}({', '.join(map(expression_text, expr.arguments))})", _ATOM


def _constant(const: Const) -> str:
    if isinstance(const.value, bool):
        return str(const.value).lower()
    if isinstance(const.value, str):
        return f'"{const.value}"' if const.type is ExprType.TEXT else const.value
    if const.type is ExprType.DURATION:
        sign = "-" if const.value < 0 else ""
        return sign + duration_text(Duration(int(abs(const.value) * 1000)))
    return decimal_text(const.value)
