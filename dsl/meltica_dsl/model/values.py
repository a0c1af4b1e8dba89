"""Typed values of the language: what a literal with a unit means, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from meltica_dsl.text.source import Span


class Duration(Struct, frozen=True, order=True):
    """A span of time in whole nanoseconds: `250us`, `100ms`, `1m30s`."""

    ns: int

    @property
    def seconds(self) -> float:
        return self.ns / 1e9

    @property
    def us(self) -> float:
        return self.ns / 1e3


class Rate(Struct, frozen=True):
    """So many in a time: `5/s`, `1_000/1m`."""

    count: Decimal
    per: Duration

    @property
    def per_second(self) -> float:
        return float(self.count) / self.per.seconds


class Size(Struct, frozen=True, order=True):
    """An amount of memory: `64KiB`, `256MiB`."""

    bytes: int


class Ratio(Struct, frozen=True, order=True):
    """A dimensionless part, held as the plain number: `2%` is 0.02, `5bps` is 0.0005."""

    value: Decimal


class Symbol(Struct, frozen=True, order=True):
    """What is traded: `BTC-USDT`."""

    base: str
    quote: str

    @classmethod
    def parse(cls, text: str) -> Symbol:
        """The symbol of `BASE-QUOTE`. It stands in files, records and venues' messages as such a text."""
        base, _, quote = text.partition("-")
        return cls(base, quote)

    def __str__(self) -> str:
        return f"{self.base}-{self.quote}"


class Secret(Struct, frozen=True):
    """The name of a secret. The value is looked up by the runtime, never by the compiler."""

    name: str


class Word(Struct, frozen=True):
    """A bare name used as a value, such as `drop_oldest` or the `limit` of `order_types`."""

    text: str


_TYPE_NAMES: Mapping[type, str] = {
    Duration: "duration",
    Rate: "rate",
    Size: "size",
    Ratio: "ratio",
    Symbol: "symbol",
    Secret: "secret",
    Word: "name",
    Decimal: "number",
    bool: "boolean",
    str: "string",
    tuple: "list",
    dict: "object",
}


BOOLEANS: Mapping[str, str] = {
    **dict.fromkeys(("true", "yes", "on", "1"), "true"),
    **dict.fromkeys(("false", "no", "off", "0"), "false"),
}
"""How other languages spell them, and how the environment does."""


Scalar = Decimal | bool | str | Duration | Rate | Size | Ratio | Symbol | Secret | Word


class Setting(Struct, frozen=True):
    """A value with the places of its key and of itself, as the operator wrote them.

    `value` is a scalar, a tuple of `Setting` (a list) or a dict of `Setting` by key (an object).
    """

    value: SettingValue
    span: Span
    key_span: Span | None = None


SettingValue = Scalar | tuple[Setting, ...] | dict[str, Setting]

Settings = Mapping[str, Setting]


def type_name(value: SettingValue) -> str:
    """How the language calls the type of a value."""
    return _TYPE_NAMES[type(value)]


def type_phrase(value: SettingValue) -> str:
    """The same with its article."""
    name = type_name(value)
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
