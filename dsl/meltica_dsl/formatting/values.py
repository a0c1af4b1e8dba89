"""Values, on one line where they fit, otherwise lists and objects with one item a line."""

from __future__ import annotations

from itertools import pairwise

from meltica_dsl import syntax
from meltica_dsl.formatting import inline
from meltica_dsl.formatting.page import Page
from meltica_dsl.syntax import Entry, Expr
from meltica_dsl.text.terminal_text import width_of

MAX_COLUMNS = 100
"""Of a line with a value. An expression has no good place to break, so it may be longer."""

INDENT = 2

OPERATORS = ("and", "or", "in", "not")
"""Keys that a value before them would take for its own continuation: a comma parts the two."""


def value(
    page: Page, indent: int, head: str, expr: Expr, tail: str, start: int, broken_head: str | None = None
) -> None:
    """`head`, the value, `tail`. The code begins at `start` in the source. `broken_head` stands instead of
    `head` before a value that takes several lines."""
    if not isinstance(expr, syntax.ListLiteral | syntax.ObjectLiteral) or fits(
        page, indent, head, expr, tail
    ):
        page.lift_comments(start, expr.span.end, indent)
        page.code(indent, f"{head}{inline.expression(expr)}{tail}", start, expr.span.end)
        return
    head = head if broken_head is None else broken_head
    page.lift_comments(start, expr.span.start, indent)
    opening, closing = "[]" if isinstance(expr, syntax.ListLiteral) else "{}"
    page.open(indent, f"{head}{opening}", start, expr.span.start + 1)
    if isinstance(expr, syntax.ListLiteral):
        for item in expr.items:
            value(page, indent + INDENT, "", item, ",", item.span.start)
    else:
        entries(page, indent + INDENT, expr.entries)
    page.close(indent, f"{closing}{tail}", expr.span.end)


def fits(page: Page, indent: int, head: str, expr: Expr, tail: str) -> bool:
    if page.has_comments(expr.span.start, expr.span.end):
        return False
    return indent + width_of(f"{head}{inline.expression(expr)}{tail}") <= MAX_COLUMNS


def entries(page: Page, indent: int, nodes: tuple[Entry, ...]) -> None:
    """One a line, the `=` of neighbours in one column. An empty line begins a new column."""
    following = {before.span.start: after.key.text for before, after in pairwise(nodes)}
    for group in _groups(page, nodes):
        width = max(len(node.key.text) for node in group)
        for node in group:
            tail = "," if following.get(node.span.start) in OPERATORS else ""
            head = inline.entry(node, width, "")
            # A block that takes several lines has no column to keep to.
            broken_head = inline.entry(node, 0, "") if node.is_block else None
            value(page, indent, head, node.value, tail, node.span.start, broken_head)


def _groups(page: Page, nodes: tuple[Entry, ...]) -> list[list[Entry]]:
    groups: list[list[Entry]] = []
    for before, node in zip((None, *nodes), nodes, strict=False):
        if before is None or page.has_gap(before.span.end, node.span.start):
            groups.append([])
        groups[-1].append(node)
    return groups
