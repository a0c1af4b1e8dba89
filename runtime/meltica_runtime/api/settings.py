"""Settings as JSON. Of a secret there is only its name."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pydantic import JsonValue

from meltica_compiler.graph.graph import SettingValue
from meltica_dsl.model.value_text import decimal_text
from meltica_dsl.model.values import Secret


def settings_json(settings: Mapping[str, SettingValue]) -> dict[str, JsonValue]:
    """Exact decimals are strings; durations are seconds, rates per second, sizes bytes. A secret is
    `{"secret": "NAME"}`. Settings that were left out and have no default are null."""
    return {name: setting_json(value) for name, value in settings.items()}


def setting_json(value: SettingValue) -> JsonValue:
    """One value, in the form of `settings_json`."""
    match value:
        case Secret():
            return {"secret": value.name}
        case Decimal():
            return decimal_text(value)
        case tuple():
            return [setting_json(item) for item in value]
        case dict():
            return settings_json(value)
        case _:
            return value
