"""Syntax on one line."""

from __future__ import annotations

from meltica_dsl import syntax
from meltica_dsl.syntax import Expr


def expression(expr: Expr) -> str:  # noqa: PLR0911, PLR0912 - one arm for each kind
    match expr:
        case syntax.Literal() | syntax.SymbolLiteral() | syntax.StringLiteral():
            return expr.text
        case syntax.Truth():
            return "true" if expr.value else "false"
        case syntax.Reference():
            return expr.name
        case syntax.Dotted():
            return f"{expr.owner.text}.{expr.member.text}"
        case syntax.Indexed():
            return f"{expr.name.text}[{_joined(expr.keys)}]"
        case syntax.FunctionCall():
            return f"{expr.function.text}({_joined(expr.arguments)})"
        case syntax.ListLiteral():
            return f"[{_joined(expr.items)}]"
        case syntax.ObjectLiteral():
            return _object(expr)
        case syntax.UnaryOperation():
            gap = " " if expr.operator.text == "not" else ""
            return f"{expr.operator.text}{gap}{expression(expr.operand)}"
        case syntax.BinaryOperation():
            return f"{expression(expr.left)} {expr.operator.text} {expression(expr.right)}"
        case syntax.MembershipTest():
            word = "not in" if expr.negated else "in"
            return f"{expression(expr.operand)} {word} {expression(expr.items)}"
        case syntax.Choice():
            condition, then = expression(expr.condition), expression(expr.then)
            return f"if {condition} then {then} else {expression(expr.otherwise)}"
        case syntax.Parenthesis():
            return f"({expression(expr.inner)})"


def entry(node: syntax.Entry, width: int = 0, value: str | None = None) -> str:
    """`key = value`, the key padded to `width`. `value` replaces what the entry holds, when only its
    beginning is wanted."""
    text = expression(node.value) if value is None else value
    return f"{node.key.text:<{width}} {'' if node.is_block else '= '}{text}"


def call(node: syntax.StageCall) -> str:  # noqa: PLR0911 - one return for each kind
    match node:
        case syntax.WhereStage():
            return f"where {expression(node.condition)}"
        case syntax.DedupeStage():
            return f"dedupe within {expression(node.within)}"
        case syntax.SampleStage():
            return f"sample {expression(node.every)}"
        case syntax.ConflateStage():
            return f"conflate per {node.per.text} every {expression(node.every)}"
        case syntax.DepthStage():
            return f"depth {expression(node.levels)}"
        case syntax.ThrottleStage():
            return f"throttle {expression(node.rate)}"
        case syntax.KlineStage():
            return f"kline {expression(node.interval)}"
        case syntax.MergeStage():
            return "merge"
        case syntax.NamedStage():
            return node.name.text + (f"({_joined(node.arguments)})" if node.arguments else "")


def node_ref(node: syntax.NodeRef) -> str:
    return node.name.text + (f"[{_joined(node.keys)}]" if node.keys else "")


def source(node: syntax.SourceRef) -> str:
    return node_ref(node.owner) + (f".{node.event.text}" if node.event else "")


def modifiers(nodes: tuple[syntax.Modifier, ...]) -> str:
    """With a space before each, or nothing."""
    return "".join(f" {_modifier(node)}" for node in nodes)


def step(node: syntax.TestStep) -> str:
    match node:
        case syntax.EventStep():
            return f"{event_head(node)} {expression(node.body)}"
        case syntax.RecordingStep():
            return f"{event_head(node)} from {node.path.text}"
        case syntax.FaultStep():
            return f"at {expression(node.time)} {node_ref(node.provider)} {node.fault.text}"
        case syntax.ExpectStep():
            return expect_head(node, len(node.phrases))


def expect_head(node: syntax.ExpectStep, phrases: int) -> str:
    """The expectation with so many of its phrases."""
    words = [node_ref(node.node), node.verb.text, *map(phrase, node.phrases[:phrases])]
    return f"expect {' '.join(words)}"


def event_head(node: syntax.EventStep | syntax.RecordingStep) -> str:
    return f"at {expression(node.time)} {node_ref(node.provider)}.{node.event.text}"


def phrase(node: syntax.Phrase) -> str:
    match node:
        case syntax.Bound():
            return f"at {node.word.text} {node.number.text}"
        case syntax.Matches():
            return f"{{ {', '.join(map(match, node.fields))} }}" if node.fields else "{}"
        case _:
            return node.text


def match(node: syntax.Match, width: int = 0) -> str:
    """`key = value`, the key padded to `width`."""
    operator = node.operator.text if node.operator else "="
    return f"{node.key.text:<{width}} {operator} {expression(node.value)}"


def _modifier(node: syntax.Modifier) -> str:
    if isinstance(node, syntax.Repeat):
        return f"for {node.variable.text} in {expression(node.items)}"
    return f"if {expression(node.condition)}"


def _joined(nodes: tuple[Expr, ...]) -> str:
    return ", ".join(expression(node) for node in nodes)


def _object(node: syntax.ObjectLiteral) -> str:
    return f"{{ {', '.join(entry(e) for e in node.entries)} }}" if node.entries else "{}"
