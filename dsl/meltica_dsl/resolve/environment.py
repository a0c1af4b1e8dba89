"""`env("NAME", default)` and `secret("NAME")`: expressions, never text substitution."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.model.values import BOOLEANS, Ratio, Scalar, Secret, Setting, Symbol, Word, type_name
from meltica_dsl.parse.lexer import lex
from meltica_dsl.parse.literals import LiteralFault, LiteralValue, read_literal
from meltica_dsl.resolve.diagnostic_collector import DiagnosticCollector
from meltica_dsl.resolve.literal_values import string_value

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_READ = re.compile(rf'\benv\s*\(\s*"({_VARIABLE.pattern})"')
_KEPT = re.compile(rf'\bsecret\s*\(\s*"({_VARIABLE.pattern})"')
_MAX_SHOWN = 40
"""Characters of a variable's value that an error shows."""


def shown_variables(texts: Iterable[str]) -> frozenset[str]:
    """Variables that pipeline files read by `env`, so that their values are no secret."""
    whole = "\n".join(texts)
    return frozenset(_READ.findall(whole)) - frozenset(_KEPT.findall(whole))


class Environment:
    """Reads variables. The text of a variable is read as the type of its default, so that a value from
    outside is of the type that the file says; without a default it is a string."""

    def __init__(self, environ: Mapping[str, str], diagnostics: DiagnosticCollector) -> None:
        self._environ = environ
        self._diagnostics = diagnostics
        self._reported: set[tuple[str, str]] = set()
        """Variables that are missing, and those that do not hold what is wanted, with the kind of that."""

    def name_of(self, call: syntax.FunctionCall) -> str | None:
        """The variable or the secret that a call names; None if it is not written as it has to be."""
        function = call.function.text
        most = 2 if function == "env" else 1
        if not 1 <= len(call.arguments) <= most or not isinstance(call.arguments[0], syntax.StringLiteral):
            form = '`env("NAME", default)`' if function == "env" else '`secret("NAME")`'
            message = f"`{function}` takes the name of a {'variable' if most == 2 else 'secret'} in quotes"
            self._report("E0211", message, call, f"the form is {form}")
            return None
        name = string_value(call.arguments[0], self._diagnostics)
        if name is not None and _VARIABLE.fullmatch(name) is None:
            message = f"`{name}` is no name of a variable"
            self._report("E0310", message, call.arguments[0], "use A-Z, 0-9 and _")
            return None
        return name

    def value(self, name: str, call: syntax.FunctionCall) -> str | None:
        """The text of a variable, which has to be there."""
        text = self._environ.get(name)
        if text is None and self._is_new(name, ""):
            hint = f'set it, or give a default: `env("{name}", default)`'
            self._report("E0903", f"the environment has no variable `{name}`", call, hint)
        return text

    def value_or_default(self, name: str, call: syntax.FunctionCall, default: Setting) -> Scalar | None:
        """The value of a variable, which is of the default's type if there is one."""
        if isinstance(default.value, tuple | dict | Secret):
            message = "a default is a single value"
            hint = "lists, objects and secrets are not read from text"
            self._report("E0301", message, call.arguments[1], hint)
            return None
        text = self._environ.get(name)
        if text is None:
            return default.value
        value = _read_as(text, default.value)
        kind = type_name(default.value)
        if value is None and self._is_new(name, kind):
            shown = text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"
            message = f"the variable `{name}` holds `{shown}`, which is no {kind}"
            self._report("E0904", message, call, _way_out(name, text, kind, call.arguments[1]))
        return value

    def _is_new(self, name: str, kind: str) -> bool:
        """Whether it is the first time that a variable is found wrong: however often it is read, it is set
        once."""
        if (name, kind) in self._reported:
            self._diagnostics.recur()
            return False
        self._reported.add((name, kind))
        return True

    def _report(self, code: str, message: str, at: syntax.Expr, hint: str) -> None:
        self._diagnostics.add(Diagnostic(code, message, at.span, help=(hint,)))


def _way_out(name: str, text: str, kind: str, default: syntax.Expr) -> str:
    if kind == type_name(True):
        meant = BOOLEANS.get(text.strip().lower())
        return f"did you mean `{name}={meant}`?" if meant else f"set `{name}=true` or `{name}=false`"
    like = f", like `{default.text}`" if isinstance(default, syntax.Literal | syntax.SymbolLiteral) else ""
    return f"its default is a {kind}, so it must hold one too{like}"


def _read_as(text: str, default: Scalar) -> Scalar | None:  # noqa: PLR0911 - one return for each kind
    """The text as a value of the default's type, or None if it is none."""
    if isinstance(default, str):
        return text
    text = text.strip()
    if isinstance(default, bool):
        return {"true": True, "false": False}.get(text)
    if isinstance(default, Word):
        return Word(text) if _VARIABLE.fullmatch(text) else None
    negative = text.startswith("-")
    text = text.removeprefix("-")
    token = lex("", text).tokens[0]
    if token.text != text:
        return None
    if isinstance(default, Symbol):
        return Symbol.parse(token.text) if token.kind == "SYMBOL" else None
    value = read_literal(token.text) if token.kind == "LITERAL" else None
    if value is None or isinstance(value, LiteralFault) or type(value) is not type(default):
        return None
    return _negated(value) if negative else value


def _negated(value: LiteralValue) -> Scalar | None:
    match value:
        case Decimal():
            return -value
        case Ratio():
            return Ratio(-value.value)
        case _:
            return None
