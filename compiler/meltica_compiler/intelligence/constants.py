"""What constants are worth, in the language's spelling."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from meltica_compiler.analyses.budget import size_text
from meltica_compiler.text.spelling import spell_number, spell_rate, spell_ratio, spell_text
from meltica_dsl import syntax
from meltica_dsl.intelligence.occurrences import Index
from meltica_dsl.model.value_text import duration_text
from meltica_dsl.model.values import Duration, Rate, Ratio, Secret, Setting, Size, Symbol, Word
from meltica_dsl.resolve.constants import Constants
from meltica_dsl.resolve.diagnostic_collector import DiagnosticCollector
from meltica_dsl.resolve.scope import Names


def constant_text(index: Index, name: str, environ: Mapping[str, str]) -> str:
    """The value of a `let`, "" when it has none because something is wrong."""
    diagnostics = DiagnosticCollector()
    declarations = tuple(declaration for file in index.files for declaration in file.declarations)
    whole = syntax.File(index.files[0].path, declarations, ())
    constants = Constants(Names(whole, diagnostics), diagnostics, environ)
    value = constants.let(name)
    return "" if value is None else spell_value(value)


def spell_value(setting: Setting) -> str:  # noqa: PLR0911 - one return for each kind
    match setting.value:
        case bool(value):
            return "true" if value else "false"
        case Decimal() as number:
            return spell_number(number)
        case Duration() as duration:
            return duration_text(duration)
        case Rate() as rate:
            return spell_rate(rate)
        case Size() as size:
            return size_text(size.bytes)
        case Ratio() as ratio:
            return spell_ratio(ratio)
        case Symbol() as symbol:
            return str(symbol)
        case Word(text):
            return text
        case Secret(name):
            return f"secret({spell_text(name)})"
        case str(text):
            return spell_text(text)
        case tuple(items):
            return f"[{', '.join(spell_value(item) for item in items)}]"
        case dict(members):
            inner = ", ".join(f"{key} = {spell_value(value)}" for key, value in members.items())
            return f"{{ {inner} }}" if inner else "{}"
