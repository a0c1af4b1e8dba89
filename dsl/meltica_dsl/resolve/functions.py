"""The function library of expressions: `abs`, `min`, `max`, `round`, `hour`, `matches`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from meltica_dsl import syntax
from meltica_dsl.model.pipeline import Call, Const, Expr, ExprType
from meltica_dsl.resolve import algebra, type_errors
from meltica_dsl.resolve.folding import Unfoldable, fold_call
from meltica_dsl.resolve.scope import Scope

if TYPE_CHECKING:
    from meltica_dsl.resolve.expressions import TypeChecker

MAX_ROUND_DIGITS = 12
"""Decimals that `round` keeps at most: the smallest tick sizes have 10, and f64 has no more to give."""

MAX_ARGUMENTS = 64
"""Of `min` and `max`."""

_TEXTS = frozenset({ExprType.SYMBOL, ExprType.PROVIDER, ExprType.TEXT})


class Function(Struct, frozen=True):
    """A function of the language."""

    least: int
    most: int
    form: str
    doc: str


FUNCTIONS: Mapping[str, Function] = {
    "abs": Function(1, 1, "abs(x)", "x without its sign"),
    "min": Function(2, MAX_ARGUMENTS, "min(x, y, …)", "the smallest"),
    "max": Function(2, MAX_ARGUMENTS, "max(x, y, …)", "the largest"),
    "round": Function(
        1, 2, "round(x, digits)", "x to that many decimals, none if not given; halves go to even"
    ),
    "hour": Function(1, 1, "hour(time)", "the hour of a time, 0 to 23, in UTC"),
    "matches": Function(
        2, 2, 'matches(text, "BTC-*")', "whether the whole text is like the pattern of `*`, `?`, `[…]`"
    ),
}


def type_call(checker: TypeChecker, call: syntax.FunctionCall, scope: Scope) -> Expr | None:
    name = call.function.text
    function = FUNCTIONS.get(name)
    if function is None:
        checker.diagnostics.add(type_errors.unknown_function(call.function, [*FUNCTIONS, "env"]))
        return None
    if not function.least <= len(call.arguments) <= function.most:
        checker.diagnostics.add(type_errors.argument_count(call, function.form))
        return None
    if name == "round":
        return _round(checker, call, scope)
    arguments = [checker.expression(argument, scope) for argument in call.arguments]
    valid = tuple(argument for argument in arguments if argument is not None)
    if len(valid) != len(arguments):
        return None
    kind = _kind(checker, call, valid)
    return None if kind is None else _folded(checker, call, valid, kind)


def _round(checker: TypeChecker, call: syntax.FunctionCall, scope: Scope) -> Expr | None:
    number = checker.expression(call.arguments[0], scope)
    if number is None:
        return None
    if number.type not in algebra.NUMERIC:
        checker.diagnostics.add(
            type_errors.wrong_argument(call.arguments[0], "round", "a number", number.type)
        )
        return None
    if len(call.arguments) == 1:
        return _folded(checker, call, (number,), number.type)
    digits = checker.count_argument(call.arguments[1], scope, MAX_ROUND_DIGITS)
    return None if digits is None else _folded(checker, call, (number, digits), number.type)


def _kind(checker: TypeChecker, call: syntax.FunctionCall, arguments: tuple[Expr, ...]) -> ExprType | None:
    match call.function.text:
        case "hour":
            wanted, valid, kind = "a time", arguments[0].type is ExprType.TIME, ExprType.NUMBER
        case "matches":
            wanted, valid, kind = "a symbol, provider or text", arguments[0].type in _TEXTS, ExprType.BOOL
            pattern = arguments[1]
            if valid and not (isinstance(pattern, Const) and pattern.type is ExprType.TEXT):
                checker.diagnostics.add(type_errors.no_pattern(call.arguments[1].span))
                return None
        case "abs":
            wanted, valid, kind = "a number", arguments[0].type in algebra.NUMERIC, arguments[0].type
        case _:
            return _shared_kind(checker, call, arguments)
    if valid:
        return kind
    checker.diagnostics.add(
        type_errors.wrong_argument(call.arguments[0], call.function.text, wanted, arguments[0].type)
    )
    return None


def _shared_kind(
    checker: TypeChecker, call: syntax.FunctionCall, arguments: tuple[Expr, ...]
) -> ExprType | None:
    """The type that all arguments of `min` and `max` have."""
    kind = arguments[0].type
    for written, argument in zip(call.arguments, arguments, strict=True):
        shared = algebra.unify(kind, argument.type)
        if shared not in algebra.NUMERIC:
            wanted = type_errors.a(kind) if kind in algebra.NUMERIC else "a number"
            checker.diagnostics.add(
                type_errors.wrong_argument(written, call.function.text, wanted, argument.type)
            )
            return None
        kind = shared
    return kind


def _folded(
    checker: TypeChecker, call: syntax.FunctionCall, arguments: tuple[Expr, ...], kind: ExprType
) -> Expr | None:
    values = [argument.value for argument in arguments if isinstance(argument, Const)]
    if len(values) < len(arguments):
        return Call(call.function.text, arguments, kind, call.span)
    try:
        return Const(fold_call(call.function.text, values), kind, call.span)
    except Unfoldable as error:
        checker.diagnostics.add(type_errors.no_value(call.span, str(error)))
        return None
