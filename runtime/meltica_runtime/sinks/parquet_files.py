"""The files of one parquet sink: which record goes into which, and when a file is finished.

All of it runs in a worker thread, one call at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from meltica_dsl.model.fields import EVENT_BY_NAME
from meltica_runtime.dataplane.ingress_ring import Records
from meltica_runtime.instance_names import slug
from meltica_runtime.sinks.columns import Columns, event_schema
from meltica_runtime.sinks.part_file import PartFile
from meltica_runtime.sinks.sink import SinkContext
from meltica_runtime.sinks.sink_input import EdgeBatch

_EPOCH = date(1970, 1, 1)
_DAY_US = 86_400_000_000
_PLACEHOLDER = re.compile(r"\{(date|event|provider|symbol)\}")


@dataclass(frozen=True, slots=True)
class FileTotals:
    """`written` records are in row groups on disk, of which `files` files are finished."""

    written: int = 0
    dropped: int = 0
    bytes: int = 0
    files: int = 0
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class _Key:
    """What tells one file from another; -1 and 0 where the path does not."""

    event: str
    day: int
    provider: int
    symbol: int


class ParquetFiles:
    """Sorts records into files, and files into row groups of `rows` records.

    A file is finished when the sink closes, or once a flush finds that a later day has begun and no
    more records of the old one have come since the flush before.
    """

    def __init__(self, template: str, rows: int, event_count: int, context: SinkContext) -> None:
        """`event_count` is the number of event types that come; several need `{event}` in the path, and
        get it added to the file's name where it lacks."""
        self._template = template
        if event_count > 1 and "{event}" not in template:
            path = Path(template)
            self._template = str(path.with_name(f"{path.stem}-{{event}}{path.suffix}"))
        self._by = frozenset(_PLACEHOLDER.findall(self._template))
        self._rows = rows
        self._context = context
        self._columns = Columns(context.symbols, context.providers)
        self._open: dict[_Key, _OpenFile] = {}
        self._last_day = 0
        self._blocked = False
        self._written = self._dropped = self._bytes = self._files = 0
        self._fault: str | None = None

    def add(self, batches: tuple[EdgeBatch, ...]) -> FileTotals:
        """Keeps records, and writes the row groups that are full."""
        for batch in batches:
            for key, rows in self._split(batch):
                self._last_day = max(self._last_day, key.day)
                file = self._file(key)
                if file is None:
                    self._dropped += len(rows)
                    continue
                file.add(rows)
                while file.waiting >= self._rows:
                    self._write_group(file)
        return self._totals()

    def flush(self) -> FileTotals:
        """Writes what waits for its row group, and tries again what failed."""
        self._blocked = False
        self._fault = None
        for key, file in tuple(self._open.items()):
            is_over = key.day < self._last_day and not file.waiting
            while file.waiting:
                self._write_group(file)
            self._retry(file)
            if is_over:
                self._finish(key)
        return self._totals()

    def close(self) -> FileTotals:
        """Writes everything that waits and finishes every file."""
        self.flush()
        for key in tuple(self._open):
            self._finish(key)
        return self._totals()

    def _totals(self) -> FileTotals:
        size = self._bytes + sum(file.part.tell() - file.part.pending_bytes for file in self._open.values())
        pending = sum(file.pending for file in self._open.values())
        return FileTotals(self._written - pending, self._dropped, size, self._files, self._fault)

    def _split(self, batch: EdgeBatch) -> Iterator[tuple[_Key, Records]]:
        """The records of each file, each in their order."""
        rows = batch.rows
        days = _days(rows) if "date" in self._by else np.zeros(len(rows), np.int64)
        providers = rows["provider"].astype(np.int64) if "provider" in self._by else np.full(len(rows), -1)
        symbols = rows["symbol"].astype(np.int64) if "symbol" in self._by else np.full(len(rows), -1)
        together = np.stack((days, providers, symbols), axis=1)
        unique, owner = np.unique(together, axis=0, return_inverse=True)
        for number, (day, provider, symbol) in enumerate(unique.tolist()):
            yield _Key(batch.layout.event, day, provider, symbol), rows[owner == number]

    def _file(self, key: _Key) -> _OpenFile | None:
        """The file of `key`, opened if need be; None while it cannot be, until the next flush."""
        if key in self._open:
            return self._open[key]
        if self._blocked:
            return None
        try:
            file = _OpenFile(key.event, PartFile(self._path(key)))
        except OSError as error:
            self._blocked = True
            self._fault = f"cannot make {error.filename or self._path(key)}: {error.strerror or error}"
            return None
        self._open[key] = file
        return file

    def _path(self, key: _Key) -> Path:
        context = self._context

        def value(match: re.Match[str]) -> str:
            match match[1]:
                case "date":
                    return (_EPOCH + timedelta(days=key.day)).isoformat()
                case "provider":
                    return slug(context.providers[key.provider])
                case "symbol":
                    return context.symbols[key.symbol]
            return key.event

        return context.project / _PLACEHOLDER.sub(value, self._template)

    def _write_group(self, file: _OpenFile) -> None:
        rows = file.take(self._rows)
        self._retry(file)
        if file.part.fault is not None:
            # One row group may wait in memory for the disk, not more.
            self._dropped += len(rows)
            return
        file.writer.write_table(self._columns.table(file.event, rows))
        file.written += len(rows)
        self._written += len(rows)
        if file.part.fault is not None:
            file.pending = len(rows)
            self._note(file)

    def _retry(self, file: _OpenFile) -> None:
        if file.part.fault is None:
            return
        file.part.retry()
        if file.part.fault is None:
            file.pending = 0
        else:
            self._note(file)

    def _finish(self, key: _Key) -> None:
        file = self._open.pop(key)
        file.writer.close()
        if file.part.finish():
            self._files += 1
        else:
            self._note(file)
            self._written -= file.written
            self._dropped += file.written
        self._bytes += file.part.tell() - file.part.pending_bytes

    def _note(self, file: _OpenFile) -> None:
        reason = file.part.fault.strerror if file.part.fault else ""
        self._fault = f"cannot write {file.part.part_path}: {reason}"


class _OpenFile:
    """One file, with the records that wait for their row group."""

    def __init__(self, event: str, part: PartFile) -> None:
        self.event = event
        self.part = part
        self.writer = pq.ParquetWriter(part, event_schema(EVENT_BY_NAME[event]), compression="zstd")
        self.waiting = 0
        self.written = 0
        self.pending = 0
        """Records of row groups that wait for the disk."""
        self._rows: list[Records] = []

    def add(self, rows: Records) -> None:
        self._rows.append(rows)
        self.waiting += len(rows)

    def take(self, limit: int) -> Records:
        """The oldest waiting records, at most `limit`; edges of several depths never mix in one array."""
        rows: list[Records] = []
        room = limit
        while self._rows and room and (not rows or rows[0].dtype == self._rows[0].dtype):
            first = self._rows.pop(0)
            rows.append(first[:room])
            if len(first) > room:
                self._rows.insert(0, first[room:])
            room -= len(rows[-1])
        self.waiting -= limit - room
        return np.concatenate(rows)


def _days(rows: Records) -> NDArray[np.int64]:
    """Days since the epoch of each record's event time, in UTC."""
    days: NDArray[np.int64] = (rows["time"] // _DAY_US).astype(np.int64)
    return days
