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
    """One mistake, one error. Of a setting that there is not at all, or whose value can be no object, it does
    not matter that `=` is missing before the braces; of a string in the wrong quotes, what it would mean."""
    unknown = {d.span for d in diagnostics if d.code in _UNKNOWN_KEY}
    mistyped = {(d.span.path, d.span.start) for d in diagnostics if d.code in _WRONG_TYPE}
    unreadable = {d.span for d in diagnostics if d.code == "E0103"}
    told = (
        d
        for d in diagnostics
        if (d.code == "E0103" or d.span not in unreadable)
        and (d.code != "E0308" or not (d.span in unknown or _behind(d) in mistyped))
    )
    return tuple(sorted(told, key=lambda d: (d.span.path, d.span.start, d.span.end, d.code)))


_UNKNOWN_KEY = frozenset({"E0303", "E0522"})
_WRONG_TYPE = frozenset({"E0301", "E0523"})


def _behind(diagnostic: Diagnostic) -> tuple[str, int]:
    """Where the block begins before which an `=` is missing."""
    ((edit,),) = (fix.edits for fix in diagnostic.fixes)
    return edit.span.path, edit.span.start
