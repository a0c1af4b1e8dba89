"""What the grammar reads and this version does not do. It says so instead of doing something else."""

from __future__ import annotations

from meltica_dsl import syntax
from meltica_dsl.diagnostics import Diagnostic
from meltica_dsl.resolve.findings import Findings
from meltica_dsl.source import Span


def unsupported(what: str, span: Span) -> Diagnostic:
    return Diagnostic(
        "E0109",
        f"{what} is not supported by this version",
        span,
        help=("leave it out until a later version supports it",),
    )


def report_unsupported(file: syntax.File, findings: Findings) -> None:
    for declaration in file.declarations:
        match declaration:
            case syntax.PlaceDecl():
                findings.add(unsupported("`place`", _keyword(declaration.span, "place")))
            case _:
                pass


def _keyword(span: Span, keyword: str) -> Span:
    return Span(span.path, span.start, span.start + len(keyword))
