"""Full names: `maker` where it stands alone, `maker[BTC-USDT, okx]` for one of a family."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.model.value_text import duration_text, number_text
from meltica_dsl.model.values import Duration, Secret, Setting, Symbol, Word
from meltica_dsl.resolve.scope import Scope
from meltica_dsl.resolve.type_errors import secret_here
from meltica_dsl.syntax import Expr, Name, NodeRef, Reference

if TYPE_CHECKING:
    from meltica_dsl.resolve.constants import Constants


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
            return number_text(setting.value)
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


def node_name(node: NodeRef, scope: Scope, constants: Constants) -> Name | None:
    """The full name that a reference means in its scope, with its place. None if an error was reported."""
    text = indexed_name(node.name, node.keys, scope, constants)
    return None if text is None else Name(text, node.span)


def indexed_name(name: Name, keys: tuple[Expr, ...], scope: Scope, constants: Constants) -> str | None:
    base = _base(name, scope, constants)
    texts = [_part(expr, scope, constants) for expr in keys]
    valid = [text for text in texts if text is not None]
    return None if base is None or len(valid) < len(texts) else full_name(base, valid)


def _base(name: Name, scope: Scope, constants: Constants) -> str | None:
    """The name itself, or that which a variable of this name holds."""
    if name.text not in scope.arguments:
        return name.text
    setting = constants.evaluate(Reference(name.text, name.span), scope)
    if setting is None:
        return None
    if isinstance(setting.value, Word):
        return setting.value.text
    message = f"`{name.text}` holds no name, so it names nothing here"
    constants.diagnostics.add(Diagnostic("E0301", message, name.span))
    return None


def _part(expr: Expr, scope: Scope, constants: Constants) -> str | None:
    setting = constants.evaluate(expr, scope)
    if setting is None:
        return None
    text = index_text(setting)
    if text is None:
        constants.diagnostics.add(no_index(setting))
    return text
