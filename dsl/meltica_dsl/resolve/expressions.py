"""Types expressions: fields, constants and operators to the typed model, constants folded on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from meltica_dsl import syntax
from meltica_dsl.model.fields import SIDES, EventType
from meltica_dsl.model.pipeline import Binary, Conditional, Const, Expr, ExprType, FieldRef, Membership, Unary
from meltica_dsl.model.values import Duration, Ratio, Setting, Symbol, Word
from meltica_dsl.resolve import algebra, type_errors
from meltica_dsl.resolve.diagnostic_collector import DiagnosticCollector
from meltica_dsl.resolve.folding import Unfoldable, fold_binary, fold_unary
from meltica_dsl.resolve.functions import is_callable, type_call
from meltica_dsl.resolve.scope import DeclKind, Names, Scope
from meltica_dsl.text.source import Span

MAX_NESTING = 120
"""Levels of an expression after its stages' parameters are filled in. A written expression has at most
100; the passes after this one walk it recursively."""

MAX_PARTS = 20_000
"""Parts of an expression after its parameters are filled in. A parameter that is used twice doubles."""


class UnresolvedName(Struct, frozen=True):
    """A bare name that is no field, constant or parameter. What it meets decides: beside a side `buy`
    is a side, beside a provider `binance` is one. `is_value` if a constant or a variable holds it, so that
    it is no misspelling."""

    name: str
    span: Span
    is_value: bool = False


Typed = Expr | UnresolvedName | None
"""None where an error was reported."""


Evaluate = Callable[[syntax.Expr, Scope], Setting | None]
"""What a constant expression is worth, with its place; None where an error was reported."""


class TypeChecker:
    """Types the expressions of one stage. `event` gives the fields; None where there are none.

    `lets` are the constants that are known so far, None where one is invalid. What is no operation, such as a
    list or `env(…)`, is a constant: `evaluate` says what it is worth.
    """

    def __init__(
        self,
        names: Names,
        lets: Mapping[str, Setting | None],
        evaluate: Evaluate,
        event: EventType | None,
        diagnostics: DiagnosticCollector,
    ) -> None:
        self._names = names
        self._lets = lets
        self._evaluate = evaluate
        self._event = event
        self._diagnostics = diagnostics
        self._parts = 0
        self._nesting = 0
        self._is_overgrown = False

    def condition(self, expr: syntax.Expr, scope: Scope) -> Expr | None:
        """The expression, which has to be true or false."""
        typed = self.expression(expr, scope)
        if typed is not None and typed.type is not ExprType.BOOL:
            self._diagnostics.add(type_errors.no_condition(typed, expr))
            return None
        return typed

    def expression(self, expr: syntax.Expr, scope: Scope) -> Expr | None:
        """The expression, any unresolved name in it reported."""
        return self.settled(self.type(expr, scope))

    def settled(self, typed: Typed, beside: ExprType | None = None) -> Expr | None:
        """An unresolved name as the type of what stands beside it, or reported if it is none of those."""
        if not isinstance(typed, UnresolvedName):
            return typed
        if beside is ExprType.NAME:
            return _word(typed)
        if beside is ExprType.SIDE and typed.name in SIDES:
            return Const(typed.name, ExprType.SIDE, typed.span)
        names = self._names
        if names.is_unreadable(typed.name):
            return None
        if beside is ExprType.PROVIDER and names.has_instance(DeclKind.PROVIDER, typed.name):
            return Const(typed.name, ExprType.PROVIDER, typed.span)
        self._diagnostics.add(type_errors.unknown_name(typed.name, typed.span, self._event, beside, names))
        return None

    def type(self, expr: syntax.Expr, scope: Scope) -> Typed:
        self._parts += 1
        self._nesting += 1
        try:
            if self._is_overgrown:
                return None
            if self._nesting > MAX_NESTING or self._parts > MAX_PARTS:
                self._is_overgrown = True
                self._diagnostics.add(type_errors.too_large(expr.span, MAX_NESTING, MAX_PARTS))
                return None
            return self._type(expr, scope)
        finally:
            self._nesting -= 1

    def _type(self, expr: syntax.Expr, scope: Scope) -> Typed:  # noqa: PLR0911 - one return for each kind
        match expr:
            case syntax.Reference():
                return self._reference(expr, scope)
            case syntax.Parenthesis():
                return self.type(expr.inner, scope)
            case syntax.BinaryOperation():
                return self._binary(expr, scope)
            case syntax.UnaryOperation():
                return self._unary(expr, scope)
            case syntax.MembershipTest():
                return self._membership(expr, scope)
            case syntax.Choice():
                return self._choice(expr, scope)
            case syntax.FunctionCall() if expr.function.text not in ("env", "secret"):
                return self._call(expr, scope)
            case syntax.Dotted():
                self._diagnostics.add(type_errors.dotted(expr, self._event))
                return None
            case _:
                return self._constant(expr, scope)

    def _constant(self, expr: syntax.Expr, scope: Scope) -> Typed:
        setting = self._evaluate(expr, scope)
        return None if setting is None else self._value(setting, expr)

    def _reference(self, expr: syntax.Reference, scope: Scope) -> Typed:
        argument = scope.arguments.get(expr.name)
        if isinstance(argument, Setting):
            return self._value(argument, expr)
        if argument is not None:
            return self.type(argument.expr, argument.scope)
        if self._event is not None:
            field = self._event.field(expr.name)
            if field is not None:
                return FieldRef(field, algebra.FIELD_TYPES[field.type], expr.span)
        if expr.name in self._lets:
            setting = self._lets[expr.name]
            return None if setting is None else self._value(setting, expr)
        return UnresolvedName(expr.name, expr.span)

    def _value(self, setting: Setting, expr: syntax.Expr) -> Typed:
        const = operand(setting, expr.span)
        if const is None:
            self._diagnostics.add(type_errors.no_operand(setting, expr.span))
        return const

    def _unary(self, expr: syntax.UnaryOperation, scope: Scope) -> Typed:
        operand = self.expression(expr.operand, scope)
        if operand is None:
            return None
        operator = expr.operator.text
        kind = algebra.unary(operator, operand.type)
        if kind is None:
            self._diagnostics.add(type_errors.wrong_operand(expr, operand.type))
            return None
        if isinstance(operand, Const):
            return Const(fold_unary(operator, operand.value), kind, expr.span)
        return Unary(operator, operand, kind, expr.span)

    def _binary(self, expr: syntax.BinaryOperation, scope: Scope) -> Typed:
        operator = expr.operator.text
        one, other = self.type(expr.left, scope), self.type(expr.right, scope)
        if (
            isinstance(one, UnresolvedName)
            and isinstance(other, UnresolvedName)
            and type_errors.is_like_symbol(expr)
        ):
            self._diagnostics.add(type_errors.malformed_symbol(expr))
            return None
        pair = self._settled_pair(one, other)
        if pair is None:
            return None
        left, right = pair
        kind = algebra.binary(operator, left.type, right.type)
        if kind is None:
            self._diagnostics.add(type_errors.mismatch(expr, left, right))
            return None
        if isinstance(left, Const) and isinstance(right, Const):
            return self._folded(expr, left, right, kind)
        if operator in ("/", "%") and isinstance(right, Const) and right.value == 0:
            self._diagnostics.add(type_errors.no_value(expr.operator.span, "this divides by zero"))
            return None
        return Binary(operator, left, right, kind, expr.span)

    def _settled_pair(self, one: Typed, other: Typed) -> tuple[Expr, Expr] | None:
        """Both sides, each unresolved name settled by the other side."""
        if isinstance(one, UnresolvedName) and isinstance(other, UnresolvedName):
            if not (one.is_value or other.is_value):
                # One of them is misspelt, and the other would have been settled by it.
                self.settled(one)
                return None
            one, other = _word(one), _word(other)
        first = self.settled(one, None if other is None or isinstance(other, UnresolvedName) else other.type)
        second = self.settled(other, None if one is None or isinstance(one, UnresolvedName) else one.type)
        return None if first is None or second is None else (first, second)

    def _folded(
        self, expr: syntax.BinaryOperation, left: Const, right: Const, kind: ExprType
    ) -> Const | None:
        try:
            return Const(fold_binary(expr.operator.text, left.value, right.value), kind, expr.span)
        except Unfoldable as error:
            self._diagnostics.add(type_errors.no_value(expr.operator.span, str(error)))
            return None

    def _call(self, expr: syntax.FunctionCall, scope: Scope) -> Expr | None:
        if not is_callable(expr, self._diagnostics):
            return None
        arguments = [self.expression(argument, scope) for argument in expr.arguments]
        valid = tuple(argument for argument in arguments if argument is not None)
        return type_call(expr, valid, self._diagnostics) if len(valid) == len(arguments) else None

    def _choice(self, expr: syntax.Choice, scope: Scope) -> Typed:
        condition = self.condition(expr.condition, scope)
        pair = self._settled_pair(self.type(expr.then, scope), self.type(expr.otherwise, scope))
        if condition is None or pair is None:
            return None
        then, otherwise = pair
        kind = algebra.unify(then.type, otherwise.type)
        if kind is None:
            self._diagnostics.add(type_errors.branches(expr, then.type, otherwise.type))
            return None
        if isinstance(condition, Const):
            return then if condition.value is True else otherwise
        return Conditional(condition, then, otherwise, kind, expr.span)

    def _membership(self, expr: syntax.MembershipTest, scope: Scope) -> Typed:
        operand = self.type(expr.operand, scope)
        if isinstance(operand, UnresolvedName) and operand.is_value:
            operand = _word(operand)
        known = operand if operand is not None and not isinstance(operand, UnresolvedName) else None
        items = self._items(expr.items, scope, None if known is None else known.type)
        settled = self.settled(operand, items[0].type if items else None)
        if settled is None or items is None:
            return None
        test: Expr
        if isinstance(settled, Const):
            test = Const(any(settled.value == item.value for item in items), ExprType.BOOL, expr.span)
        else:
            test = Membership(settled, items, ExprType.BOOL, expr.span)
        if not expr.negated:
            return test
        if isinstance(test, Const):
            return Const(not test.value, ExprType.BOOL, expr.span)
        return Unary("not", test, ExprType.BOOL, expr.span)

    def _items(self, expr: syntax.Expr, scope: Scope, wanted: ExprType | None) -> tuple[Const, ...] | None:
        """The list on the right of `in`, written there or named."""
        match expr:
            case syntax.Parenthesis():
                return self._items(expr.inner, scope, wanted)
            case syntax.Reference() if expr.name in scope.arguments:
                argument = scope.arguments[expr.name]
                if isinstance(argument, Setting):
                    return self._held_items(argument, expr, wanted)
                return self._items(argument.expr, argument.scope, wanted)
            case syntax.ListLiteral():
                typed = [(self.type(item, scope), item.span) for item in expr.items]
            case syntax.Reference() if expr.name in self._lets:
                setting = self._lets[expr.name]
                return None if setting is None else self._held_items(setting, expr, wanted)
            case _:
                self._diagnostics.add(type_errors.no_list(expr.span))
                return None
        return self._fitting(typed, wanted)

    def _held_items(
        self, setting: Setting, expr: syntax.Expr, wanted: ExprType | None
    ) -> tuple[Const, ...] | None:
        """The items of a list that a constant or a variable holds."""
        if not isinstance(setting.value, tuple):
            self._diagnostics.add(type_errors.no_list(expr.span))
            return None
        typed = [(operand(item, expr.span), expr.span) for item in setting.value]
        return self._fitting(typed, wanted)

    def _fitting(
        self, typed: Sequence[tuple[Typed, Span]], wanted: ExprType | None
    ) -> tuple[Const, ...] | None:
        items: list[Const] = []
        for raw, span in typed:
            item = self.settled(raw, wanted)
            if item is None:
                return None
            if not isinstance(item, Const):
                self._diagnostics.add(type_errors.no_constant(span))
                return None
            if wanted is not None and algebra.unify(wanted, item.type) is None:
                self._diagnostics.add(type_errors.foreign_item(span, wanted, item))
                return None
            items.append(item)
        return tuple(items)


def operand(setting: Setting, span: Span) -> Const | UnresolvedName | None:  # noqa: PLR0911 - one return for each kind
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


def _word(unresolved: UnresolvedName) -> Const:
    """A name that is compared with a name, as in `if mode == live`."""
    return Const(unresolved.name, ExprType.NAME, unresolved.span)
