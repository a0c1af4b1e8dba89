"""One thing that is measured, and its value at a place at a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    COUNTER = "counter"
    """Only goes up while the gateway runs."""

    GAUGE = "gauge"
    """An amount of now."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """`name` has dots between its words, `unit` is UCUM: `s`, `By`, or what is counted, in braces."""

    name: str
    kind: Kind
    unit: str
    description: str


Attributes = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Point:
    measurement: Measurement
    value: float
    attributes: Attributes


def counter(name: str, unit: str, description: str) -> Measurement:
    return Measurement(name, Kind.COUNTER, unit, description)


def gauge(name: str, unit: str, description: str) -> Measurement:
    return Measurement(name, Kind.GAUGE, unit, description)
