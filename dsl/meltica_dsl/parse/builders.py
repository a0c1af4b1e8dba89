"""What each rule of the grammar becomes: one method for each rule or alias of `grammar.lark`.

A method gets the values of the parts that the grammar keeps, repetitions flattened to lists, and the
place of the whole. What the parts are is fixed by the grammar, which no type checker reads: hence `Any`.
"""

from __future__ import annotations

from typing import Any

from meltica_dsl import syntax
from meltica_dsl.parse.lexer import Token
from meltica_dsl.syntax import Expr, Name
from meltica_dsl.text.source import Span

MAX_DEPTH = 100
"""Levels of nesting in an expression. The passes after the parser walk it recursively, with up to four
frames a level, and Python allows a thousand."""

Parts = list[Any]


class TooDeep(Exception):
    """An expression is nested deeper than `MAX_DEPTH`."""

    def __init__(self, span: Span) -> None:
        super().__init__(f"nested deeper than {MAX_DEPTH} levels")
        self.span = span


def _depth(span: Span, *children: Expr | syntax.Entry) -> int:
    depth = 1 + max((child.depth for child in children), default=0)
    if depth > MAX_DEPTH:
        raise TooDeep(span)
    return depth


class Builder:
    """Builds nodes, and keeps every declaration that is complete in `declarations`."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.declarations: list[syntax.Declaration] = []

    def name(self, parts: Parts, span: Span) -> Name:
        return Name(parts[0].text, span)

    def literal(self, parts: Parts, span: Span) -> Expr:
        return syntax.Literal(parts[0].text, span)

    def symbol(self, parts: Parts, span: Span) -> Expr:
        return syntax.SymbolLiteral(parts[0].text, span)

    def string(self, parts: Parts, span: Span) -> Expr:
        return syntax.StringLiteral(parts[0].text, span)

    def true(self, _parts: Parts, span: Span) -> Expr:
        return syntax.Truth(True, span)

    def false(self, _parts: Parts, span: Span) -> Expr:
        return syntax.Truth(False, span)

    def reference(self, parts: Parts, span: Span) -> Expr:
        return syntax.Reference(parts[0].text, span)

    def dotted(self, parts: Parts, span: Span) -> Expr:
        return syntax.Dotted(parts[0], parts[1], span)

    def indexed(self, parts: Parts, span: Span) -> Expr:
        name, *keys = parts
        return syntax.Indexed(name, tuple(keys), span, _depth(span, *keys))

    def node(self, parts: Parts, span: Span) -> syntax.NodeRef:
        name, keys = parts
        return syntax.NodeRef(name, keys, span)

    def function(self, parts: Parts, span: Span) -> Expr:
        name, *arguments = parts
        return syntax.FunctionCall(name, tuple(arguments), span, _depth(span, *arguments))

    def list(self, parts: Parts, span: Span) -> Expr:
        return syntax.ListLiteral(tuple(parts), span, _depth(span, *parts))

    def object(self, parts: Parts, span: Span) -> Expr:
        return syntax.ObjectLiteral(tuple(parts), span, _depth(span, *parts))

    def assignment(self, parts: Parts, span: Span) -> syntax.Entry:
        return syntax.Entry(parts[0], parts[1], False, span)

    def block(self, parts: Parts, span: Span) -> syntax.Entry:
        return syntax.Entry(parts[0], parts[1], True, span)

    def unary(self, parts: Parts, span: Span) -> Expr:
        operator, operand = parts
        return syntax.UnaryOperation(self._operator(operator), operand, span, _depth(span, operand))

    def binary(self, parts: Parts, span: Span) -> Expr:
        left, operator, right = parts
        depth = _depth(span, left, right)
        return syntax.BinaryOperation(self._operator(operator), left, right, span, depth)

    def membership(self, parts: Parts, span: Span) -> Expr:
        return syntax.MembershipTest(parts[0], parts[1], False, span, _depth(span, *parts))

    def exclusion(self, parts: Parts, span: Span) -> Expr:
        return syntax.MembershipTest(parts[0], parts[1], True, span, _depth(span, *parts))

    def conditional(self, parts: Parts, span: Span) -> Expr:
        return syntax.Choice(parts[0], parts[1], parts[2], span, _depth(span, *parts))

    def paren(self, parts: Parts, span: Span) -> Expr:
        return syntax.Parenthesis(parts[0], span, _depth(span, parts[0]))

    def _operator(self, token: Token) -> Name:
        return Name(token.text, Span(self.path, token.start, token.end))

    def where(self, parts: Parts, span: Span) -> syntax.StageCall:
        return syntax.WhereStage(parts[0], span)

    def dedupe(self, parts: Parts, span: Span) -> syntax.StageCall:
        return syntax.DedupeStage(parts[0], span)

    def sample(self, parts: Parts, span: Span) -> syntax.StageCall:
        return syntax.SampleStage(parts[0], span)

    def conflate(self, parts: Parts, span: Span) -> syntax.StageCall:
        return syntax.ConflateStage(parts[0], parts[1], span)

    def throttle(self, parts: Parts, span: Span) -> syntax.StageCall:
        return syntax.ThrottleStage(parts[0], span)

    def depth(self, parts: Parts, span: Span) -> syntax.StageCall:
        return syntax.DepthStage(parts[0], span)

    def kline(self, parts: Parts, span: Span) -> syntax.StageCall:
        return syntax.KlineStage(parts[0], span)

    def merge(self, _parts: Parts, span: Span) -> syntax.StageCall:
        return syntax.MergeStage(span)

    def named(self, parts: Parts, span: Span) -> syntax.StageCall:
        name, arguments = parts
        return syntax.NamedStage(name, arguments, span)

    def arguments(self, parts: Parts, _span: Span) -> tuple[Expr, ...]:
        return tuple(parts)

    parameters = arguments
    index = arguments

    def chain(self, parts: Parts, _span: Span) -> Parts:
        return parts

    pipes = chain
    sources = chain
    arrow = chain
    modifiers = chain

    def durable(self, parts: Parts, _span: Span) -> bool:
        return bool(parts)

    def source(self, parts: Parts, span: Span) -> syntax.SourceRef:
        return syntax.SourceRef(parts[0], parts[1] if len(parts) > 1 else None, span)

    def repeat(self, parts: Parts, span: Span) -> syntax.Modifier:
        return syntax.Repeat(parts[0], parts[1], span)

    def choice(self, parts: Parts, span: Span) -> syntax.Modifier:
        return syntax.Condition(parts[0], span)

    def event(self, parts: Parts, span: Span) -> syntax.TestStep:
        return syntax.EventStep(parts[0], parts[1], parts[2], parts[3], span)

    def fault(self, parts: Parts, span: Span) -> syntax.TestStep:
        return syntax.FaultStep(parts[0], parts[1], parts[2], span)

    def recording(self, parts: Parts, span: Span) -> syntax.TestStep:
        return syntax.RecordingStep(parts[0], parts[1], parts[2], parts[3], span)

    def expect(self, parts: Parts, span: Span) -> syntax.TestStep:
        return syntax.ExpectStep(parts[0], parts[1], tuple(parts[2:]), span)

    def bound(self, parts: Parts, span: Span) -> syntax.Bound:
        return syntax.Bound(parts[0], parts[1], span)

    def matches(self, parts: Parts, span: Span) -> syntax.Matches:
        return syntax.Matches(tuple(parts), span)

    def equality(self, parts: Parts, span: Span) -> syntax.Match:
        return syntax.Match(parts[0], None, parts[1], span)

    def inequality(self, parts: Parts, span: Span) -> syntax.Match:
        return syntax.Match(parts[0], self._operator(parts[1]), parts[2], span)

    def start(self, _parts: Parts, _span: Span) -> None:
        return None

    def pipeline(self, parts: Parts, span: Span) -> None:
        body = parts[1] if len(parts) > 1 else None
        self.declarations.append(syntax.PipelineDecl(parts[0], body, span))

    def import_(self, parts: Parts, span: Span) -> None:
        self.declarations.append(syntax.ImportDecl(parts[0], span))

    def let(self, parts: Parts, span: Span) -> None:
        self.declarations.append(syntax.LetDecl(parts[0], parts[1], span))

    def provider(self, parts: Parts, span: Span) -> None:
        self.declarations.append(syntax.ProviderDecl(parts[0], tuple(parts[1]), parts[2], span))

    def pool(self, parts: Parts, span: Span) -> None:
        self.declarations.append(syntax.PoolDecl(parts[0], tuple(parts[1]), parts[2], span))

    def risk(self, parts: Parts, span: Span) -> None:
        self.declarations.append(syntax.RiskDecl(parts[0], tuple(parts[1]), parts[2], span))

    def place(self, parts: Parts, span: Span) -> None:
        self.declarations.append(syntax.PlaceDecl(parts[0], tuple(parts[1]), parts[2], span))

    def strategy(self, parts: Parts, span: Span) -> None:
        name, modifiers, selector, *body = parts
        declaration = syntax.StrategyDecl(name, tuple(modifiers), selector, body[0] if body else None, span)
        self.declarations.append(declaration)

    def sink(self, parts: Parts, span: Span) -> None:
        name, modifiers, kind, *body = parts
        self.declarations.append(
            syntax.SinkDecl(name, tuple(modifiers), kind, body[0] if body else None, span)
        )

    def stage(self, parts: Parts, span: Span) -> None:
        self.declarations.append(syntax.StageDecl(parts[0], parts[1], tuple(parts[2]), span))

    def route(self, parts: Parts, span: Span) -> None:
        name, modifiers, pool, durable, sources, calls, targets = parts
        self.declarations.append(
            syntax.RouteDecl(
                name, tuple(modifiers), pool, durable, tuple(sources), tuple(calls), tuple(targets), span
            )
        )

    def test(self, parts: Parts, span: Span) -> None:
        self.declarations.append(syntax.TestDecl(parts[0], tuple(parts[1:]), span))
