"""Reads files of market data piece by piece, so that a file of any size needs the memory of one piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from meltica_runtime.venues.market_source import SourceFault

PIECE_ROWS = 16_384
"""Rows read at once from parquet: at 25 levels a side 13 MiB."""

PIECE_BYTES = 4 << 20
"""Bytes of CSV read at once: at least one line, some 50,000 trades."""

_READ_ERRORS = (OSError, pa.ArrowException)

Columns = Mapping[str, pa.DataType]
"""The columns that a format must have, and what is made of each."""


class Piece:
    """Some rows of a file. `first_row` counts from 0 over the whole file."""

    def __init__(self, path: Path, batch: pa.RecordBatch, first_row: int) -> None:
        self._path = path
        self._batch = batch
        self.first_row = first_row

    def __len__(self) -> int:
        return int(self._batch.num_rows)

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column of numbers; what is missing is NaN."""
        return np.asarray(self._column(name, pa.float64()).to_numpy(zero_copy_only=False), np.float64)

    def times_us(self, name: str) -> NDArray[np.float64]:
        """A column of times, in microseconds: timestamps of any unit, or whole microseconds."""
        column = self._batch.column(name)
        if pa.types.is_timestamp(column.type):
            column = self._cast(name, column, pa.timestamp("us", column.type.tz)).cast(pa.int64())
        if column.null_count:
            raise SourceFault(f"{self._path}: column {name} has rows without a time")
        return np.asarray(self._cast(name, column, pa.int64()).to_numpy(zero_copy_only=False), np.float64)

    def texts(self, name: str) -> list[str]:
        """A column of texts; what is missing is empty."""
        return [text or "" for text in self._column(name, pa.string()).to_pylist()]

    def _column(self, name: str, wanted: pa.DataType) -> pa.Array:
        return self._cast(name, self._batch.column(name), wanted)

    def _cast(self, name: str, column: pa.Array, wanted: pa.DataType) -> pa.Array:
        try:
            return column.cast(wanted)
        except pa.ArrowException as error:
            raise SourceFault(f"{self._path}: column {name} is not {wanted}: {_first_line(error)}") from error


def read_pieces(path: Path, columns: Columns) -> Iterator[Piece]:
    """The rows of a parquet file, or of a CSV file with a header, maybe packed with gzip.

    Only `columns` are read. Raises `SourceFault` if there is no such file, if a column is missing, or if the
    file is damaged.
    """
    if not path.is_file():
        raise SourceFault(f"{path}: there is no such file")
    try:
        batches = _parquet(path, columns) if path.suffix == ".parquet" else _csv(path, columns)
        first_row = 0
        for batch in batches:
            yield Piece(path, batch, first_row)
            first_row += batch.num_rows
    except _READ_ERRORS as error:
        raise SourceFault(f"{path}: cannot be read: {_first_line(error)}") from error


def column_names(path: Path) -> tuple[str, ...]:
    """What columns a file has. Raises `SourceFault` as `read_pieces` does."""
    if not path.is_file():
        raise SourceFault(f"{path}: there is no such file")
    try:
        if path.suffix == ".parquet":
            return tuple(pa.parquet.read_schema(path).names)
        with pa.csv.open_csv(path) as reader:
            return tuple(reader.schema.names)
    except _READ_ERRORS as error:
        raise SourceFault(f"{path}: cannot be read: {_first_line(error)}") from error


def _parquet(path: Path, columns: Columns) -> Iterator[pa.RecordBatch]:
    with pa.parquet.ParquetFile(path) as file:
        _require(path, file.schema_arrow.names, columns)
        yield from file.iter_batches(PIECE_ROWS, columns=list(columns))


def _csv(path: Path, columns: Columns) -> Iterator[pa.RecordBatch]:
    _require(path, column_names(path), columns)
    options = pa.csv.ConvertOptions(column_types=dict(columns), include_columns=list(columns))
    blocks = pa.csv.ReadOptions(block_size=PIECE_BYTES)
    with pa.csv.open_csv(path, read_options=blocks, convert_options=options) as reader:
        yield from reader


def _require(path: Path, found: list[str] | tuple[str, ...], columns: Columns) -> None:
    missing = [name for name in columns if name not in found]
    if missing:
        raise SourceFault(
            f"{path}: no column {', '.join(missing)}; expected {', '.join(columns)}, "
            f"found {', '.join(found) or 'none'}"
        )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
