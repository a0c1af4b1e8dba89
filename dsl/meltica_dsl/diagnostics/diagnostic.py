"""Diagnostics as data. How they look is the renderers' business, what they cause the caller's."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from msgspec import Struct

from meltica_dsl.text.source import Span


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"


class Label(NamedTuple):
    """A place that explains the error, with a few words on why it matters."""

    span: Span
    message: str


class Edit(NamedTuple):
    """Replace the text of `span` by `replacement`."""

    span: Span
    replacement: str


class Fix(NamedTuple):
    """A mechanical way out that an editor or `check --fix` can apply."""

    title: str
    edits: tuple[Edit, ...]


def replacement(span: Span, text: str) -> Fix:
    """The fix that writes `text` instead of what stands at `span`."""
    return Fix(f"write `{text}`", (Edit(span, text),))


def replacements(span: Span, text: str | None) -> tuple[Fix, ...]:
    """The same as all fixes of a diagnostic; none where nobody knows what was meant."""
    return () if text is None else (replacement(span, text),)


class Diagnostic(Struct, frozen=True):
    """One mistake: a stable code, the smallest span that is wrong, why, and the way out."""

    code: str
    message: str
    span: Span
    label: str = ""
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    severity: Severity = Severity.ERROR


def has_errors(diagnostics: tuple[Diagnostic, ...]) -> bool:
    return any(d.severity is Severity.ERROR for d in diagnostics)


def in_source_order(diagnostics: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(diagnostics, key=lambda d: (d.span.path, d.span.start, d.span.end, d.code)))
