"""Collects what is wrong, so that one mistake gives one error."""

from __future__ import annotations

from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.text.source import Span


class DiagnosticCollector:
    """Diagnostics so far. A second error of the same code at the same place is the same mistake seen
    again, as in a stage that several routes use."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Span], Diagnostic] = {}
        self._count = 0

    def add(self, diagnostic: Diagnostic) -> None:
        self._count += 1
        self._found.setdefault((diagnostic.code, diagnostic.span), diagnostic)

    def again(self, code: str, span: Span) -> bool:
        """Whether this mistake was seen before, so that nobody need find words for it. If so, it counts."""
        is_known = (code, span) in self._found
        self._count += is_known
        return is_known

    def recur(self) -> None:
        """What is in hand is invalid for a mistake that was found elsewhere, and reported there."""
        self._count += 1

    def __len__(self) -> int:
        """How often something was found wrong, the same mistake counted each time: who compares this before
        and after knows whether what is in hand is valid."""
        return self._count

    def all(self) -> tuple[Diagnostic, ...]:
        return tuple(self._found.values())
