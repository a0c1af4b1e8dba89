"""Collects what is wrong, so that one mistake gives one error."""

from __future__ import annotations

from meltica_dsl.diagnostics import Diagnostic
from meltica_dsl.source import Span


class Findings:
    """Diagnostics so far. A second error of the same code at the same place is the same mistake seen
    again, as in a stage that several routes use."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Span], Diagnostic] = {}

    def add(self, diagnostic: Diagnostic) -> None:
        self._found.setdefault((diagnostic.code, diagnostic.span), diagnostic)

    def __len__(self) -> int:
        return len(self._found)

    def all(self) -> tuple[Diagnostic, ...]:
        return tuple(self._found.values())
