"""A strategy's `config` against what its module declares, turned into what JavaScript gets.

Numbers and ratios become plain numbers (`5bps` is 0.0005), durations text such as `500ms` (as modules
write their own defaults), symbols text such as `BTC-USDT`, lists arrays and objects objects. A key that
is left out gets the module's default, or stays away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from meltica_compiler.adapters.setting_schema import value_kind
from meltica_compiler.graph.graph import SettingValue
from meltica_compiler.modules.metadata import ConfigField, ConfigType, JsonValue
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Edit, Fix
from meltica_dsl.model.pipeline import Strategy
from meltica_dsl.model.value_text import decimal_text, duration_text
from meltica_dsl.model.values import Duration, Rate, Ratio, Secret, Setting, Size, Symbol, Word
from meltica_dsl.text.suggest import nearest

_WANTED = {
    ConfigType.STRING: "a string in quotes",
    ConfigType.INT: "a whole number",
    ConfigType.FLOAT: "a number, or a ratio such as `5bps`",
    ConfigType.BOOL: "`true` or `false`",
    ConfigType.DURATION: "a duration such as `500ms`",
    ConfigType.SYMBOL: "a symbol such as `BTC-USDT`",
    ConfigType.LIST: "a list",
    ConfigType.OBJECT: "an object",
}


class ReadConfig(Struct, frozen=True):
    """What is sound of a config, and what is wrong with the rest."""

    values: dict[str, SettingValue]
    diagnostics: tuple[Diagnostic, ...]


def read_config(strategy: Strategy, fields: Sequence[ConfigField]) -> ReadConfig:
    """The values in the order of the module's fields, and what was wrong."""
    known = {field.name: field for field in fields}
    found = [
        _unknown(key, setting, known, strategy)
        for key, setting in strategy.config.items()
        if key not in known
    ]
    misspelt = {nearest(key, known) for key in strategy.config if key not in known}
    values: dict[str, SettingValue] = {}
    for field in fields:
        setting = strategy.config.get(field.name)
        if setting is not None and isinstance(setting.value, Secret):
            continue  # the language has refused it already
        if setting is not None:
            value = _read(field, setting)
            if isinstance(value, Diagnostic):
                found.append(value)
            else:
                values[field.name] = value
        elif field.default is not None:
            values[field.name] = _plain_default(field.default)
        elif field.required and field.name not in misspelt | strategy.invalid_keys:
            found.append(_missing(field, strategy))
    return ReadConfig(values, tuple(found))


def _read(field: ConfigField, setting: Setting) -> SettingValue | Diagnostic:
    value = _convert(field.type, setting)
    return _wrong_type(field, setting) if value is None else value


def _convert(type: ConfigType, setting: Setting) -> SettingValue:  # noqa: PLR0911 - one arm for each type
    """The value as this type, None if it is not of it."""
    match type, setting.value:
        case ConfigType.BOOL, bool(value):
            return value
        case ((ConfigType.INT | ConfigType.FLOAT), bool()):
            return None
        case ConfigType.INT, Decimal() as number:
            return int(number) if number == number.to_integral_value() else None
        case ConfigType.FLOAT, (Decimal() as number) | Ratio(value=number):
            return number
        case ConfigType.STRING, str(text):
            return text
        case ((ConfigType.STRING | ConfigType.SYMBOL), Symbol() as symbol):
            return str(symbol)
        case ConfigType.DURATION, Duration() as duration:
            return duration_text(duration)
        case (ConfigType.LIST, tuple()) | (ConfigType.OBJECT, dict()):
            return _plain(setting)
        case _:
            return None


def _plain(setting: Setting) -> SettingValue:  # noqa: PLR0911 - one arm for each type
    """A value inside a list or an object, by its own type."""
    match setting.value:
        case Ratio(value=number):
            return number
        case Duration() as duration:
            return duration_text(duration)
        case Rate() as rate:
            return rate.per_second
        case Size(bytes=size):
            return size
        case Symbol() as symbol:
            return str(symbol)
        case Word(text=word):
            return word
        case tuple(items):
            return tuple(_plain(item) for item in items)
        case dict(members):
            return {key: _plain(member) for key, member in members.items()}
        case value:
            return value


def _plain_default(value: JsonValue) -> SettingValue:
    if isinstance(value, Mapping):
        return {key: _plain_default(member) for key, member in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_plain_default(item) for item in value)
    return value


def _unknown(key: str, setting: Setting, known: Mapping[str, ConfigField], strategy: Strategy) -> Diagnostic:
    span = setting.key_span or setting.span
    near = nearest(key, known)
    listed = ", ".join(f"`{name}`" for name in known) or "no settings"
    return Diagnostic(
        "E0522",
        f"the config of `{strategy.selector.name}` has no `{key}`",
        span,
        label="unknown to the module",
        help=(f"did you mean `{near}`?" if near else f"it takes {listed}",),
        fixes=(Fix(f"rename to `{near}`", (Edit(span, near),)),) if near else (),
    )


def _missing(field: ConfigField, strategy: Strategy) -> Diagnostic:
    return Diagnostic(
        "E0524",
        f"`{strategy.selector.name}` needs `{field.name}` in its config",
        strategy.name_span,
        label=f"no `{field.name}`",
        notes=(f"`{field.name}`: {field.description}",) if field.description else (),
        help=(f"add `{field.name} = …`, {_WANTED[field.type]}",),
    )


def _wrong_type(field: ConfigField, setting: Setting) -> Diagnostic:
    fix = _fix(field, setting)
    return Diagnostic(
        "E0523",
        f"`{field.name}` wants {_WANTED[field.type]}",
        setting.span,
        label=f"this is {value_kind(setting)}",
        notes=(f"`{field.name}`: {field.description}",) if field.description else (),
        help=(f"write `{fix.edits[0].replacement}`",) if fix else (),
        fixes=(fix,) if fix else (),
    )


def _fix(field: ConfigField, setting: Setting) -> Fix | None:
    """What was probably meant: a word in quotes, or a bare number of seconds."""
    match field.type, setting.value:
        case ConfigType.STRING, Word(text=word):
            return Fix("put it in quotes", (Edit(setting.span, f'"{word}"'),))
        case ConfigType.DURATION, Decimal() as number:
            return Fix("say the unit: seconds", (Edit(setting.span, f"{decimal_text(number)}s"),))
        case _:
            return None
