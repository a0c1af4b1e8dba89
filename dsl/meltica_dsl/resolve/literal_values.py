"""What literals are worth. One that means nothing is reported, and its value is None."""

from __future__ import annotations

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic, replacements
from meltica_dsl.parse.literals import LiteralFault, LiteralValue, read_literal
from meltica_dsl.resolve.diagnostic_collector import DiagnosticCollector
from meltica_dsl.text.source import Span
from meltica_dsl.text.strings import BadEscape, read_string


def literal_value(expr: syntax.Literal, diagnostics: DiagnosticCollector) -> LiteralValue | None:
    value = read_literal(expr.text)
    if not isinstance(value, LiteralFault):
        return value
    diagnostics.add(_literal_fault(value, expr.span))
    return None


def string_value(expr: syntax.StringLiteral, diagnostics: DiagnosticCollector) -> str | None:
    value = read_string(expr.text)
    if isinstance(value, str):
        return value
    diagnostics.add(_bad_escape(value, expr.span))
    return None


def _literal_fault(fault: LiteralFault, span: Span) -> Diagnostic:
    fixes = replacements(span, fault.replacement)
    return Diagnostic(fault.code, fault.message, span, help=(fault.help,), fixes=fixes)


def _bad_escape(bad: BadEscape, span: Span) -> Diagnostic:
    return Diagnostic(
        "E0105",
        f"`{bad.text}` is no escape",
        Span(span.path, span.start + bad.start, span.start + bad.end),
        help=(r"escapes are `\"`, `\\`, `\n`, `\t`, `\r` and `\u{1F600}`; a backslash is `\\`",),
    )
