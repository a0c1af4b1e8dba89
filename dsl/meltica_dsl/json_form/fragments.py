"""Pieces of the language that stand in JSON as texts: each is read by itself, so that what is wrong with
one is shown in its own place, and none can become more than it should be."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.json_form.values import JsonNumber, JsonText
from meltica_dsl.parse.parser import parse
from meltica_dsl.text.source import Span

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Fragment(Struct, frozen=True):
    """`before` and `after` make a whole declaration of it; `is_one` says whether that holds one piece."""

    wanted: str
    before: str
    after: str
    is_one: Callable[[syntax.Declaration], bool]


def _is_expression(node: syntax.Declaration) -> bool:
    return isinstance(node, syntax.LetDecl)


def _is_stage(node: syntax.Declaration) -> bool:
    return isinstance(node, syntax.StageDecl) and len(node.calls) == 1


def _is_pool(node: syntax.Declaration) -> bool:
    return isinstance(node, syntax.RouteDecl) and not node.durable


def _is_source(node: syntax.Declaration) -> bool:
    return isinstance(node, syntax.RouteDecl) and len(node.sources) == 1 and not node.calls


def _is_target(node: syntax.Declaration) -> bool:
    return isinstance(node, syntax.RouteDecl) and len(node.targets) == 1


def _is_step(node: syntax.Declaration) -> bool:
    return isinstance(node, syntax.TestDecl) and len(node.steps) == 1


def _is_event(node: syntax.Declaration) -> bool:
    return _is_step(node) and isinstance(node.steps[0], syntax.EventStep)  # type: ignore[union-attr]


EXPRESSION = Fragment("an expression, such as `5bps` or `BTC-USDT`", "let x = ", "", _is_expression)
STAGE = Fragment("one stage, such as `depth 20`", "stage s = ", "", _is_stage)
POOL = Fragment("one pool, such as `market`", "route r via ", "\n= s -> t", _is_pool)
SOURCE = Fragment("one source, such as `binance.trade`", "route r via m = ", "\n-> t", _is_source)
TARGET = Fragment("one strategy or sink", "route r via m = s -> ", "", _is_target)
STEP = Fragment("one step, such as `expect maker receives nothing`", 'test "t" { ', "\n}", _is_step)
EVENT = Fragment("the head of an event, such as `at 5ms okx.trade`", 'test "t" { ', " {}\n}", _is_event)


def fault_of(fragment: Fragment, node: JsonText | JsonNumber) -> Diagnostic | None:
    """What is wrong with the text as such a fragment."""
    text = node.value if isinstance(node, JsonText) else node.text
    parsed = parse(node.span.path, f"{fragment.before}{text}{fragment.after}")
    if parsed.diagnostics:
        return _moved(parsed.diagnostics[0], len(fragment.before), fragment.wanted, node)
    if parsed.file.comments:
        help_text = "comments stand in `above`, `beside`, `open` and `below`"
        return Diagnostic("E0932", "a comment stands inside this text", node.span, help=(help_text,))
    declarations = parsed.file.declarations
    if len(declarations) != 1 or not fragment.is_one(declarations[0]):
        return Diagnostic("E0932", "this text holds more than one piece", node.span, f"not {fragment.wanted}")
    return None


def is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def _moved(diagnostic: Diagnostic, offset: int, wanted: str, node: JsonText | JsonNumber) -> Diagnostic:
    """The diagnostic at its place inside the JSON text, if that has no escapes, else at all of it."""
    span = node.span
    length = len(node.value) if isinstance(node, JsonText) else len(node.text)
    quote = 1 if isinstance(node, JsonText) else 0
    if span.end - span.start == length + 2 * quote:
        first = span.start + quote
        start = min(max(diagnostic.span.start - offset, 0), length)
        end = min(max(diagnostic.span.end - offset, start), length)
        span = Span(span.path, first + start, first + end)
    # What the parser says of a whole file is not so of a text in JSON.
    message = diagnostic.message.replace("the end of the file", "the end of the text")
    helps = tuple(line for line in diagnostic.help if line.startswith("did you mean"))
    helps = helps or (f"{wanted} is wanted here",)
    return replace(diagnostic, message=message, span=span, labels=(), help=helps, fixes=())
