"""Declarations in canonical form.

A body stands on one line with at most one short setting, otherwise it has one setting a line. A route
stands with its sources and stages on one line if they fit, otherwise with one stage a line; its targets
always have a line of their own.
"""

from __future__ import annotations

from itertools import zip_longest

from meltica_dsl import syntax
from meltica_dsl.formatting import inline
from meltica_dsl.formatting.page import Page
from meltica_dsl.formatting.values import INDENT, MAX_COLUMNS, OPERATORS, entries, fits, value
from meltica_dsl.text.terminal_text import width_of

MAX_FLOW_COLUMNS = 80
"""Of sources and stages on one line: a flow is read at a glance or one stage at a time."""

_FLOW = 4
"""Where sources begin: `  | ` and `  -> ` are as wide, so that flows stand in one column."""


def declaration(page: Page, node: syntax.Declaration) -> None:
    line = one_line(page, node)
    if line is not None:
        page.lift_comments(node.span.start, node.span.end, 0)
        page.code(0, line, node.span.start, node.span.end)
        return
    match node:
        case syntax.RouteDecl():
            _route(page, node)
        case syntax.StageDecl():
            _stage(page, node)
        case syntax.TestDecl():
            _test(page, node)
        case syntax.LetDecl():
            value(page, 0, f"{_head(node)} ", node.value, "", node.span.start)
        case _:
            _body(page, node)


def one_line(page: Page, node: syntax.Declaration) -> str | None:
    """The declaration on one line, or None if it takes more."""
    head = _head(node)
    match node:
        case syntax.ImportDecl():
            return head
        case syntax.LetDecl():
            is_broken = isinstance(node.value, syntax.ListLiteral | syntax.ObjectLiteral) and not fits(
                page, 0, f"{head} ", node.value, ""
            )
            return None if is_broken else f"{head} {inline.expression(node.value)}"
        case syntax.StageDecl():
            line = f"{head} {' | '.join(inline.call(call) for call in node.calls)}"
            is_free = not page.has_comments(_head_end(node), node.span.end)
            return line if is_free and width_of(line) <= MAX_FLOW_COLUMNS else None
        case syntax.RouteDecl() | syntax.TestDecl() | syntax.UnreadableDecl():
            return None
        case syntax.StrategyDecl():
            return _short_body(page, head, node.body and _with_config_block(node.body))
        case _:
            return _short_body(page, head, node.body)


def _short_body(page: Page, head: str, body: syntax.ObjectLiteral | None) -> str | None:
    if body is None:
        return head
    is_short = len(body.entries) <= 1 and fits(page, 0, f"{head} ", body, "")
    return f"{head} {inline.expression(body)}" if is_short else None


def _head(node: syntax.Declaration) -> str:  # noqa: PLR0911 - one return for each kind
    """What stands before the body, the value or the flow."""
    match node:
        case syntax.PipelineDecl():
            return f"pipeline {node.name.text}"
        case syntax.ImportDecl():
            return f"import {node.path.text}"
        case syntax.LetDecl():
            return f"let {node.name.text} ="
        case syntax.StrategyDecl():
            selector = inline.expression(node.selector)
            return f"strategy {node.name.text}{inline.modifiers(node.modifiers)} = {selector}"
        case syntax.SinkDecl():
            return f"sink {node.name.text}{inline.modifiers(node.modifiers)} = {node.kind.text}"
        case syntax.StageDecl():
            parameters = ", ".join(parameter.text for parameter in node.parameters)
            return f"stage {node.name.text}{f'({parameters})' if parameters else ''} ="
        case syntax.RouteDecl():
            mark = " durable" if node.durable else ""
            pool = inline.node_ref(node.pool)
            return f"route {node.name.text}{inline.modifiers(node.modifiers)} via {pool}{mark} ="
        case syntax.TestDecl():
            return f"test {node.title.text}"
        case syntax.ProviderDecl() | syntax.PoolDecl() | syntax.RiskDecl() | syntax.PlaceDecl():
            return f"{_KEYWORDS[type(node)]} {node.name.text}{inline.modifiers(node.modifiers)}"
        case syntax.UnreadableDecl():
            raise AssertionError("a file with syntax errors is not formatted")


_KEYWORDS = {
    syntax.ProviderDecl: "provider",
    syntax.PoolDecl: "pool",
    syntax.RiskDecl: "risk",
    syntax.PlaceDecl: "place",
}


def _body(page: Page, node: syntax.Declaration) -> None:
    assert not isinstance(node, syntax.ImportDecl | syntax.LetDecl | syntax.StageDecl | syntax.RouteDecl)
    assert not isinstance(node, syntax.TestDecl | syntax.UnreadableDecl)
    body = node.body
    assert body is not None, "what has no body stands on one line"
    page.lift_comments(node.span.start, body.span.start, 0)
    page.open(0, f"{_head(node)} {{", node.span.start, body.span.start + 1)
    if isinstance(node, syntax.StrategyDecl):
        body = _with_config_block(body)
    entries(page, INDENT, body.entries)
    page.close(0, "}", body.span.end)


def _with_config_block(body: syntax.ObjectLiteral) -> syntax.ObjectLiteral:
    """A strategy's `config` is written as a block."""
    return body._replace(entries=tuple(map(_as_block, body.entries)))


def _as_block(entry: syntax.Entry) -> syntax.Entry:
    is_config = entry.key.text == "config" and isinstance(entry.value, syntax.ObjectLiteral)
    return entry._replace(is_block=True) if is_config else entry


def _test(page: Page, node: syntax.TestDecl) -> None:
    page.lift_comments(node.span.start, node.title.span.end, 0)
    page.open(0, f"{_head(node)} {{", node.span.start, node.title.span.end)
    for step in node.steps:
        if isinstance(step, syntax.EventStep):
            value(page, INDENT, f"{inline.event_head(step)} ", step.body, "", step.span.start)
        elif isinstance(step, syntax.ExpectStep):
            _expect(page, step)
        else:
            page.lift_comments(step.span.start, step.span.end, INDENT)
            page.code(INDENT, inline.step(step), step.span.start, step.span.end)
    page.close(0, "}", node.span.end)


def _expect(page: Page, step: syntax.ExpectStep) -> None:
    """On one line if it fits, otherwise with one field a line. Comments inside come before it."""
    line, span = inline.step(step), step.span
    number = next((n for n, p in enumerate(step.phrases) if isinstance(p, syntax.Matches)), None)
    matches = None if number is None else step.phrases[number]
    if (
        INDENT + width_of(line) <= MAX_COLUMNS
        or not isinstance(matches, syntax.Matches)
        or not matches.fields
    ):
        _line(page, INDENT, line, span.start, span.end)
        return
    assert number is not None
    page.lift_comments(span.start, span.end, INDENT)
    page.open(INDENT, f"{inline.expect_head(step, number)} {{", span.start, matches.span.start + 1)
    width = max(len(field.key.text) for field in matches.fields)
    for field, after in zip_longest(matches.fields, matches.fields[1:]):
        comma = "," if after is not None and after.key.text in OPERATORS else ""
        # Fields stand close together, so that what they make is read as one.
        page.open(2 * INDENT, inline.match(field, width) + comma, field.span.start, field.span.end)
    tail = "".join(f" {inline.phrase(phrase)}" for phrase in step.phrases[number + 1 :])
    page.close(INDENT, f"}}{tail}", span.end)


def _stage(page: Page, node: syntax.StageDecl) -> None:
    head_end = _head_end(node)
    page.lift_comments(node.span.start, head_end, 0)
    page.open(0, _head(node), node.span.start, head_end)
    first, *others = node.calls
    _line(page, _FLOW, inline.call(first), first.span.start, first.span.end)
    _pipes(page, tuple(others))


def _head_end(node: syntax.StageDecl) -> int:
    return node.parameters[-1].span.end if node.parameters else node.name.span.end


def _route(page: Page, node: syntax.RouteDecl) -> None:
    page.lift_comments(node.span.start, node.pool.span.end, 0)
    page.open(0, _head(node), node.span.start, node.pool.span.end)
    start = node.sources[0].span.start
    end = (node.calls or node.sources)[-1].span.end
    flow = " | ".join([", ".join(inline.source(s) for s in node.sources), *map(inline.call, node.calls)])
    # Comments inside the first source come before it, where they part nothing.
    is_free = not page.has_comments(node.sources[0].span.end, end)
    if _FLOW + width_of(flow) <= MAX_FLOW_COLUMNS and is_free:
        _line(page, _FLOW, flow, start, end)
    else:
        _names(page, _FLOW, "", [(inline.source(s), s.span.start, s.span.end) for s in node.sources])
        _pipes(page, node.calls)
    if node.targets:
        _names(page, INDENT, "-> ", [(inline.node_ref(t), t.span.start, t.span.end) for t in node.targets])


def _pipes(page: Page, calls: tuple[syntax.StageCall, ...]) -> None:
    for call in calls:
        _line(page, INDENT, f"| {inline.call(call)}", call.span.start, call.span.end)


def _line(page: Page, indent: int, text: str, start: int, end: int) -> None:
    page.lift_comments(start, end, indent)
    page.code(indent, text, start, end)


def _names(page: Page, indent: int, head: str, names: list[tuple[str, int, int]]) -> None:
    """Names on one line if they fit and no comment stands between them, otherwise one a line."""
    line = head + ", ".join(name for name, _, _ in names)
    start, end = names[0][1], names[-1][2]
    if indent + width_of(line) <= MAX_COLUMNS and not page.has_comments(names[0][2], end):
        _line(page, indent, line, start, end)
        return
    for number, (name, begin, finish) in enumerate(names):
        first = head if number == 0 else " " * len(head)
        comma = "," if number < len(names) - 1 else ""
        _line(page, indent, f"{first}{name}{comma}", begin, finish)
