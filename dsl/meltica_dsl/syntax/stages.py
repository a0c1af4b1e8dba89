"""Calls of stages."""

from __future__ import annotations

from typing import NamedTuple

from meltica_dsl.syntax.expressions import Expr
from meltica_dsl.syntax.names import Name
from meltica_dsl.text.source import Span


class WhereStage(NamedTuple):
    condition: Expr
    span: Span


class DedupeStage(NamedTuple):
    within: Expr
    span: Span


class SampleStage(NamedTuple):
    every: Expr
    span: Span


class ConflateStage(NamedTuple):
    per: Name
    every: Expr
    span: Span


class DepthStage(NamedTuple):
    levels: Expr
    span: Span


class ThrottleStage(NamedTuple):
    rate: Expr
    span: Span


class KlineStage(NamedTuple):
    interval: Expr
    span: Span


class MergeStage(NamedTuple):
    span: Span


class NamedStage(NamedTuple):
    """A `stage` of the file, called by name."""

    name: Name
    arguments: tuple[Expr, ...]
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
