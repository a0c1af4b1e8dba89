"""What was read at one place of a text, as it reads further on."""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec.structs import replace

from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.text.source import Span

T = TypeVar("T")


def shifted(read: T, by: int) -> T:
    """The same syntax, comments or diagnostics, every place in them `by` characters later.

    >>> shifted((Span("a.mel", 3, 5),), 2)
    (Span(path='a.mel', start=5, end=7),)
    """
    return read if by == 0 else _shifted(read, by)


def _shifted(node: Any, by: int) -> Any:
    """Nodes are named tuples, and what they are made of are spans, texts, numbers and tuples."""
    kind = type(node)
    if kind is Span:
        return Span(node.path, node.start + by, node.end + by)
    if isinstance(node, tuple):
        parts = [part if type(part) in _PLACELESS else _shifted(part, by) for part in node]
        return tuple(parts) if kind is tuple else tuple.__new__(kind, parts)
    if kind is Diagnostic:
        return replace(
            node,
            span=_shifted(node.span, by),
            labels=_shifted(node.labels, by),
            fixes=_shifted(node.fixes, by),
        )
    return node


_PLACELESS = frozenset({str, int, bool, type(None)})
