"""One mistake, one error: those that only follow from another are left out."""

from __future__ import annotations

from meltica_dsl.diagnostics.codes.cascades import CASCADES, Cascade, Overlap
from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.text.source import Span


def without_cascades(diagnostics: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    """The diagnostics without second errors of one mistake, as `codes.cascades` declares them."""
    left = diagnostics
    for cascade in CASCADES:
        causes = {_key(d.span, cascade.overlap) for d in diagnostics if d.code in cascade.causes}
        if causes:
            left = tuple(d for d in left if not _follows(d, cascade, causes))
    return left


def _follows(diagnostic: Diagnostic, cascade: Cascade, causes: set[Span]) -> bool:
    if diagnostic.code in cascade.causes or cascade.effect not in (None, diagnostic.code):
        return False
    span = diagnostic.span if cascade.overlap is Overlap.SAME_SPAN else _block(diagnostic)
    return _key(span, cascade.overlap) in causes


def _key(span: Span, overlap: Overlap) -> Span:
    return span if overlap is Overlap.SAME_SPAN else Span(span.path, span.start, span.start)


def _block(diagnostic: Diagnostic) -> Span:
    """Where the block begins that a diagnostic is about: its fix stands right before."""
    ((edit,),) = (fix.edits for fix in diagnostic.fixes)
    return edit.span
