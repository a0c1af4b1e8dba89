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
            case syntax.ImportDecl():
                findings.add(unsupported("`import`", _keyword(declaration.span, "import")))
            case syntax.PlaceDecl():
                findings.add(unsupported("`place`", _keyword(declaration.span, "place")))
            case _:
                _report_modifiers(declaration, findings)


def has_modifiers(declaration: syntax.Declaration) -> bool:
    return bool(_modifiers(declaration))


def _report_modifiers(declaration: syntax.Declaration, findings: Findings) -> None:
    for modifier in _modifiers(declaration)[:1]:
        keyword = "for" if isinstance(modifier, syntax.Repeat) else "if"
        findings.add(unsupported(f"`{keyword}` on a declaration", _keyword(modifier.span, keyword)))


def _modifiers(declaration: syntax.Declaration) -> tuple[syntax.Modifier, ...]:
    match declaration:
        case (
            syntax.ProviderDecl()
            | syntax.PoolDecl()
            | syntax.RiskDecl()
            | syntax.StrategyDecl()
            | syntax.SinkDecl()
            | syntax.RouteDecl()
        ):
            return declaration.modifiers
        case _:
            return ()


def _keyword(span: Span, keyword: str) -> Span:
    return Span(span.path, span.start, span.start + len(keyword))
