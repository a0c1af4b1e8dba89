"""Declarations, and the file that they make."""

from __future__ import annotations

from dataclasses import dataclass

from meltica_dsl.source import Span
from meltica_dsl.syntax.expressions import Expr, Literal, ObjectLiteral, StringLiteral, SymbolLiteral
from meltica_dsl.syntax.names import Comment, Name
from meltica_dsl.syntax.stages import StageCall


@dataclass(frozen=True, slots=True)
class Repeat:
    """`for variable in items`, after the name of a declaration."""

    variable: Name
    items: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Condition:
    """`if condition`, after the name of a declaration."""

    condition: Expr
    span: Span


Modifier = Repeat | Condition


@dataclass(frozen=True, slots=True)
class PipelineDecl:
    name: Name
    body: ObjectLiteral | None
    span: Span


@dataclass(frozen=True, slots=True)
class ImportDecl:
    path: StringLiteral
    span: Span


@dataclass(frozen=True, slots=True)
class LetDecl:
    name: Name
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class ProviderDecl:
    name: Name
    modifiers: tuple[Modifier, ...]
    body: ObjectLiteral
    span: Span


@dataclass(frozen=True, slots=True)
class PoolDecl:
    name: Name
    modifiers: tuple[Modifier, ...]
    body: ObjectLiteral
    span: Span


@dataclass(frozen=True, slots=True)
class RiskDecl:
    name: Name
    modifiers: tuple[Modifier, ...]
    body: ObjectLiteral
    span: Span


@dataclass(frozen=True, slots=True)
class PlaceDecl:
    name: Name
    modifiers: tuple[Modifier, ...]
    body: ObjectLiteral
    span: Span


@dataclass(frozen=True, slots=True)
class StrategyDecl:
    name: Name
    modifiers: tuple[Modifier, ...]
    selector: Expr
    body: ObjectLiteral | None
    span: Span


@dataclass(frozen=True, slots=True)
class SinkDecl:
    name: Name
    modifiers: tuple[Modifier, ...]
    kind: Name
    body: ObjectLiteral | None
    span: Span


@dataclass(frozen=True, slots=True)
class StageDecl:
    """`parameters` is None when there are no parentheses."""

    name: Name
    parameters: tuple[Name, ...] | None
    calls: tuple[StageCall, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class SourceRef:
    """`provider.event`, or the bare name of another route."""

    owner: Name
    event: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class RouteDecl:
    name: Name
    modifiers: tuple[Modifier, ...]
    pool: Name
    durable: bool
    sources: tuple[SourceRef, ...]
    calls: tuple[StageCall, ...]
    targets: tuple[Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class EventStep:
    """`at 0ms binance.trade { … }`"""

    time: Expr
    provider: Name
    event: Name
    body: ObjectLiteral
    span: Span


@dataclass(frozen=True, slots=True)
class FaultStep:
    """`at 2s binance disconnects`"""

    time: Expr
    provider: Name
    fault: Name
    span: Span


@dataclass(frozen=True, slots=True)
class ExpectStep:
    """`expect maker receives nothing`"""

    phrases: tuple[Name | Literal | SymbolLiteral | StringLiteral | ObjectLiteral, ...]
    span: Span


Step = EventStep | FaultStep | ExpectStep


@dataclass(frozen=True, slots=True)
class TestDecl:
    title: StringLiteral
    steps: tuple[Step, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class UnreadableDecl:
    """A declaration with a syntax error, already reported. Its name still counts as declared, so that
    the uses of it are not reported too."""

    keyword: str
    name: Name | None
    span: Span


Declaration = (
    PipelineDecl
    | ImportDecl
    | LetDecl
    | ProviderDecl
    | PoolDecl
    | RiskDecl
    | PlaceDecl
    | StrategyDecl
    | SinkDecl
    | StageDecl
    | RouteDecl
    | TestDecl
    | UnreadableDecl
)


@dataclass(frozen=True, slots=True)
class File:
    path: str
    declarations: tuple[Declaration, ...]
    comments: tuple[Comment, ...]
