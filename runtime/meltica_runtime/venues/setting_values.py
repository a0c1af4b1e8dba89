"""Reads a provider's settings as the types that its adapter's schema has made of them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from meltica_compiler.graph.graph import SettingValue

Values = Mapping[str, SettingValue]


def decimal(settings: Values, name: str) -> Decimal:
    value = settings[name]
    assert isinstance(value, Decimal), f"{name} is a number by its schema"
    return value


def real(settings: Values, name: str) -> float:
    """Durations in seconds, rates per second, ratios and numbers as they are."""
    value = settings[name]
    assert isinstance(value, int | float | Decimal), f"{name} is a number by its schema"
    return float(value)


def integer(settings: Values, name: str) -> int:
    value = settings[name]
    assert isinstance(value, int), f"{name} is a whole number by its schema"
    return value


def text(settings: Values, name: str) -> str:
    value = settings[name]
    assert isinstance(value, str), f"{name} is a text by its schema"
    return value


def decimals(settings: Values, name: str) -> dict[str, Decimal] | None:
    """Numbers by key; None if the setting was left out or is something else."""
    value = settings[name]
    if not isinstance(value, dict):
        return None
    numbers = {key: number for key, number in value.items() if isinstance(number, Decimal)}
    assert len(numbers) == len(value), f"{name} holds numbers by its schema"
    return numbers
