"""Events of a test from a file: columns named as the fields, or one of the forms that replay reads."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet
from numpy.typing import NDArray

from meltica_compiler.records.layout import record_layout
from meltica_dsl.model.fields import SIDES, EventType, FieldType
from meltica_runtime.dataplane.market_batch import MarketCodes, Rows, joined_rows
from meltica_runtime.venues.market_source import SourceFault
from meltica_runtime.venues.replay.formats import FORMATS, INCREMENTAL, SNAPSHOTS, ascending, identifier
from meltica_runtime.venues.replay.source import replay_source
from meltica_runtime.venues.replay.symbols import SymbolNames

MAX_EVENTS = 4_000_000
"""Of one file: at 64 bytes a trade 256 MiB. A longer one is a replay's business, not a test's."""

_READ_ERRORS = (OSError, pa.ArrowException)
_BATCH = 65_536

_READERS: Mapping[str, Callable[[Path], pa.Table]] = {
    ".csv": pa.csv.read_csv,
    ".gz": pa.csv.read_csv,
    ".jsonl": pa.json.read_json,
    ".ndjson": pa.json.read_json,
    ".parquet": pa.parquet.read_table,
}
"""By the ending of the file's name."""


def read_recording(path: Path, event: EventType, codes: MarketCodes, depth: int) -> Rows:
    """All events of a file, ascending in time: one that goes back is raised to the one before it.

    Raises `SourceFault`, naming the file and what was expected of it.
    """
    table = _table(path)
    known = _replay_format(event, table.column_names)
    rows = (
        _replayed(path, known, event, codes, depth)
        if known
        else _Fields(path, table, codes).records(event, depth)
    )
    if len(rows) > MAX_EVENTS:
        raise SourceFault(f"{path}: has {len(rows):,} events, and a test takes {MAX_EVENTS:,}")
    rows["time"] = rows["ingest"] = ascending(rows["time"], -math.inf)
    rows["provider"] = codes.provider
    return rows


def _table(path: Path) -> pa.Table:
    read = _READERS.get(path.suffix)
    if read is None:
        raise SourceFault(f"{path}: a test reads {', '.join(_READERS)}")
    if not path.is_file():
        raise SourceFault(f"{path}: there is no such file")
    try:
        return read(path)
    except _READ_ERRORS as error:
        first, _, _ = str(error).partition("\n")
        raise SourceFault(f"{path}: cannot be read: {first}") from error


def _replay_format(event: EventType, columns: list[str]) -> str | None:
    """The form of replay whose columns the file has, if it has those of one."""
    if event.name == "book":
        is_tardis = any(set(form) <= set(columns) for form in (INCREMENTAL, SNAPSHOTS.columns))
        return "tardis_book" if is_tardis else None
    forms = (name for name, form in FORMATS.items() if form.event == event.name)
    return next((name for name in forms if set(FORMATS[name].columns) <= set(columns)), None)


def _replayed(path: Path, form: str, event: EventType, codes: MarketCodes, depth: int) -> Rows:
    source = replay_source(path, form, codes, depth)
    pieces: list[Rows] = [np.zeros(0, record_layout(event.name, depth).dtype)]
    while not source.exhausted and sum(map(len, pieces)) <= MAX_EVENTS:
        pieces.append(source.next_batch(_BATCH, math.inf).rows[event.name])
    return joined_rows(pieces)


_OPTIONAL = frozenset(
    {
        "side",
        "trade_id",
        "symbol",
        "last",
        "bid_quantity",
        "ask_quantity",
        "volume",
        "open_time",
        "close_time",
    }
)
_UNREAD = frozenset({"seq", "ingest", "venue_seq", "provider"})


class _Fields:
    """A table whose columns are named as the fields of an event."""

    def __init__(self, path: Path, table: pa.Table, codes: MarketCodes) -> None:
        self._path = path
        self._table = table
        self._names = SymbolNames(path, codes)

    def records(self, event: EventType, depth: int) -> Rows:
        rows: Rows = np.zeros(self._table.num_rows, record_layout(event.name, depth).dtype)
        fields = [field for field in event.fields if field.name not in _UNREAD]
        there = set(self._table.column_names)
        if len(there) < self._table.num_columns:
            raise SourceFault(f"{self._path}: two of its columns have the same name")
        self._require(event, there)
        for field in fields:
            if field.name not in there:
                continue
            if field.type is FieldType.LEVELS:
                self._levels(rows, field.name)
            else:
                rows[field.name] = self._column(field.name, field.type)
        self._complete(event, rows, there)
        return rows

    def _require(self, event: EventType, there: set[str]) -> None:
        wanted = {field.name for field in event.fields if not field.hidden}
        wanted -= _OPTIONAL | _UNREAD
        missing = sorted(wanted - there)
        if missing:
            listed = ", ".join(self._table.column_names) or "none"
            raise SourceFault(
                f"{self._path}: no column {', '.join(missing)} of {event.name} events; found {listed}"
            )

    def _column(self, name: str, kind: FieldType) -> NDArray[np.float64] | NDArray[np.uint16]:
        column = self._table.column(name).combine_chunks()
        if kind is FieldType.SYMBOL:
            return self._names.of([str(text) for text in column.to_pylist()])
        if kind is FieldType.SIDE:
            return np.array([self._side(text) for text in column.to_pylist()], np.uint16)
        if kind is FieldType.TIME and pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.int64())
        if kind is FieldType.IDENTIFIER and pa.types.is_string(column.type):
            return np.array([identifier(text) for text in column.to_pylist()], np.float64)
        try:
            numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        except pa.ArrowException as error:
            raise SourceFault(
                f"{self._path}: column {name} holds {column.type}, and {kind.value}s are numbers"
            ) from error
        if not np.isfinite(numbers).all():
            raise SourceFault(f"{self._path}: column {name} has rows without a value")
        return np.asarray(numbers, np.float64)

    def _side(self, text: object) -> int:
        if text is None or text == "":
            return 0
        if text not in SIDES:
            raise SourceFault(f"{self._path}: column side has {text!r}; sides are {', '.join(SIDES)}")
        return SIDES.index(str(text))

    def _levels(self, rows: Rows, name: str) -> None:
        """Lists of pairs, or of objects with `price` and `quantity`."""
        try:
            for row, levels in zip(rows, self._table.column(name).to_pylist(), strict=True):
                depth = row[name].shape[0]
                for number, level in enumerate((levels or [])[:depth]):
                    price, quantity = (
                        (level["price"], level["quantity"]) if isinstance(level, dict) else level
                    )
                    row[name][number] = float(price), float(quantity)
                row[f"{name[:3]}_levels"] = min(depth, len(levels or []))
        except (ValueError, TypeError, KeyError) as error:
            raise SourceFault(
                f"{self._path}: column {name} has rows that are no lists of price and quantity"
            ) from error

    def _complete(self, event: EventType, rows: Rows, there: set[str]) -> None:
        """What the file leaves out, as for events that stand in the test."""
        if "symbol" not in there:
            rows["symbol"] = self._names.unnamed(len(rows))
        match event.name:
            case "trade" if "trade_id" not in there:
                rows["trade_id"] = np.arange(1, len(rows) + 1)
            case "ticker" if "last" not in there:
                rows["last"] = (rows["bid"] + rows["ask"]) / 2
            case "book":
                for side, best in (("bids", "bid"), ("asks", "ask")):
                    if side not in there:
                        rows[side][:, 0, 0], rows[side][:, 0, 1] = rows[best], 1
                        rows[f"{best}_levels"] = 1
