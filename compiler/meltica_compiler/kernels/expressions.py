"""`where` expressions as numpy source: one vectorised expression over columns, nothing per event.

The language has folded constants already, so every expression but a lone constant has a field in it.
Symbols, providers and sides are compared by their codes. Numbers of every kind are the f64 nearest to
the exact decimal that the file says. Comparisons with a missing value (NaN) are false, `!=` true.
"""

from __future__ import annotations

from decimal import Decimal
from fnmatch import fnmatchcase

from msgspec import Struct, field

from meltica_compiler.graph.graph import Graph
from meltica_compiler.graph.stage_text import expression_text
from meltica_dsl.model.fields import SIDES
from meltica_dsl.model.pipeline import (
    Binary,
    Call,
    Conditional,
    Const,
    Expr,
    ExprType,
    FieldRef,
    Membership,
    Unary,
)

UNKNOWN_CODE = -1
"""Stands for a symbol or provider that the pipeline does not have: no record's code equals it."""

_OPERATORS = {"and": "&", "or": "|"}
# How tightly Python binds; an operand that binds less tightly is put in parentheses.
_COMPARE, _OR, _AND, _ADD, _MULTIPLY, _UNARY, _ATOM = range(7)
_BINDING = {
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), _COMPARE),
    "or": _OR,
    "and": _AND,
    **dict.fromkeys(("+", "-"), _ADD),
    **dict.fromkeys(("*", "/", "%"), _MULTIPLY),
}
_FUNCTIONS = {"abs": "np.abs", "round": "np.round"}
_REDUCTIONS = {"min": "np.minimum", "max": "np.maximum"}


def conjuncts(condition: Expr) -> tuple[Expr, ...]:
    """The parts that an `and` joins, in their order."""
    if isinstance(condition, Binary) and condition.op == "and":
        return conjuncts(condition.left) + conjuncts(condition.right)
    return (condition,)


class Codes(Struct, frozen=True):
    """What the codes in the records stand for: the code of a name is its position."""

    symbols: tuple[str, ...]
    providers: tuple[str, ...]

    @classmethod
    def of(cls, graph: Graph) -> Codes:
        """Those that a graph has by itself: the code of a name is its position in the graph."""
        return cls(graph.symbols, tuple(provider.name for provider in graph.providers))

    def grown(self, graph: Graph) -> Codes:
        """Codes for the names of `graph` too. What has a code keeps it, even what `graph` does not have:
        records that transfer_state it may still be about."""
        own = Codes.of(graph)
        return Codes(
            tuple(dict.fromkeys((*self.symbols, *own.symbols))),
            tuple(dict.fromkeys((*self.providers, *own.providers))),
        )

    def names(self, type: ExprType) -> tuple[str, ...]:
        return {ExprType.SYMBOL: self.symbols, ExprType.PROVIDER: self.providers}.get(type, SIDES)

    def code(self, name: str, type: ExprType) -> int:
        names = self.names(type)
        return names.index(name) if name in names else UNKNOWN_CODE


class LookupTable(Struct, frozen=True):
    """A yes or no for each code. `codes` are those that give yes, of `size` codes in all."""

    name: str
    codes: tuple[int, ...]
    size: int
    comment: str


class Translator(Struct):
    """Turns expressions into source and gathers the columns and lookup tables that it mentions."""

    codes: Codes
    tables: list[LookupTable] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    divides: bool = False

    def source(self, expr: Expr) -> str:
        return self._translate(expr)[0]

    def operand(self, expr: Expr, binding: int) -> str:
        text, bound = self._translate(expr)
        return text if bound > binding else f"({text})"

    def _translate(self, expr: Expr) -> tuple[str, int]:  # noqa: PLR0911 - one return for each kind
        match expr:
            case FieldRef():
                if expr.field.name not in self.columns:
                    self.columns.append(expr.field.name)
                return expr.field.name, _ATOM
            case Const():
                return self._constant(expr), _ATOM
            case Unary():
                return ("~" if expr.op == "not" else "-") + self.operand(expr.operand, _UNARY), _UNARY
            case Binary():
                return self._binary(expr)
            case Membership():
                return self._membership(expr)
            case Conditional():
                parts = ", ".join(self.source(e) for e in (expr.condition, expr.then, expr.otherwise))
                return f"np.where({parts})", _ATOM
            case Call():
                return self._call(expr)

    def _binary(self, expr: Binary) -> tuple[str, int]:
        binding = _BINDING[expr.op]
        self.divides |= expr.op in ("/", "%")
        # Python would chain comparisons, so a comparison never stands bare inside another; the
        # right operand of - / % is always set apart, the left one only where it binds less.
        left = self.operand(expr.left, binding if binding == _COMPARE else binding - 1)
        right = self.operand(expr.right, binding)
        return f"{left} {_OPERATORS.get(expr.op, expr.op)} {right}", binding

    def _constant(self, const: Const) -> str:
        if isinstance(const.value, bool):
            return str(const.value)
        if isinstance(const.value, Decimal):
            return repr(float(const.value))
        return str(self.codes.code(const.value, const.type))

    def _membership(self, expr: Membership) -> tuple[str, int]:
        type = expr.operand.type
        if type in (ExprType.SYMBOL, ExprType.PROVIDER, ExprType.SIDE):
            wanted = {str(item.value) for item in expr.items}
            return self._lookup(expr.operand, [name in wanted for name in self.codes.names(type)], expr)
        operand = self.operand(expr.operand, _COMPARE)
        tests = [f"({operand} == {self._constant(item)})" for item in expr.items]
        return " | ".join(tests) or f"({operand} != {operand})", _OR

    def _call(self, expr: Call) -> tuple[str, int]:
        arguments = expr.arguments
        if expr.function == "matches":
            operand, pattern = arguments
            assert isinstance(pattern, Const), "the language takes constant patterns only"
            names = self.codes.names(operand.type)
            return self._lookup(operand, [fnmatchcase(n, str(pattern.value)) for n in names], expr)
        if expr.function == "hour":
            return f"np.floor({self.operand(arguments[0], _MULTIPLY)} / 3.6e9) % 24.0", _MULTIPLY
        if expr.function in _REDUCTIONS:
            text = self.source(arguments[0])
            for argument in arguments[1:]:
                text = f"{_REDUCTIONS[expr.function]}({text}, {self.source(argument)})"
            return text, _ATOM
        text = self.source(arguments[0])
        if len(arguments) > 1:
            digits = arguments[1]
            assert isinstance(digits, Const), "the language takes constant digits only"
            text += f", {int(Decimal(digits.value))}"
        return f"{_FUNCTIONS[expr.function]}({text})", _ATOM

    def _lookup(self, operand: Expr, answers: list[bool], expr: Expr) -> tuple[str, int]:
        codes = tuple(code for code, yes in enumerate(answers) if yes)
        table = LookupTable(f"TABLE_{len(self.tables)}", codes, len(answers), expression_text(expr))
        self.tables.append(table)
        return f"{table.name}[{self.source(operand)}]", _ATOM
