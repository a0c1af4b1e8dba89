"""Values and expressions. They know their `depth`, so that the parser can refuse text nested beyond what
the passes after it, which are recursive, can walk."""

from __future__ import annotations

from typing import NamedTuple

from meltica_dsl.syntax.names import Name
from meltica_dsl.text.source import Span


class Literal(NamedTuple):
    """A number with the unit that is stuck to it, as written: `5`, `1m30s`, `5/s`, `2%`."""

    text: str
    span: Span

    @property
    def depth(self) -> int:
        return 1


class SymbolLiteral(NamedTuple):
    text: str
    span: Span

    @property
    def depth(self) -> int:
        return 1


class StringLiteral(NamedTuple):
    """`text` as written, quotes and escapes included."""

    text: str
    span: Span

    @property
    def depth(self) -> int:
        return 1


class Truth(NamedTuple):
    value: bool
    span: Span

    @property
    def depth(self) -> int:
        return 1


class Reference(NamedTuple):
    """A bare name: a constant, a parameter, a field or a word, which its place decides."""

    name: str
    span: Span

    @property
    def depth(self) -> int:
        return 1


class Dotted(NamedTuple):
    owner: Name
    member: Name
    span: Span

    @property
    def depth(self) -> int:
        return 1


class Indexed(NamedTuple):
    """`maker[BTC-USDT]`: a member of a family, as a value."""

    name: Name
    keys: tuple[Expr, ...]
    span: Span
    depth: int


class FunctionCall(NamedTuple):
    function: Name
    arguments: tuple[Expr, ...]
    span: Span
    depth: int


class ListLiteral(NamedTuple):
    items: tuple[Expr, ...]
    span: Span
    depth: int


class Entry(NamedTuple):
    """`key = value`, or `key { … }` when `is_block`."""

    key: Name
    value: Expr
    is_block: bool
    span: Span

    @property
    def depth(self) -> int:
        return self.value.depth


class ObjectLiteral(NamedTuple):
    entries: tuple[Entry, ...]
    span: Span
    depth: int


class UnaryOperation(NamedTuple):
    operator: Name
    operand: Expr
    span: Span
    depth: int


class BinaryOperation(NamedTuple):
    operator: Name
    left: Expr
    right: Expr
    span: Span
    depth: int


class MembershipTest(NamedTuple):
    operand: Expr
    items: Expr
    negated: bool
    span: Span
    depth: int


class Choice(NamedTuple):
    condition: Expr
    then: Expr
    otherwise: Expr
    span: Span
    depth: int


class Parenthesis(NamedTuple):
    inner: Expr
    span: Span
    depth: int


Expr = (
    Literal
    | SymbolLiteral
    | StringLiteral
    | Truth
    | Reference
    | Dotted
    | Indexed
    | FunctionCall
    | ListLiteral
    | ObjectLiteral
    | UnaryOperation
    | BinaryOperation
    | MembershipTest
    | Choice
    | Parenthesis
)
