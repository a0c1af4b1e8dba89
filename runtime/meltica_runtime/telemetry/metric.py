"""One thing that is measured, and its value at a place at a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class MetricKind(Enum):
    COUNTER = "counter"
    """Only goes up while the gateway runs."""

    GAUGE = "gauge"
    """An amount of now."""


@dataclass(frozen=True, slots=True)
class Metric:
    """`name` has dots between its words, `unit` is UCUM: `s`, `By`, or what is counted, in braces."""

    name: str
    kind: MetricKind
    unit: str
    description: str


Attributes = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MetricPoint:
    metric: Metric
    value: float
    attributes: Attributes


def counter(name: str, unit: str, description: str) -> Metric:
    return Metric(name, MetricKind.COUNTER, unit, description)


def gauge(name: str, unit: str, description: str) -> Metric:
    return Metric(name, MetricKind.GAUGE, unit, description)
