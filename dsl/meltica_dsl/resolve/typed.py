"""A setting as the type that its key wants, or an error that shows the way."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from meltica_dsl.diagnostics.diagnostic import Diagnostic, Edit, Fix, Label, replacement, replacements
from meltica_dsl.model.value_text import decimal_text
from meltica_dsl.model.values import (
    BOOLEANS,
    Duration,
    Rate,
    Ratio,
    Secret,
    Setting,
    Size,
    Symbol,
    Word,
    type_phrase,
)
from meltica_dsl.resolve.diagnostic_collector import DiagnosticCollector
from meltica_dsl.resolve.setting_errors import secret_here
from meltica_dsl.text.source import Span
from meltica_dsl.text.suggest import nearest

T = TypeVar("T")


class TypedValues:
    """Each method gives the value, or None after reporting what is wrong with it."""

    def __init__(self, diagnostics: DiagnosticCollector, lets: list[str]) -> None:
        self.diagnostics = diagnostics
        self._lets = lets

    def duration(self, key: str, setting: Setting, unit: str, least: Duration) -> Duration | None:
        """`unit` is the one that a bare number most likely meant."""
        if isinstance(setting.value, Duration):
            if setting.value >= least:
                return setting.value
            self._out_of_range(
                key, setting, "a duration above zero" if least.ns else "a duration of zero or more"
            )
            return None
        self._wrong_type(key, setting, "a duration", f"60{unit}", unit)
        return None

    def rate(self, key: str, setting: Setting) -> Rate | None:
        if not isinstance(setting.value, Rate):
            self._wrong_type(key, setting, "a rate", "5/s", "/s")
            return None
        if setting.value.count <= 0:
            self._out_of_range(key, setting, "a rate above zero")
            return None
        return setting.value

    def size(self, key: str, setting: Setting, least: Size) -> Size | None:
        if not isinstance(setting.value, Size):
            self._wrong_type(key, setting, "a size", "64MiB", "MiB")
            return None
        if setting.value < least:
            self._out_of_range(
                key,
                setting,
                f"at least {least.bytes // 2**20}MiB" if least.bytes >= 2**20 else "a size above zero",
            )
            return None
        return setting.value

    def ratio(self, key: str, setting: Setting) -> Ratio | None:
        if not isinstance(setting.value, Ratio):
            if isinstance(setting.value, Decimal):
                self._bare_ratio(key, setting, setting.value)
                return None
            self._wrong_type(key, setting, "a ratio", "2%", "")
            return None
        if setting.value.value <= 0:
            self._out_of_range(key, setting, "a ratio above zero")
            return None
        return setting.value

    def positive(self, key: str, setting: Setting) -> Decimal | None:
        if not isinstance(setting.value, Decimal):
            self._wrong_type(key, setting, "a number", "2.5", "")
            return None
        if setting.value > 0:
            return setting.value
        self._out_of_range(key, setting, "a number above zero")
        return None

    def number(self, key: str, setting: Setting) -> Decimal | None:
        if isinstance(setting.value, Decimal):
            return setting.value
        self._wrong_type(key, setting, "a number", "2.5", "")
        return None

    def whole(self, key: str, setting: Setting, least: int, most: int) -> int | None:
        value = setting.value
        if not isinstance(value, Decimal):
            self._wrong_type(key, setting, "a whole number", str(max(least, 1)), "")
            return None
        if value != value.to_integral_value() or not least <= value <= most:
            self._out_of_range(key, setting, f"a whole number of {least:_} to {most:_}")
            return None
        return int(value)

    def boolean(self, key: str, setting: Setting) -> bool | None:
        if isinstance(setting.value, bool):
            return setting.value
        self._wrong_type(key, setting, "`true` or `false`", "true", "")
        return None

    def symbol(self, key: str, setting: Setting) -> Symbol | None:
        if isinstance(setting.value, Symbol):
            return setting.value
        if isinstance(setting.value, str) and "-" in setting.value:
            self._report_quotes("a symbol is written without quotes", setting, setting.value)
            return None
        self._wrong_type(key, setting, "a symbol", "BTC-USDT", "")
        return None

    def word(self, key: str, setting: Setting) -> str | None:
        """A bare name."""
        if isinstance(setting.value, Word):
            return setting.value.text
        if isinstance(setting.value, str) and setting.value.isidentifier():
            self._report_quotes(f"`{key}` is a name, written without quotes", setting, setting.value)
            return None
        self._wrong_type(key, setting, "a name", None, "")
        return None

    def one_of(self, key: str, setting: Setting, choices: tuple[str, ...]) -> str | None:
        word = self.word(key, setting)
        if word is None or word in choices:
            return word
        likely = nearest(word, choices)
        listed = ", ".join(f"`{choice}`" for choice in choices)
        self.diagnostics.add(
            Diagnostic(
                "E0307",
                f"`{key}` cannot be `{word}`",
                setting.span,
                "not one of its values",
                notes=(f"its values are {listed}",),
                help=(f"did you mean `{likely}`?",) if likely else (),
                fixes=replacements(setting.span, likely),
            )
        )
        return None

    def items(
        self, key: str, setting: Setting, read: Callable[[str, Setting], T | None], example: str
    ) -> tuple[T, ...] | None:
        """A list of at least one value, none of them twice."""
        if not isinstance(setting.value, tuple):
            self._wrong_type(key, setting, "a list", example, "")
            return None
        if not setting.value:
            self._out_of_range(key, setting, "at least one value")
            return None
        values: dict[T, Span] = {}
        for item in setting.value:
            value = read(key, item)
            if value is None:
                return None
            if value in values:
                first = Label(values[value], "it stands here first")
                self.diagnostics.add(
                    Diagnostic("E0305", "this value stands in the list twice", item.span, labels=(first,))
                )
                return None
            values[value] = item.span
        return tuple(values)

    def fields(self, key: str, setting: Setting, example: str) -> dict[str, Setting] | None:
        """An object."""
        if isinstance(setting.value, dict):
            return setting.value
        self._wrong_type(key, setting, "an object", example, "")
        return None

    def _wrong_type(self, key: str, setting: Setting, wanted: str, example: str | None, suffix: str) -> None:
        self.diagnostics.add(self._type_error(key, setting, wanted, example, suffix))

    def _type_error(
        self, key: str, setting: Setting, wanted: str, example: str | None, suffix: str
    ) -> Diagnostic:
        value = setting.value
        if isinstance(value, Secret):
            return secret_here(setting.span, f"`{key}`")
        if isinstance(value, Decimal) and suffix:
            meant = f"{decimal_text(value)}{suffix}"
            return Diagnostic(
                "E0302",
                f"`{key}` is {wanted}, and `{decimal_text(value)}` has no unit",
                setting.span,
                "no unit",
                help=(f"write `{meant}`",),
                fixes=(replacement(setting.span, meant),),
            )
        likely = self._meant(value, wanted)
        hint = f"did you mean `{likely}`?" if likely else f"write it like `{example}`"
        return Diagnostic(
            "E0301",
            f"`{key}` is {wanted}, not {type_phrase(value)}",
            setting.span,
            type_phrase(value),
            help=(hint,) if likely or example else (),
            fixes=replacements(setting.span, likely),
        )

    def _report_quotes(self, message: str, setting: Setting, text: str) -> None:
        self.diagnostics.add(
            Diagnostic(
                "E0301",
                message,
                setting.span,
                "a string",
                help=(f"write `{text}`",),
                fixes=(Fix("remove the quotes", (Edit(setting.span, text),)),),
            )
        )

    def _meant(self, value: object, wanted: str) -> str | None:
        if not isinstance(value, Word):
            return None
        if "true" in wanted:
            return BOOLEANS.get(value.text.lower())
        return nearest(value.text, self._lets)

    def _bare_ratio(self, key: str, setting: Setting, value: Decimal) -> None:
        meant = f"{decimal_text(value * 100)}%"
        self.diagnostics.add(
            Diagnostic(
                "E0302",
                f"`{key}` is a ratio, and `{decimal_text(value)}` has no unit",
                setting.span,
                "no unit",
                help=(f"write `{meant}`, or basis points: `{decimal_text(value * 10_000)}bps`",),
                fixes=(replacement(setting.span, meant),),
            )
        )

    def _out_of_range(self, key: str, setting: Setting, wanted: str) -> None:
        self.diagnostics.add(Diagnostic("E0306", f"`{key}` wants {wanted}", setting.span, "out of range"))
