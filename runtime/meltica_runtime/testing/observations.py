"""What a node did, as things to count and to compare with what was expected."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from meltica_dsl.model.fields import EVENT_BY_NAME, SIDES, FieldType
from meltica_dsl.model.scenario import Match
from meltica_runtime.dataplane.ingress_ring import Records
from meltica_runtime.testing.clock import START_US
from meltica_runtime.venues.increments import exact_decimal

Value = Decimal | str | bool | None
"""Of a field; times are microseconds from the start of the test. None where there is none."""

Mask = NDArray[np.bool_]

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "=": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }
)
"""For numbers and for arrays of them alike."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that was seen. `name` is what it is: `trade`, `order`, `fill`."""

    name: str
    time_us: float
    fields: Mapping[str, Value]


class Observations(Protocol):
    """Many of them, in the order in which they were seen."""

    @property
    def times(self) -> NDArray[np.float64]:
        """Market times at which they were there."""
        ...

    def fits(self, match: Match) -> Mask:
        """Which of them are as one field is expected to be."""
        ...

    def one(self, number: int) -> Observation: ...


class ObservationList:
    """Few and rich ones."""

    def __init__(self, items: Iterable[Observation]) -> None:
        self._items = tuple(items)
        self.times = np.array([item.time_us for item in self._items], np.float64)

    def fits(self, match: Match) -> Mask:
        values = (item.fields.get(match.field.name) for item in self._items)
        return np.array([fits(match, value) for value in values], np.bool_)

    def one(self, number: int) -> Observation:
        return self._items[number]


class RecordObservations:
    """Records of one event type. `times` are when they were there, not those that they carry."""

    def __init__(
        self,
        event: str,
        rows: Records,
        times: NDArray[np.float64],
        symbols: Sequence[str],
        providers: Sequence[str],
    ) -> None:
        self._event = EVENT_BY_NAME[event]
        self.rows = rows
        self.times = times
        self._names = {
            FieldType.SYMBOL: tuple(symbols),
            FieldType.PROVIDER: tuple(providers),
            FieldType.SIDE: SIDES,
        }

    def fits(self, match: Match) -> Mask:
        field = self._event.field(match.field.name)
        if field is None:
            return np.zeros(len(self.rows), np.bool_)
        column, compare = self.rows[field.name], _OPERATORS[match.operator]
        names = self._names.get(field.type)
        if names is not None:
            code = names.index(str(match.value)) if match.value in names else -1
            return _mask(compare(column.astype(np.int64), code))
        assert isinstance(match.value, Decimal), "the fields of records are names and numbers"
        if field.type is FieldType.TIME:
            # An f64 of microseconds knows quarters of one.
            return _mask(compare(np.rint(column - START_US), float(round(match.value))))
        return _mask(compare(column, float(match.value)))

    def one(self, number: int) -> Observation:
        row = self.rows[number]
        fields: dict[str, Value] = {}
        for field in self._event.fields:
            if field.hidden or field.name == "time":
                continue
            names = self._names.get(field.type)
            if names is not None:
                fields[field.name] = names[int(row[field.name])]
            elif field.type is FieldType.TIME:
                fields[field.name] = Decimal(round(float(row[field.name]) - START_US))
            else:
                fields[field.name] = exact_decimal(float(row[field.name]))
        return Observation(self._event.name, float(self.times[number]), fields)


def _mask(compared: NDArray[Any]) -> Mask:
    return np.asarray(compared, np.bool_)


def fits(match: Match, value: Value) -> bool:
    """Whether a field's value is as expected. What has no value is equal to nothing, and beside it."""
    wanted = match.value
    if value is None:
        return match.operator == "!="
    if isinstance(wanted, Decimal) and isinstance(value, Decimal):
        return bool(_OPERATORS[match.operator](value, wanted))
    if isinstance(wanted, str) and isinstance(value, str):
        return fnmatchcase(value, wanted.replace("[", "[[]")) is (match.operator == "=")
    return (value == wanted) is (match.operator == "=")
