"""The language's spelling of settings and limits, as the drawings show them."""

from __future__ import annotations

from decimal import Decimal

from meltica_compiler.adapters.adapters import ADAPTERS
from meltica_compiler.adapters.setting_schema import SettingSpec, SettingType
from meltica_compiler.adapters.sinks import SINK_KINDS
from meltica_compiler.graph.graph import Place, SettingValue
from meltica_dsl.model.pipeline import CircuitBreaker, KillSwitch, Linger, Risk
from meltica_dsl.model.value_text import decimal_text, duration_text
from meltica_dsl.model.values import Duration, Rate, Ratio, Secret

GROUPED_FROM = 10_000
"""Whole numbers from here on get their thousands parted: `250_000`."""


def spell_number(value: Decimal) -> str:
    """Plain digits, never an exponent, thousands parted where that helps.

    >>> spell_number(Decimal("250000.50"))
    '250_000.5'
    """
    whole, dot, fraction = decimal_text(value).partition(".")
    if abs(int(whole)) >= GROUPED_FROM:
        whole = f"{int(whole):_}"
    return whole + dot + fraction


def spell_ratio(ratio: Ratio) -> str:
    """Percent where that is a whole number, else basis points where those are, else percent.

    >>> spell_ratio(Ratio(Decimal("0.02"))), spell_ratio(Ratio(Decimal("0.0005")))
    ('2%', '5bps')
    """
    percent, points = ratio.value * 100, ratio.value * 10_000
    if percent != percent.to_integral_value() and points == points.to_integral_value():
        return f"{spell_number(points)}bps"
    return f"{spell_number(percent)}%"


def spell_rate(rate: Rate) -> str:
    """So many in a time; the time's `1` is left out where it is one unit: `5/s`, `10/500ms`."""
    per = duration_text(rate.per)
    single = per.startswith("1") and per[1:].isalpha()
    return f"{spell_number(rate.count)}/{per[1:] if single else per}"


def spell_place(place: Place) -> str:
    """
    >>> spell_place(Place("core", (0, 1)))
    'core: processors 0, 1'
    """
    plural = "" if len(place.cpus) == 1 else "s"
    return f"{place.name}: processor{plural} {', '.join(map(str, place.cpus))}"


def spell_linger(linger: Linger) -> str:
    return "always" if linger.always else duration_text(linger.duration)


def spell_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def spell_setting(value: SettingValue) -> str:  # noqa: PLR0911 - one return for each kind
    """A setting or config value, the keys of an object in alphabetical order: theirs is not content.

    A secret shows its name; the graph does not know more.
    """
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return spell_number(Decimal(repr(value)))
        case Decimal():
            return spell_number(value)
        case str():
            return spell_text(value)
        case Secret(name):
            return f"secret({spell_text(name)})"
        case tuple():
            return f"[{', '.join(spell_setting(item) for item in value)}]"
        case dict():
            inner = ", ".join(f"{key} = {spell_setting(item)}" for key, item in sorted(value.items()))
            return f"{{ {inner} }}" if inner else "{}"


def spell_settings(
    settings: dict[str, SettingValue], schema: tuple[SettingSpec, ...] = ()
) -> tuple[tuple[str, str], ...]:
    """The settings that have a value, as (key, value) by key, in the units that `schema` gives them."""
    specs = {spec.name: spec for spec in schema}
    return tuple(
        (key, spell_as(specs[key].types, value) if key in specs else spell_setting(value))
        for key, value in sorted(settings.items())
        if value is not None
    )


def adapter_schema(adapter: str) -> tuple[SettingSpec, ...]:
    """A graph can be drawn whose adapters this build does not have."""
    return ADAPTERS[adapter].settings if adapter in ADAPTERS else ()


def sink_schema(kind: str) -> tuple[SettingSpec, ...]:
    return SINK_KINDS[kind].settings if kind in SINK_KINDS else ()


def spell_as(types: tuple[SettingType, ...], value: SettingValue) -> str:
    """A value as it would be written for a setting of one of these types: `5ms`, kept as 0.005."""
    for type in types:
        match type, value:
            case SettingType.DURATION, float():
                return duration_text(Duration(round(value * 1_000_000_000)))
            case SettingType.RATE, float():
                return spell_rate(Rate(Decimal(repr(value)), Duration(1_000_000_000)))
            case SettingType.RATIO, Decimal():
                return spell_ratio(Ratio(value))
            case SettingType.WORD, str():
                return value
    return spell_setting(value)


def spell_limits(risk: Risk) -> tuple[tuple[str, str], ...]:
    """The limits that a risk block sets, as (key, value), in the order of the reference."""
    currency = f" {risk.notional_currency}" if risk.notional_currency else ""
    throttled = risk.order_throttle is not None or risk.symbol_throttle is not None
    limits = (
        ("max_position", _spell_some(risk.max_position)),
        ("max_notional", _spell_some(risk.max_notional, currency)),
        ("order_throttle", _spell_some(risk.order_throttle)),
        ("symbol_throttle", _spell_some(risk.symbol_throttle)),
        ("order_burst", str(risk.order_burst) if throttled else ""),
        ("max_open_orders", _spell_some(risk.max_open_orders)),
        ("price_band", _spell_some(risk.price_band)),
        ("order_types", f"[{', '.join(risk.order_types)}]" if risk.order_types else ""),
        ("kill_switch", _spell_some(risk.kill_switch)),
        ("circuit_breaker", _spell_some(risk.circuit_breaker)),
    )
    return tuple(limit for limit in limits if limit[1])


_Limit = Decimal | int | Rate | Ratio | KillSwitch | CircuitBreaker | None


def _spell_some(limit: _Limit, unit: str = "") -> str:
    """A limit with its unit; nothing for one that is not set."""
    match limit:
        case None:
            return ""
        case Rate():
            return spell_rate(limit)
        case Ratio():
            return spell_ratio(limit)
        case KillSwitch(after):
            return f"{{ after = {after} }}"
        case CircuitBreaker(threshold, cooldown):
            return f"{{ threshold = {threshold}, cooldown = {duration_text(cooldown)} }}"
        case _:
            return spell_number(Decimal(limit)) + unit
