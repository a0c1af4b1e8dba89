"""Walking the syntax tree of expressions without recursion, and the expressions of stages."""

from __future__ import annotations

from collections.abc import Iterator

from meltica_dsl import syntax
from meltica_dsl.syntax import Expr


def children(expr: Expr) -> tuple[Expr, ...]:  # noqa: PLR0911 - one return for each kind
    match expr:
        case syntax.FunctionCall():
            return expr.arguments
        case syntax.Indexed():
            return expr.keys
        case syntax.ListLiteral():
            return expr.items
        case syntax.ObjectLiteral():
            return tuple(entry.value for entry in expr.entries)
        case syntax.UnaryOperation():
            return (expr.operand,)
        case syntax.BinaryOperation():
            return (expr.left, expr.right)
        case syntax.MembershipTest():
            return (expr.operand, expr.items)
        case syntax.Choice():
            return (expr.condition, expr.then, expr.otherwise)
        case syntax.Parenthesis():
            return (expr.inner,)
        case _:
            return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """The expression and everything in it, in the order of the text."""
    waiting = [expr]
    while waiting:
        here = waiting.pop()
        yield here
        waiting.extend(reversed(children(here)))


def references(expr: Expr) -> Iterator[syntax.Reference]:
    return (part for part in walk(expr) if isinstance(part, syntax.Reference))


def amount_of(call: syntax.StageCall) -> Expr:
    """The value that a stage takes besides conditions and arguments."""
    match call:
        case syntax.DedupeStage():
            return call.within
        case syntax.SampleStage() | syntax.ConflateStage():
            return call.every
        case syntax.DepthStage():
            return call.levels
        case syntax.ThrottleStage():
            return call.rate
        case syntax.KlineStage():
            return call.interval
        case _:
            raise AssertionError(f"{type(call).__name__} takes no amount")
