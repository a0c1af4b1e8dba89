"""Constant expressions: what a setting, a `let` or an argument of a stage is worth."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Edit, Fix, Label
from meltica_dsl.model.pipeline import Const, ExprType
from meltica_dsl.model.values import Duration, Ratio, Scalar, Setting, Symbol, Word, type_names
from meltica_dsl.parse.literals import LiteralFault, LiteralValue, read_literal
from meltica_dsl.resolve import type_errors
from meltica_dsl.resolve.diagnostic_collector import DiagnosticCollector
from meltica_dsl.resolve.environment import Environment
from meltica_dsl.resolve.expressions import TypeChecker, UnresolvedName
from meltica_dsl.resolve.indexes import indexed_name
from meltica_dsl.resolve.let_order import let_order
from meltica_dsl.resolve.scope import FILE_SCOPE, Names, Scope
from meltica_dsl.syntax import Expr
from meltica_dsl.text.source import Span
from meltica_dsl.text.strings import BadEscape, read_string

MAX_ELEMENTS = 10_000
"""Values in one constant, counted through the constants that it mentions."""

Value = Scalar | tuple[Setting, ...] | dict[str, Setting]


def type_name(value: Value) -> str:
    """How the language calls the type of a value, with its article."""
    name = "name" if isinstance(value, Word) else type_names[type(value)]
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


class Constants:
    """The file's constants. Each is worth something, or None where an error was reported."""

    def __init__(self, names: Names, diagnostics: DiagnosticCollector, environ: Mapping[str, str]) -> None:
        self.names = names
        self.diagnostics = diagnostics
        self._environment = Environment(self, environ)
        self._lets: dict[str, Setting | None] = {}
        for name in let_order(names.lets, diagnostics):
            self._lets[name] = self._let(names.lets[name])
        for name in names.lets:
            self._lets.setdefault(name, None)

    def is_let(self, name: str) -> bool:
        return name in self._lets

    def let(self, name: str) -> Setting | None:
        return self._lets[name]

    def _let(self, declaration: syntax.LetDecl) -> Setting | None:
        value = self.evaluate(declaration.value, FILE_SCOPE)
        if value is None or _element_count(value, MAX_ELEMENTS) <= MAX_ELEMENTS:
            return value
        message = f"this constant holds more than {MAX_ELEMENTS} values"
        self.diagnostics.add(
            Diagnostic("E0311", message, declaration.name.span, help=("make the list shorter",))
        )
        return None

    def evaluate(self, expr: Expr, scope: Scope) -> Setting | None:
        """What the expression is worth, with its place."""
        value = self._value(expr, scope)
        return None if value is None else Setting(value, expr.span)

    def _value(self, expr: Expr, scope: Scope) -> Value | None:  # noqa: PLR0911 - one return for each kind
        match expr:
            case syntax.Literal():
                return self.literal(expr)
            case syntax.SymbolLiteral():
                return read_symbol(expr.text)
            case syntax.StringLiteral():
                return self.string(expr)
            case syntax.Truth():
                return expr.value
            case syntax.Reference():
                return self._reference(expr, scope)
            case syntax.Parenthesis():
                return self._value(expr.inner, scope)
            case syntax.ListLiteral():
                return self._list(expr, scope)
            case syntax.ObjectLiteral():
                return self.object(expr, scope)
            case syntax.Choice():
                return self._choice(expr, scope)
            case syntax.Indexed():
                name = indexed_name(expr.name, expr.keys, scope, self)
                return None if name is None else Word(name)
            case syntax.FunctionCall() if expr.function.text in ("env", "secret"):
                return self._environment.call(expr, scope)
            case _:
                return self._operation(expr, scope)

    def literal(self, expr: syntax.Literal) -> LiteralValue | None:
        value = read_literal(expr.text)
        if not isinstance(value, LiteralFault):
            return value
        self.diagnostics.add(literal_error(value, expr.span))
        return None

    def string(self, expr: syntax.StringLiteral) -> str | None:
        value = read_string(expr.text)
        if isinstance(value, str):
            return value
        self.diagnostics.add(_bad_escape(value, expr.span))
        return None

    def _reference(self, expr: syntax.Reference, scope: Scope) -> Value | None:
        argument = scope.arguments.get(expr.name)
        if isinstance(argument, Setting):
            return argument.value
        if argument is not None:
            return self._value(argument.expr, argument.scope)
        if expr.name in self._lets:
            setting = self._lets[expr.name]
            if setting is None:
                self.diagnostics.recur()
            return None if setting is None else setting.value
        if self.names.is_unreadable(expr.name):
            self.diagnostics.recur()
            return None
        return Word(expr.name)

    def _list(self, expr: syntax.ListLiteral, scope: Scope) -> tuple[Setting, ...] | None:
        items = [self.evaluate(item, scope) for item in expr.items]
        valid = tuple(item for item in items if item is not None)
        return valid if len(valid) == len(items) else None

    def object(self, expr: syntax.ObjectLiteral, scope: Scope) -> dict[str, Setting] | None:
        """The object's values by key, or None if one of them is invalid or a key comes twice."""
        settings: dict[str, Setting] = {}
        before = len(self.diagnostics)
        for entry in expr.entries:
            if entry.is_block:
                self.diagnostics.add(block_without_equals(entry))
            value = self.evaluate(entry.value, scope)
            first = settings.get(entry.key.text)
            if first is not None and first.key_span is not None:
                self.diagnostics.add(given_twice(entry.key, first.key_span))
            elif value is not None:
                settings[entry.key.text] = Setting(value.value, value.span, entry.key.span)
        return settings if len(self.diagnostics) == before else None

    def _choice(self, expr: syntax.Choice, scope: Scope) -> Value | None:
        condition = self._value(expr.condition, scope)
        then, otherwise = self._value(expr.then, scope), self._value(expr.otherwise, scope)
        if condition is None or then is None or otherwise is None:
            return None
        if not isinstance(condition, bool):
            message = f"a condition is true or false, this is {type_name(condition)}"
            self.diagnostics.add(Diagnostic("E0206", message, expr.condition.span))
            return None
        if type(then) is not type(otherwise):
            message = f"one branch is {type_name(then)}, the other {type_name(otherwise)}"
            label = Label(expr.then.span, type_name(then))
            self.diagnostics.add(
                Diagnostic("E0205", message, expr.otherwise.span, type_name(otherwise), labels=(label,))
            )
            return None
        return then if condition else otherwise

    def _operation(self, expr: Expr, scope: Scope) -> Value | None:
        if isinstance(expr, syntax.BinaryOperation) and self._is_malformed_symbol(expr, scope):
            return None
        typed = TypeChecker(self, None).type(expr, scope)
        if isinstance(typed, UnresolvedName):
            return Word(typed.name)
        if typed is None:
            return None
        assert isinstance(typed, Const), "without fields everything is constant"
        return self._scalar(typed)

    def _is_malformed_symbol(self, expr: syntax.BinaryOperation, scope: Scope) -> bool:
        """Reports `btc-usdt` and `BTC/USDT`, which read as operations on two names that mean nothing."""
        parts = (expr.left, expr.right)
        if not (type_errors.is_like_symbol(expr) and all(self._is_unknown(part, scope) for part in parts)):
            return False
        self.diagnostics.add(type_errors.malformed_symbol(expr))
        return True

    def _is_unknown(self, expr: Expr, scope: Scope) -> bool:
        return isinstance(expr, syntax.Reference) and not (
            expr.name in scope.arguments or expr.name in self._lets or self.names.is_unreadable(expr.name)
        )

    def _scalar(self, const: Const) -> Scalar | None:  # noqa: PLR0911 - one return for each kind
        value = const.value
        if isinstance(value, bool):
            return value
        if isinstance(value, str):
            if const.type is ExprType.NAME:
                return Word(value)
            return read_symbol(value) if const.type is ExprType.SYMBOL else value
        if const.type is ExprType.RATIO:
            return Ratio(value)
        if const.type is not ExprType.DURATION:
            return value
        ns = value * 1000
        if ns != ns.to_integral_value():
            message = "this duration is no whole number of nanoseconds"
            self.diagnostics.add(Diagnostic("E0312", message, const.span, help=("round it to a unit",)))
            return None
        return Duration(int(ns))

    def const(self, setting: Setting, span: Span) -> Const | UnresolvedName | None:  # noqa: PLR0911 - one return for each kind
        """A constant as a part of an expression, or None if its type has no place there."""
        match setting.value:
            case bool() | str():
                kind = ExprType.BOOL if isinstance(setting.value, bool) else ExprType.TEXT
                return Const(setting.value, kind, span)
            case Decimal():
                return Const(setting.value, ExprType.NUMBER, span)
            case Duration():
                return Const(Decimal(setting.value.ns) / 1000, ExprType.DURATION, span)
            case Ratio():
                return Const(setting.value.value, ExprType.RATIO, span)
            case Symbol():
                return Const(str(setting.value), ExprType.SYMBOL, span)
            case Word():
                return UnresolvedName(setting.value.text, span, is_value=True)
            case _:
                return None


def read_symbol(text: str) -> Symbol:
    base, _, quote = text.partition("-")
    return Symbol(base, quote)


def literal_error(fault: LiteralFault, span: Span) -> Diagnostic:
    replacement = fault.replacement
    fixes = (Fix(f"write `{replacement}`", (Edit(span, replacement),)),) if replacement else ()
    return Diagnostic(fault.code, fault.message, span, help=(fault.help,), fixes=fixes)


def block_without_equals(entry: syntax.Entry) -> Diagnostic:
    block = Span(entry.span.path, entry.value.span.start, entry.value.span.start)
    gap = " " * (block.start == entry.key.span.end)
    return Diagnostic(
        "E0308",
        f"`{entry.key.text}` is followed by a block",
        entry.key.span,
        help=(f"an object is a value: `{entry.key.text} = {{ … }}`",),
        fixes=(Fix("insert `=`", (Edit(block, f"{gap}= "),)),),
    )


def given_twice(key: syntax.Name, first: Span) -> Diagnostic:
    return Diagnostic(
        "E0305",
        f"`{key.text}` is given twice",
        key.span,
        labels=(Label(first, "first given here"),),
        help=("remove one of them",),
    )


def _bad_escape(bad: BadEscape, span: Span) -> Diagnostic:
    return Diagnostic(
        "E0105",
        f"`{bad.text}` is no escape",
        Span(span.path, span.start + bad.start, span.start + bad.end),
        help=(r"escapes are `\"`, `\\`, `\n`, `\t`, `\r` and `\u{1F600}`; a backslash is `\\`",),
    )


def _element_count(setting: Setting, limit: int) -> int:
    """Values in the setting, counted until there are more than `limit`."""
    count, waiting = 0, [setting]
    while waiting and count <= limit:
        value = waiting.pop().value
        count += 1
        if isinstance(value, tuple):
            waiting.extend(value[: limit + 1])
        elif isinstance(value, dict):
            waiting.extend(value.values())
    return count
