"""Full names: `maker` where it stands alone, `maker[BTC-USDT, okx]` for one of a family."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.model.value_text import decimal_text, duration_text
from meltica_dsl.model.values import Duration, Secret, Setting, Symbol, Word
from meltica_dsl.resolve.setting_errors import secret_here


def full_name(name: str, index: Iterable[str]) -> str:
    """
    >>> full_name("maker", ("BTC-USDT", "okx")), full_name("maker", ())
    ('maker[BTC-USDT, okx]', 'maker')
    """
    inner = ", ".join(index)
    return f"{name}[{inner}]" if inner else name


def family_name(name: str) -> str:
    """
    >>> family_name("maker[BTC-USDT]"), family_name("maker")
    ('maker', 'maker')
    """
    return name.partition("[")[0]


def index_text(setting: Setting) -> str | None:
    """The value as it stands in an index, or None if it cannot stand there. Equal values give equal texts."""
    match setting.value:
        case Word() if "[" not in setting.value.text:
            return setting.value.text
        case Symbol():
            return str(setting.value)
        case Decimal():
            return decimal_text(setting.value)
        case Duration() if setting.value.ns >= 0:
            return duration_text(setting.value)
        case _:
            return None


def no_index(setting: Setting) -> Diagnostic:
    if isinstance(setting.value, Secret):
        return secret_here(setting.span, "a name")
    return Diagnostic(
        "E0218",
        "this value cannot stand in an index",
        setting.span,
        help=("an index is a name, a symbol, a number or a duration",),
    )
