"""Records as columns of a parquet file: the same names as in a pipeline, in types that keep their meaning."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from meltica_dsl.model.fields import EVENT_BY_NAME, SIDES, EventType, Field, FieldType
from meltica_runtime.dataplane.ingress_ring import Records

TIME = pa.timestamp("us", tz="UTC")
NAME = pa.dictionary(pa.int32(), pa.string())
LEVELS = pa.list_(pa.struct([("price", pa.float64()), ("quantity", pa.float64())]))

_TYPES: dict[FieldType, pa.DataType] = {
    FieldType.PRICE: pa.float64(),
    FieldType.QUANTITY: pa.float64(),
    FieldType.TIME: TIME,
    FieldType.SYMBOL: NAME,
    FieldType.PROVIDER: NAME,
    FieldType.SIDE: NAME,
    FieldType.COUNT: pa.int64(),
    FieldType.IDENTIFIER: pa.int64(),
    FieldType.LEVELS: LEVELS,
}
"""Prices and quantities are f64 as in the record: what was stored is what was seen. NaN becomes null."""


def event_schema(event: EventType) -> pa.Schema:
    """The columns of one hot event type, in the order of the field table."""
    return pa.schema([(field.name, _TYPES[field.type]) for field in event.fields])


class Columns:
    """Turns records into record batches. `symbols` and `providers` are the names behind the codes."""

    def __init__(self, symbols: tuple[str, ...], providers: tuple[str, ...]) -> None:
        self._names = {
            FieldType.SYMBOL: pa.array(symbols, pa.string()),
            FieldType.PROVIDER: pa.array(providers, pa.string()),
            FieldType.SIDE: pa.array(SIDES, pa.string()),
        }

    def table(self, event: str, rows: Records) -> pa.Table:
        """The table of `rows`, records of `event` of any depth."""
        kind = EVENT_BY_NAME[event]
        arrays = [self._column(field, rows) for field in kind.fields]
        return pa.Table.from_arrays(arrays, schema=event_schema(kind))

    def _column(self, field: Field, rows: Records) -> pa.Array:
        if field.type in self._names:
            codes = pa.array(rows[field.name].astype(np.int32))
            return pa.DictionaryArray.from_arrays(codes, self._names[field.type])
        if field.type is FieldType.LEVELS:
            return _levels(rows[field.name], rows[f"{field.name[:3]}_levels"])
        return _CONVERSIONS[_TYPES[field.type]](rows[field.name])


def _floats(values: NDArray[np.float64]) -> pa.Array:
    return pa.array(np.ascontiguousarray(values), from_pandas=True)


def _integers(values: NDArray[np.float64]) -> pa.Array:
    missing = np.isnan(values)
    return pa.array(np.where(missing, 0, np.rint(values)).astype(np.int64), mask=missing)


def _times(values: NDArray[np.float64]) -> pa.Array:
    return _integers(values).cast(TIME)


_CONVERSIONS: dict[pa.DataType, Callable[[NDArray[np.float64]], pa.Array]] = {
    pa.float64(): _floats,
    pa.int64(): _integers,
    TIME: _times,
}


def _levels(levels: NDArray[np.float64], counts: NDArray[np.uint16]) -> pa.Array:
    """`levels` has the shape (rows, depth, 2); of each row the first `counts` levels are there."""
    there = np.arange(levels.shape[1]) < counts[:, None]
    offsets = np.concatenate(([0], np.cumsum(counts, dtype=np.int64))).astype(np.int32)
    pairs = levels[there]
    values = pa.StructArray.from_arrays(
        [_floats(pairs[:, 0]), _floats(pairs[:, 1])], fields=list(LEVELS.value_type)
    )
    return pa.ListArray.from_arrays(offsets, values)
