"""Calls of stages."""

from __future__ import annotations

from dataclasses import dataclass

from meltica_dsl.source import Span
from meltica_dsl.syntax.expressions import Expr
from meltica_dsl.syntax.names import Name


@dataclass(frozen=True, slots=True)
class WhereStage:
    condition: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class DedupeStage:
    within: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class SampleStage:
    every: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class ConflateStage:
    per: Name
    every: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class DepthStage:
    levels: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class ThrottleStage:
    rate: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class KlineStage:
    interval: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class MergeStage:
    span: Span


@dataclass(frozen=True, slots=True)
class NamedStage:
    """A `stage` of the file, called by name. `has_parentheses` keeps `f` and `f()` apart."""

    name: Name
    arguments: tuple[Expr, ...]
    has_parentheses: bool
    span: Span


StageCall = (
    WhereStage
    | DedupeStage
    | SampleStage
    | ConflateStage
    | DepthStage
    | ThrottleStage
    | KlineStage
    | MergeStage
    | NamedStage
)
