"""Where records wait that found no room in an edge ring of policy `conflate`."""

from __future__ import annotations

import numpy as np

from meltica_compiler.kernels.selection import copy_records
from meltica_compiler.records.layout import RecordLayout
from meltica_runtime.dataplane.ingress_ring import Indices, Records


class ConflationBuffer:
    """One place for each (symbol, provider): the newest record that found no room."""

    def __init__(self, layout: RecordLayout, streams: int) -> None:
        self._layout = layout
        self.records: Records = np.zeros(streams, layout.dtype)
        self._stream = np.full(streams, -1, np.int64)
        self.count = 0

    def resized(self, layout: RecordLayout, streams: int) -> ConflationBuffer:
        """The same records in the places of so many streams, or in as many more as they need."""
        places = ConflationBuffer(layout, max(streams, self.count))
        copy_records(self.records[: self.count], places.records[: self.count])
        places._stream[: self.count] = self._stream[: self.count]
        places.count = self.count
        return places

    def put(self, records: Records, indices: Indices) -> int:
        """Keeps the newest of each stream; returns how many older ones it replaced."""
        rows = records[indices]
        streams = rows["symbol"].astype(np.int64) << 16 | rows["provider"]
        # The last occurrence of each stream in this batch, found from the end.
        unique, last = np.unique(streams[::-1], return_index=True)
        replaced = len(rows) - len(unique)
        for stream, position in zip(unique, len(rows) - 1 - last, strict=True):
            place = np.flatnonzero(self._stream[: self.count] == stream)
            if len(place):
                replaced += 1
                self._remove(int(place[0]))
            if self.count == len(self.records):
                self._add_place()
            self.records[self.count] = rows[position]
            self._stream[self.count] = stream
            self.count += 1
        self._sort()
        return replaced

    def take(self, limit: int) -> Records:
        """The oldest waiting records, at most `limit`, in sequence order."""
        count = min(limit, self.count)
        taken = self.records[:count].copy()
        self.records[: self.count - count] = self.records[count : self.count].copy()
        self._stream[: self.count - count] = self._stream[count : self.count].copy()
        self.count -= count
        return taken

    def _add_place(self) -> None:
        """Out of a ring between routes there may still come events of a provider that is gone."""
        more = self.resized(self._layout, self.count + 1)
        self.records, self._stream = more.records, more._stream

    def _remove(self, place: int) -> None:
        self.records[place : self.count - 1] = self.records[place + 1 : self.count].copy()
        self._stream[place : self.count - 1] = self._stream[place + 1 : self.count].copy()
        self.count -= 1

    def _sort(self) -> None:
        order = np.argsort(self.records["seq"][: self.count], kind="stable")
        self.records[: self.count] = self.records[: self.count][order]
        self._stream[: self.count] = self._stream[: self.count][order]
