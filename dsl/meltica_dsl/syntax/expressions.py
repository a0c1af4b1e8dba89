"""Values and expressions. They know their `depth`, so that the parser can refuse text nested beyond what
the passes after it, which are recursive, can walk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from meltica_dsl.source import Span
from meltica_dsl.syntax.names import Name


@dataclass(frozen=True, slots=True)
class Literal:
    """A number with the unit that is stuck to it, as written: `5`, `1m30s`, `5/s`, `2%`."""

    text: str
    span: Span
    depth: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class SymbolLiteral:
    text: str
    span: Span
    depth: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class StringLiteral:
    """`text` as written, quotes and escapes included."""

    text: str
    span: Span
    depth: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class Truth:
    value: bool
    span: Span
    depth: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class Reference:
    """A bare name: a constant, a parameter, a field or a word, which its place decides."""

    name: str
    span: Span
    depth: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class Dotted:
    owner: Name
    member: Name
    span: Span
    depth: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class FunctionCall:
    function: Name
    arguments: tuple[Expr, ...]
    span: Span
    depth: int


@dataclass(frozen=True, slots=True)
class ListLiteral:
    items: tuple[Expr, ...]
    span: Span
    depth: int


@dataclass(frozen=True, slots=True)
class Entry:
    """`key = value`, or `key { … }` when `is_block`."""

    key: Name
    value: Expr
    is_block: bool
    span: Span

    @property
    def depth(self) -> int:
        return self.value.depth


@dataclass(frozen=True, slots=True)
class ObjectLiteral:
    entries: tuple[Entry, ...]
    span: Span
    depth: int


@dataclass(frozen=True, slots=True)
class UnaryOperation:
    operator: Name
    operand: Expr
    span: Span
    depth: int


@dataclass(frozen=True, slots=True)
class BinaryOperation:
    operator: Name
    left: Expr
    right: Expr
    span: Span
    depth: int


@dataclass(frozen=True, slots=True)
class MembershipTest:
    operand: Expr
    items: Expr
    negated: bool
    span: Span
    depth: int


@dataclass(frozen=True, slots=True)
class Choice:
    condition: Expr
    then: Expr
    otherwise: Expr
    span: Span
    depth: int


@dataclass(frozen=True, slots=True)
class Parenthesis:
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
    | FunctionCall
    | ListLiteral
    | ObjectLiteral
    | UnaryOperation
    | BinaryOperation
    | MembershipTest
    | Choice
    | Parenthesis
)
