"""Constant expressions: what a setting, a `let` or an argument of a stage is worth."""

from __future__ import annotations

from collections.abc import Mapping

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Label
from meltica_dsl.model.fields import EventType
from meltica_dsl.model.pipeline import Const, ExprType
from meltica_dsl.model.values import (
    Duration,
    Ratio,
    Scalar,
    Secret,
    Setting,
    SettingValue,
    Symbol,
    Word,
    type_phrase,
)
from meltica_dsl.resolve import type_errors
from meltica_dsl.resolve.dependency_order import let_order
from meltica_dsl.resolve.diagnostic_collector import DiagnosticCollector
from meltica_dsl.resolve.environment import Environment
from meltica_dsl.resolve.expressions import TypeChecker, UnresolvedName
from meltica_dsl.resolve.instance_names import full_name, index_text, no_index
from meltica_dsl.resolve.literal_values import literal_value, string_value
from meltica_dsl.resolve.scope import FILE_SCOPE, Names, Scope
from meltica_dsl.resolve.setting_errors import block_without_equals, given_twice
from meltica_dsl.syntax import Expr, Name, Reference

MAX_ELEMENTS = 10_000
"""Values in one constant, counted through the constants that it mentions."""


class Constants:
    """The file's constants. Each is worth something, or None where an error was reported."""

    def __init__(self, names: Names, diagnostics: DiagnosticCollector, environ: Mapping[str, str]) -> None:
        self.names = names
        self.diagnostics = diagnostics
        self._environment = Environment(environ, diagnostics)
        self._lets: dict[str, Setting | None] = {}
        for name in let_order(names.lets, diagnostics):
            self._lets[name] = self._let(names.lets[name])
        for name in names.lets:
            self._lets.setdefault(name, None)

    def let(self, name: str) -> Setting | None:
        """What a constant is worth: None if it is invalid, or if there is none of this name."""
        return self._lets.get(name)

    def type_checker(self, event: EventType | None) -> TypeChecker:
        """For the expressions of one stage, which takes such events, or for a constant one."""
        return TypeChecker(self.names, self._lets, self.evaluate, event, self.diagnostics)

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

    def _value(self, expr: Expr, scope: Scope) -> SettingValue | None:  # noqa: PLR0911 - one return for each kind
        match expr:
            case syntax.Literal():
                return literal_value(expr, self.diagnostics)
            case syntax.SymbolLiteral():
                return Symbol.parse(expr.text)
            case syntax.StringLiteral():
                return string_value(expr, self.diagnostics)
            case syntax.Truth():
                return expr.value
            case syntax.Reference():
                return self._reference(expr, scope)
            case syntax.Parenthesis():
                return self._value(expr.inner, scope)
            case syntax.ListLiteral():
                return self._list(expr, scope)
            case syntax.ObjectLiteral():
                return self._object(expr, scope)
            case syntax.Choice():
                return self._choice(expr, scope)
            case syntax.Indexed():
                name = self._indexed_name(expr.name, expr.keys, scope)
                return None if name is None else Word(name)
            case syntax.FunctionCall() if expr.function.text in ("env", "secret"):
                return self._environment_value(expr, scope)
            case _:
                return self._operation(expr, scope)

    def node_name(self, node: syntax.NodeRef, scope: Scope) -> Name | None:
        """The full name that a reference means in its scope, with its span; None where it has an error."""
        text = self._indexed_name(node.name, node.keys, scope)
        return None if text is None else Name(text, node.span)

    def _indexed_name(self, name: Name, keys: tuple[Expr, ...], scope: Scope) -> str | None:
        base = self._base_name(name, scope)
        texts = [self._index_text(expr, scope) for expr in keys]
        valid = [text for text in texts if text is not None]
        return None if base is None or len(valid) < len(texts) else full_name(base, valid)

    def _base_name(self, name: Name, scope: Scope) -> str | None:
        """The name itself, or that which a variable of this name holds."""
        if name.text not in scope.arguments:
            return name.text
        setting = self.evaluate(Reference(name.text, name.span), scope)
        if setting is None:
            return None
        if isinstance(setting.value, Word):
            return setting.value.text
        message = f"`{name.text}` holds no name, so it names nothing here"
        self.diagnostics.add(Diagnostic("E0301", message, name.span))
        return None

    def _index_text(self, expr: Expr, scope: Scope) -> str | None:
        setting = self.evaluate(expr, scope)
        if setting is None:
            return None
        text = index_text(setting)
        if text is None:
            self.diagnostics.add(no_index(setting))
        return text

    def _environment_value(self, call: syntax.FunctionCall, scope: Scope) -> Scalar | None:
        name = self._environment.name_of(call)
        if name is None:
            return None
        if call.function.text == "secret":
            return Secret(name)
        if len(call.arguments) == 1:
            return self._environment.value(name, call)
        default = self.evaluate(call.arguments[1], scope)
        return None if default is None else self._environment.value_or_default(name, call, default)

    def _reference(self, expr: syntax.Reference, scope: Scope) -> SettingValue | None:
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

    def _object(self, expr: syntax.ObjectLiteral, scope: Scope) -> dict[str, Setting] | None:
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

    def _choice(self, expr: syntax.Choice, scope: Scope) -> SettingValue | None:
        condition = self._value(expr.condition, scope)
        then, otherwise = self._value(expr.then, scope), self._value(expr.otherwise, scope)
        if condition is None or then is None or otherwise is None:
            return None
        if not isinstance(condition, bool):
            message = f"a condition is true or false, this is {type_phrase(condition)}"
            self.diagnostics.add(Diagnostic("E0206", message, expr.condition.span))
            return None
        if type(then) is not type(otherwise):
            message = f"one branch is {type_phrase(then)}, the other {type_phrase(otherwise)}"
            label = Label(expr.then.span, type_phrase(then))
            self.diagnostics.add(
                Diagnostic("E0205", message, expr.otherwise.span, type_phrase(otherwise), labels=(label,))
            )
            return None
        return then if condition else otherwise

    def _operation(self, expr: Expr, scope: Scope) -> SettingValue | None:
        if isinstance(expr, syntax.BinaryOperation) and self._is_malformed_symbol(expr, scope):
            return None
        typed = self.type_checker(None).type(expr, scope)
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
            return Symbol.parse(value) if const.type is ExprType.SYMBOL else value
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
