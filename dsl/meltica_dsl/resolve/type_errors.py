"""The errors of expressions, in words."""

from __future__ import annotations

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Label, replacement
from meltica_dsl.model.fields import SIDES, EventType
from meltica_dsl.model.pipeline import Const, Expr, ExprType
from meltica_dsl.model.values import Secret, Setting, type_phrase
from meltica_dsl.resolve.scope import DeclKind, Names
from meltica_dsl.resolve.setting_errors import secret_here
from meltica_dsl.resolve.suggestions import did_you_mean, listing, misspelling_fixes
from meltica_dsl.text.source import Span
from meltica_dsl.text.suggest import nearest

_UNITS = frozenset({ExprType.DURATION, ExprType.TIME})
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_UNQUOTED = frozenset({ExprType.SYMBOL, ExprType.SIDE, ExprType.PROVIDER})
_VERBS = {
    "+": "{right} cannot be added to {left}",
    "-": "{right} cannot be subtracted from {left}",
    "*": "{left} cannot be multiplied by {right}",
    "/": "{left} cannot be divided by {right}",
    "%": "{left} has no remainder by {right}",
    "and": "`and` joins conditions, not {left} and {right}",
    "or": "`or` joins conditions, not {left} and {right}",
}


def a(kind: ExprType) -> str:
    return f"an {kind.value}" if kind.value[0] in "aeiou" else f"a {kind.value}"


def unknown_name(
    name: str, span: Span, event: EventType | None, beside: ExprType | None, names: Names
) -> Diagnostic:
    """A name that means nothing: most likely a field that is spelt wrong."""
    if beside is ExprType.SIDE:
        return Diagnostic(
            "E0201", f"`{name}` is no side", span, help=(f"sides are {', '.join(f'`{s}`' for s in SIDES)}",)
        )
    if beside is ExprType.PROVIDER:
        known = names.instances(DeclKind.PROVIDER)
        message = f"there is no provider called `{name}`"
        return Diagnostic(
            "E0201",
            message,
            span,
            help=did_you_mean(name, known) or listing(known, "a provider"),
            fixes=misspelling_fixes(name, span, known),
        )
    lets = list(names.lets)
    if event is None:
        return Diagnostic(
            "E0201",
            f"there is no constant called `{name}`",
            span,
            "not declared",
            help=did_you_mean(name, lets),
            fixes=misspelling_fixes(name, span, lets),
        )
    fields = [field.name for field in event.fields if not field.hidden]
    return Diagnostic(
        "E0204",
        f"{event.name} events have no field `{name}`",
        span,
        f"not a field of {event.name}",
        help=did_you_mean(name, fields + lets) or (f"its fields are {', '.join(f'`{f}`' for f in fields)}",),
        fixes=misspelling_fixes(name, span, fields + lets),
    )


def dotted(expr: syntax.Dotted, event: EventType | None) -> Diagnostic:
    if event is None or event.field(expr.member.text) is None:
        message = f"`{expr.owner.text}.{expr.member.text}` has no value"
        return Diagnostic("E0205", message, expr.span, help=("fields and constants are named without a dot",))
    member = expr.member.text
    return Diagnostic(
        "E0205",
        f"fields are named alone: `{member}`",
        expr.span,
        help=(f"the event in hand is meant: write `{member}`",),
        fixes=(replacement(expr.span, member),),
    )


def is_like_symbol(expr: syntax.BinaryOperation) -> bool:
    """`btc-usdt` or `BTC/USDT`: an operation on two names. Only where these mean nothing is it a mistake."""
    parts = [part.name for part in (expr.left, expr.right) if isinstance(part, syntax.Reference)]
    sign = expr.operator.text
    return len(parts) == 2 and (sign == "-" or (sign == "/" and all(part.isupper() for part in parts)))


def malformed_symbol(expr: syntax.BinaryOperation) -> Diagnostic:
    parts = [part.name.upper() for part in (expr.left, expr.right) if isinstance(part, syntax.Reference)]
    meant = "-".join(parts)
    if expr.operator.text == "-":
        message, label = "symbols are written in capitals, without spaces", "reads as a subtraction"
    else:
        message, label = "symbols are written with `-`", "reads as a division"
    return Diagnostic(
        "E0309",
        message,
        expr.span,
        label,
        help=(f"write `{meant}`",),
        fixes=(replacement(expr.span, meant),),
    )


def no_condition(typed: Expr, expr: syntax.Expr) -> Diagnostic:
    return Diagnostic(
        "E0206",
        f"a condition is true or false, this is {a(typed.type)}",
        expr.span,
        a(typed.type),
        help=("compare it with something",),
    )


def no_operand(setting: Setting, span: Span) -> Diagnostic:
    if isinstance(setting.value, Secret):
        return secret_here(span, "an expression")
    phrase = type_phrase(setting.value)
    return Diagnostic(
        "E0205",
        f"{phrase} cannot stand in an expression",
        span,
        phrase,
        help=("use a number or a name",),
    )


def wrong_operand(expr: syntax.UnaryOperation, kind: ExprType) -> Diagnostic:
    wanted = "a condition" if expr.operator.text == "not" else "a number"
    return Diagnostic(
        "E0205",
        f"`{expr.operator.text}` takes {wanted}, not {a(kind)}",
        expr.operator.span,
        labels=(Label(expr.operand.span, a(kind)),),
    )


def mismatch(expr: syntax.BinaryOperation, left: Expr, right: Expr) -> Diagnostic:
    return _bare_number(expr, left, right) or _quoted(left, right) or _kinds(expr, left, right)


def _bare_number(expr: syntax.BinaryOperation, left: Expr, right: Expr) -> Diagnostic | None:
    """`time - open_time > 5`: a number where a duration is wanted."""
    for number, other, written in ((left, right, expr.left), (right, left, expr.right)):
        is_bare = isinstance(number, Const) and number.type is ExprType.NUMBER
        if is_bare and isinstance(written, syntax.Literal) and other.type in _UNITS:
            meant = f"{written.text}s"
            return Diagnostic(
                "E0302",
                f"`{written.text}` has no unit",
                written.span,
                "a duration is wanted here",
                help=(f"write `{meant}` for seconds, `{written.text}ms` for milliseconds",),
                fixes=(replacement(written.span, meant),),
            )
    return None


def _quoted(left: Expr, right: Expr) -> Diagnostic | None:
    """`symbol == "BTC-USDT"`."""
    for text, other in ((left, right), (right, left)):
        if isinstance(text, Const) and text.type is ExprType.TEXT and other.type in _UNQUOTED:
            return quoted(text, other.type)
    return None


def quoted(text: Const, wanted: ExprType) -> Diagnostic:
    return Diagnostic(
        "E0205",
        f"{a(wanted)} is written without quotes",
        text.span,
        "a text",
        help=(f"write `{text.value}`",),
        fixes=(replacement(text.span, str(text.value)),),
    )


def _kinds(expr: syntax.BinaryOperation, left: Expr, right: Expr) -> Diagnostic:
    operator = expr.operator.text
    template = _VERBS.get(operator, "{left} cannot be compared with {right}")
    is_chain = (
        operator in _COMPARISONS
        and isinstance(expr.left, syntax.BinaryOperation)
        and expr.left.operator.text in _COMPARISONS
    )
    if left.type is right.type and operator in _COMPARISONS:
        template = "{left} has no order: it is equal or not"
    return Diagnostic(
        "E0205",
        template.format(left=a(left.type), right=a(right.type)),
        expr.operator.span,
        labels=(Label(expr.left.span, a(left.type)), Label(expr.right.span, a(right.type))),
        help=("comparisons do not chain: write `a < b and b < c`",) if is_chain else (),
    )


def branches(expr: syntax.Choice, then: ExprType, otherwise: ExprType) -> Diagnostic:
    return Diagnostic(
        "E0205",
        f"one branch is {a(then)}, the other {a(otherwise)}",
        expr.otherwise.span,
        a(otherwise),
        labels=(Label(expr.then.span, a(then)),),
    )


def no_value(span: Span, why: str) -> Diagnostic:
    return Diagnostic("E0312", why, span)


def too_large(span: Span, nesting: int, parts: int) -> Diagnostic:
    return Diagnostic(
        "E0217",
        "this grows too large when the parameters of its stages are filled in",
        span,
        help=(f"an expression has at most {nesting} levels and {parts} parts",),
    )


def no_list(span: Span) -> Diagnostic:
    return Diagnostic(
        "E0205", "`in` wants a list on its right", span, help=("write `in [BTC-USDT, ETH-USDT]`",)
    )


def no_constant(span: Span) -> Diagnostic:
    return Diagnostic(
        "E0205", "a list after `in` holds constants", span, help=("compare with a field by `==`",)
    )


def foreign_item(span: Span, wanted: ExprType, item: Const) -> Diagnostic:
    if item.type is ExprType.TEXT and wanted in _UNQUOTED:
        return quoted(item, wanted)
    return Diagnostic("E0205", f"{a(item.type)} is never equal to {a(wanted)}", span, a(item.type))


def unknown_function(name: syntax.Name, known: list[str]) -> Diagnostic:
    likely = nearest(name.text, known)
    return Diagnostic(
        "E0211",
        f"there is no function `{name.text}`",
        name.span,
        help=(
            f"did you mean `{likely}`?" if likely else f"functions are {', '.join(f'`{k}`' for k in known)}",
        ),
        fixes=misspelling_fixes(name.text, name.span, known),
    )


def argument_count(call: syntax.FunctionCall, form: str) -> Diagnostic:
    return Diagnostic(
        "E0211",
        f"`{call.function.text}` does not take {len(call.arguments)} arguments",
        call.function.span,
        help=(f"the form is `{form}`",),
    )


def wrong_argument(written: syntax.Expr, function: str, wanted: str, kind: ExprType) -> Diagnostic:
    return Diagnostic("E0205", f"`{function}` takes {wanted} here, not {a(kind)}", written.span, a(kind))


def no_pattern(span: Span) -> Diagnostic:
    return Diagnostic(
        "E0205",
        "a pattern is a constant text",
        span,
        help=('write it in quotes: `matches(symbol, "BTC-*")`',),
    )
