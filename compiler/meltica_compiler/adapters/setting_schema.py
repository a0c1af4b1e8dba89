"""What settings a thing takes, and what was written turned into plain values or into diagnostics.

Providers and sinks share this: an adapter or a kind of sink lists its `SettingSpec`s, and nothing else
in the compiler knows their names.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum

from msgspec import Struct

from meltica_compiler.graph.graph import SettingValue
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Edit, Fix
from meltica_dsl.model.value_text import decimal_text
from meltica_dsl.model.values import (
    Duration,
    Rate,
    Ratio,
    Secret,
    Setting,
    Settings,
    Size,
    Symbol,
    Word,
    type_phrase,
)
from meltica_dsl.text.source import Span
from meltica_dsl.text.suggest import nearest


class SettingType(Enum):
    """What may be written; the value is how messages call it. Beside each, what becomes of it."""

    NUMBER = "a number"  # Decimal
    INTEGER = "a whole number"  # int
    RATIO = "a ratio such as `2%` or `5bps`"  # Decimal, the plain number
    DURATION = "a duration such as `250ms`"  # float, seconds
    RATE = "a rate such as `1_000/s`"  # float, a second
    SIZE = "a size such as `64KiB`"  # int, bytes
    TEXT = "a string in quotes"  # str
    BOOLEAN = "`true` or `false`"  # bool
    WORD = "a word"  # str, one of `choices`
    SECRET = 'a secret such as `secret("NAME")`'  # Secret  # noqa: S105 - names a type
    NUMBERS = "an object of numbers, such as `{ BTC = 2 }`"  # dict[str, Decimal]


class Limits(Struct, frozen=True):
    """What a number may be: more than `above`, at least `least`, at most `most`, with so
    many `decimals`."""

    above: Decimal | None = None
    least: Decimal | None = None
    most: Decimal | None = None
    decimals: int | None = None

    def admit(self, value: Decimal) -> bool:
        return (
            (self.above is None or value > self.above)
            and (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.decimals is None or value == round(value, self.decimals))
        )

    def words(self, unit: str = "", scale: int = 1) -> str:
        """As a message says them, with the unit that the value is written in: `at most 10%`."""
        parts = (("more than", self.above), ("at least", self.least), ("at most", self.most))
        said = [f"{words} {_grouped(limit * scale)}{unit}" for words, limit in parts if limit is not None]
        if self.decimals is not None:
            said.append(f"at most {self.decimals} decimals")
        return " and ".join(said)


def _grouped(number: Decimal) -> str:
    return f"{int(number):_}" if number == number.to_integral_value() else decimal_text(number)


POSITIVE = Limits(above=Decimal(0))
NOT_NEGATIVE = Limits(least=Decimal(0))


class SettingSpec(Struct, frozen=True):
    """One setting. `types` are the alternatives; `limits` hold for its numbers in the unit of the value
    that it becomes; `default` is that value, None when leaving it out means something of its own."""

    name: str
    types: tuple[SettingType, ...]
    description: str
    default: SettingValue = None
    required: bool = False
    limits: Limits = Limits()
    choices: tuple[str, ...] = ()

    @property
    def wanted(self) -> str:
        words = " or ".join(f"`{choice}`" for choice in self.choices)
        return " or ".join(words if t is SettingType.WORD else t.value for t in self.types)


class ReadSettings(Struct, frozen=True):
    """The value of every setting, defaults filled in, in the order of the schema; and what was wrong."""

    values: dict[str, SettingValue]
    diagnostics: tuple[Diagnostic, ...]


def read_settings(
    schema: tuple[SettingSpec, ...],
    written: Settings,
    invalid_keys: frozenset[str],
    *,
    owner: str,
    place: Span,
    kept: tuple[str, ...] = (),
) -> ReadSettings:
    """Judges what was `written` in a block that is called `owner` in messages and stands at `place`.

    `invalid_keys` are written too, and their values are wrong already. `kept` are keys of the block that are
    no settings; they are only suggested.
    """
    known = {spec.name: spec for spec in schema}
    diagnostics = [
        _unknown(key, setting, (*known, *kept), owner) for key, setting in written.items() if key not in known
    ]
    misspelt = {nearest(key, (*known, *kept)) for key in written if key not in known}
    values: dict[str, SettingValue] = {}
    for spec in schema:
        if spec.name not in written:
            if spec.required and spec.name not in misspelt | invalid_keys:
                diagnostics.append(_missing(spec, owner, place))
            values[spec.name] = spec.default
            continue
        value = _read(spec, written[spec.name])
        if isinstance(value, Diagnostic):
            diagnostics.append(value)
        else:
            values[spec.name] = value
    return ReadSettings(values, tuple(diagnostics))


def _read(spec: SettingSpec, setting: Setting) -> SettingValue | Diagnostic:
    for type in spec.types:
        read = _convert(type, setting, spec)
        if read is not None:
            return _limited(read, setting, spec)
    leaked = _secret_within(setting)
    if leaked is not None:
        return _leaked(spec.name, leaked.span)
    if isinstance(setting.value, Word) and SettingType.WORD in spec.types:
        near = nearest(setting.value.text, spec.choices)
        return Diagnostic(
            "E0307",
            f"`{spec.name}` cannot be `{setting.value.text}`",
            setting.span,
            label="not one of its values",
            notes=(f"its values are {', '.join(f'`{choice}`' for choice in spec.choices)}",),
            help=(f"did you mean `{near}`?",) if near else (),
            fixes=(Fix(f"replace by `{near}`", (Edit(setting.span, near),)),) if near else (),
        )
    return _wrong_type(spec, setting)


def _secret_within(setting: Setting) -> Setting | None:
    """The setting itself, or the first in its list or object, that is a secret."""
    match setting.value:
        case Secret():
            return setting
        case tuple():
            parts = setting.value
        case dict():
            parts = tuple(setting.value.values())
        case _:
            return None
    return next((found for part in parts if (found := _secret_within(part)) is not None), None)


def _convert(  # noqa: PLR0911, PLR0912 - one arm for each type
    type: SettingType, setting: Setting, spec: SettingSpec
) -> SettingValue | None:
    """The value as this type, None if it is not of it."""
    match type, setting.value:
        case SettingType.BOOLEAN, bool(value):
            return value
        case ((SettingType.NUMBER | SettingType.INTEGER), bool()):
            return None
        case SettingType.NUMBER, Decimal() as number:
            return number
        case SettingType.INTEGER, Decimal() as number:
            return int(number) if number == number.to_integral_value() else None
        case SettingType.RATIO, Ratio(value=ratio):
            return ratio
        case SettingType.DURATION, Duration() as duration:
            return duration.seconds
        case SettingType.RATE, Rate() as rate:
            return rate.per_second
        case SettingType.SIZE, Size() as size:
            return size.bytes
        case SettingType.TEXT, str(text):
            return text
        case SettingType.SECRET, Secret() as secret:
            return secret
        case SettingType.WORD, Word(text=word):
            return word if word in spec.choices else None
        case SettingType.NUMBERS, dict(members):
            return _numbers(members)
        case _:
            return None


def _numbers(members: Mapping[str, Setting]) -> dict[str, SettingValue] | None:
    numbers: dict[str, SettingValue] = {}
    for key, member in members.items():
        if not isinstance(member.value, Decimal):
            return None
        numbers[key] = member.value
    return numbers


def _limited(value: SettingValue, setting: Setting, spec: SettingSpec) -> SettingValue | Diagnostic:
    members = value.values() if isinstance(value, dict) else (value,)
    for member in members:
        if isinstance(member, bool) or not isinstance(member, int | float | Decimal):
            continue
        if not spec.limits.admit(Decimal(member)):
            return Diagnostic(
                "E0306",
                f"`{spec.name}` is out of range",
                setting.span,
                label=f"wants {_limits_of(spec, setting)}",
                notes=(f"`{spec.name}`: {spec.description}",),
            )
    return value


def _limits_of(spec: SettingSpec, setting: Setting) -> str:
    match setting.value:
        case Ratio():
            return spec.limits.words("%", 100)
        case Duration():
            return spec.limits.words("s")
        case Rate():
            return spec.limits.words("/s")
        case _:
            return spec.limits.words()


def _unknown(key: str, setting: Setting, known: tuple[str, ...], owner: str) -> Diagnostic:
    span = setting.key_span or setting.span
    near = nearest(key, known)
    if near is None:
        listed = ", ".join(f"`{name}`" for name in sorted(known))
        return Diagnostic(
            "E0303", f"{owner} has no setting `{key}`", span, label="unknown", help=(f"it takes {listed}",)
        )
    return Diagnostic(
        "E0303",
        f"{owner} has no setting `{key}`",
        span,
        label="unknown",
        help=(f"did you mean `{near}`?",),
        fixes=(Fix(f"rename to `{near}`", (Edit(span, near),)),),
    )


def _missing(spec: SettingSpec, owner: str, place: Span) -> Diagnostic:
    return Diagnostic(
        "E0304",
        f"{owner} needs the setting `{spec.name}`",
        place,
        label=f"no `{spec.name}`",
        notes=(f"`{spec.name}`: {spec.description}",),
        help=(f"add `{spec.name} = …`, {spec.wanted}",),
    )


def _leaked(name: str, span: Span) -> Diagnostic:
    return Diagnostic(
        "E0801",
        f"a secret cannot flow into `{name}`",
        span,
        label="this is a secret",
        notes=("it would be shown wherever this setting is shown",),
        help=('write the value itself, or take it from the environment with `env("NAME")`',),
    )


def _wrong_type(spec: SettingSpec, setting: Setting) -> Diagnostic:
    fix = _fix(spec, setting)
    if fix is not None and isinstance(setting.value, Decimal):
        return Diagnostic(
            "E0302",
            f"`{spec.name}` wants {spec.wanted}, and `{decimal_text(setting.value)}` has no unit",
            setting.span,
            label="no unit",
            help=(f"write `{fix.edits[0].replacement}`",),
            fixes=(fix,),
        )
    return Diagnostic(
        "E0301",
        f"`{spec.name}` wants {spec.wanted}",
        setting.span,
        label=f"this is {value_kind(setting)}",
        help=(f"write `{fix.edits[0].replacement}`",) if fix else (),
        fixes=(fix,) if fix else (),
    )


def value_kind(setting: Setting) -> str:
    """What was written, in words: `a duration`, `an object`."""
    if isinstance(setting.value, Word):
        return f"the word `{setting.value.text}`"
    return type_phrase(setting.value)


def _fix(spec: SettingSpec, setting: Setting) -> Fix | None:
    """What a bare number, or a word in quotes, was probably meant to be."""
    wanted, value = spec.types[0], setting.value
    if isinstance(value, str) and value in spec.choices:
        return Fix("take the quotes away", (Edit(setting.span, value),))
    if wanted is SettingType.TEXT and isinstance(value, Word | Symbol):
        text = f'"{value.text if isinstance(value, Word) else value}"'
        return Fix("put it in quotes", (Edit(setting.span, text),))
    if isinstance(value, bool) or not isinstance(value, Decimal):
        return None
    units = {
        SettingType.DURATION: (value, "s", "seconds"),
        SettingType.RATE: (value, "/s", "a second"),
        SettingType.RATIO: (value * 100, "%", "per cent"),
    }
    if wanted not in units:
        return None
    number, unit, words = units[wanted]
    return Fix(f"say the unit: {words}", (Edit(setting.span, f"{decimal_text(number)}{unit}"),))
