"""Declarations, and the file that they make."""

from __future__ import annotations

from typing import NamedTuple

from meltica_dsl.syntax.expressions import Expr, Literal, ObjectLiteral, StringLiteral
from meltica_dsl.syntax.names import Comment, Name
from meltica_dsl.syntax.stages import StageCall
from meltica_dsl.text.source import Span


class Repeat(NamedTuple):
    """`for variable in items`, after the name of a declaration."""

    variable: Name
    items: Expr
    span: Span


class Condition(NamedTuple):
    """`if condition`, after the name of a declaration."""

    condition: Expr
    span: Span


Modifier = Repeat | Condition


class PipelineDecl(NamedTuple):
    name: Name
    body: ObjectLiteral | None
    span: Span


class ImportDecl(NamedTuple):
    path: StringLiteral
    span: Span


class LetDecl(NamedTuple):
    name: Name
    value: Expr
    span: Span


class ProviderDecl(NamedTuple):
    name: Name
    modifiers: tuple[Modifier, ...]
    body: ObjectLiteral
    span: Span


class PoolDecl(NamedTuple):
    name: Name
    modifiers: tuple[Modifier, ...]
    body: ObjectLiteral
    span: Span


class RiskDecl(NamedTuple):
    name: Name
    modifiers: tuple[Modifier, ...]
    body: ObjectLiteral
    span: Span


class PlaceDecl(NamedTuple):
    name: Name
    modifiers: tuple[Modifier, ...]
    body: ObjectLiteral
    span: Span


class StrategyDecl(NamedTuple):
    name: Name
    modifiers: tuple[Modifier, ...]
    selector: Expr
    body: ObjectLiteral | None
    span: Span


class SinkDecl(NamedTuple):
    name: Name
    modifiers: tuple[Modifier, ...]
    kind: Name
    body: ObjectLiteral | None
    span: Span


class StageDecl(NamedTuple):
    name: Name
    parameters: tuple[Name, ...]
    calls: tuple[StageCall, ...]
    span: Span


class NodeRef(NamedTuple):
    """`maker`, or of a family `maker[BTC-USDT]`."""

    name: Name
    keys: tuple[Expr, ...]
    span: Span


class SourceRef(NamedTuple):
    """`provider.event`, or the bare name of another route."""

    owner: NodeRef
    event: Name | None
    span: Span


class RouteDecl(NamedTuple):
    name: Name
    modifiers: tuple[Modifier, ...]
    pool: NodeRef
    durable: bool
    sources: tuple[SourceRef, ...]
    calls: tuple[StageCall, ...]
    targets: tuple[NodeRef, ...]
    span: Span


class EventStep(NamedTuple):
    """`at 0ms binance.trade { … }`"""

    time: Expr
    provider: NodeRef
    event: Name
    body: ObjectLiteral
    span: Span


class RecordingStep(NamedTuple):
    """`at 0ms binance.trade from "tape.csv"`"""

    time: Expr
    provider: NodeRef
    event: Name
    path: StringLiteral
    span: Span


class FaultStep(NamedTuple):
    """`at 2s binance disconnects`"""

    time: Expr
    provider: NodeRef
    fault: Name
    span: Span


class Bound(NamedTuple):
    """`at least 2`, `at most 3`"""

    word: Name
    number: Literal
    span: Span


class Match(NamedTuple):
    """`side = buy`, `price > 60_000`. `operator` is None for `=`."""

    key: Name
    operator: Name | None
    value: Expr
    span: Span


class Matches(NamedTuple):
    """`{ side = buy, price > 60_000 }`"""

    fields: tuple[Match, ...]
    span: Span


Phrase = Bound | Name | Literal | StringLiteral | Matches


class ExpectStep(NamedTuple):
    """`expect maker receives nothing`: what stands behind the verb is for the resolver to read."""

    node: NodeRef
    verb: Name
    phrases: tuple[Phrase, ...]
    span: Span


TestStep = EventStep | RecordingStep | FaultStep | ExpectStep


class TestDecl(NamedTuple):
    title: StringLiteral
    steps: tuple[TestStep, ...]
    span: Span


class UnreadableDecl(NamedTuple):
    """A declaration with a syntax error, already reported. Its name still counts as declared, so that
    the uses of it are not reported too."""

    keyword: str
    name: Name | None
    span: Span


BlockDecl = ProviderDecl | PoolDecl | RiskDecl | PlaceDecl | StrategyDecl | SinkDecl
"""What has settings in braces, and modifiers."""

RepeatableDecl = BlockDecl | RouteDecl
"""What may have modifiers."""

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


class File(NamedTuple):
    path: str
    declarations: tuple[Declaration, ...]
    comments: tuple[Comment, ...]
