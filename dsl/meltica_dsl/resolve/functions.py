"""The function library of expressions: `abs`, `min`, `max`, `round`, `hour`, `matches`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.model.pipeline import Call, Const, Expr, ExprType
from meltica_dsl.resolve import algebra, type_errors
from meltica_dsl.resolve.diagnostic_collector import DiagnosticCollector
from meltica_dsl.resolve.folding import Unfoldable, fold_call

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


def is_callable(call: syntax.FunctionCall, diagnostics: DiagnosticCollector) -> bool:
    """Whether there is this function and it takes so many arguments. If not, that is reported."""
    function = FUNCTIONS.get(call.function.text)
    if function is None:
        diagnostics.add(type_errors.unknown_function(call.function, [*FUNCTIONS, "env"]))
        return False
    if not function.least <= len(call.arguments) <= function.most:
        diagnostics.add(type_errors.argument_count(call, function.form))
        return False
    return True


def type_call(
    call: syntax.FunctionCall, arguments: tuple[Expr, ...], diagnostics: DiagnosticCollector
) -> Expr | None:
    """The call, folded where its arguments are constant. None if one does not fit, which is reported."""
    if call.function.text == "round":
        return _round(call, arguments, diagnostics)
    kind = _kind(call, arguments, diagnostics)
    return None if kind is None else _folded(call, arguments, kind, diagnostics)


def _round(
    call: syntax.FunctionCall, arguments: tuple[Expr, ...], diagnostics: DiagnosticCollector
) -> Expr | None:
    number = arguments[0]
    if number.type not in algebra.NUMERIC:
        wrong = type_errors.wrong_argument(call.arguments[0], "round", "a number", number.type)
        diagnostics.add(wrong)
        return None
    if len(arguments) > 1 and not _is_digits(arguments[1]):
        message = f"a constant whole number of 0 to {MAX_ROUND_DIGITS} is wanted here"
        diagnostics.add(Diagnostic("E0306", message, call.arguments[1].span))
        return None
    return _folded(call, arguments, number.type, diagnostics)


def _is_digits(argument: Expr) -> bool:
    value = argument.value if isinstance(argument, Const) else None
    return (
        isinstance(value, Decimal) and value == value.to_integral_value() and 0 <= value <= MAX_ROUND_DIGITS
    )


def _kind(
    call: syntax.FunctionCall, arguments: tuple[Expr, ...], diagnostics: DiagnosticCollector
) -> ExprType | None:
    match call.function.text:
        case "hour":
            wanted, valid, kind = "a time", arguments[0].type is ExprType.TIME, ExprType.NUMBER
        case "matches":
            wanted, valid, kind = "a symbol, provider or text", arguments[0].type in _TEXTS, ExprType.BOOL
            pattern = arguments[1]
            if valid and not (isinstance(pattern, Const) and pattern.type is ExprType.TEXT):
                diagnostics.add(type_errors.no_pattern(call.arguments[1].span))
                return None
        case "abs":
            wanted, valid, kind = "a number", arguments[0].type in algebra.NUMERIC, arguments[0].type
        case _:
            return _shared_kind(call, arguments, diagnostics)
    if valid:
        return kind
    diagnostics.add(
        type_errors.wrong_argument(call.arguments[0], call.function.text, wanted, arguments[0].type)
    )
    return None


def _shared_kind(
    call: syntax.FunctionCall, arguments: tuple[Expr, ...], diagnostics: DiagnosticCollector
) -> ExprType | None:
    """The type that all arguments of `min` and `max` have."""
    kind = arguments[0].type
    for written, argument in zip(call.arguments, arguments, strict=True):
        shared = algebra.unify(kind, argument.type)
        if shared not in algebra.NUMERIC:
            wanted = type_errors.a(kind) if kind in algebra.NUMERIC else "a number"
            diagnostics.add(type_errors.wrong_argument(written, call.function.text, wanted, argument.type))
            return None
        kind = shared
    return kind


def _folded(
    call: syntax.FunctionCall,
    arguments: tuple[Expr, ...],
    kind: ExprType,
    diagnostics: DiagnosticCollector,
) -> Expr | None:
    values = [argument.value for argument in arguments if isinstance(argument, Const)]
    if len(values) < len(arguments):
        return Call(call.function.text, arguments, kind, call.span)
    try:
        return Const(fold_call(call.function.text, values), kind, call.span)
    except Unfoldable as error:
        diagnostics.add(type_errors.no_value(call.span, str(error)))
        return None
