"""The sink `log`: one line of JSON an event, at a bounded rate."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio.lowlevel
import msgspec
import numpy as np

from meltica_compiler.graph.graph import SinkNode
from meltica_compiler.records.layout import MAX_BATCH
from meltica_dsl.model.fields import EVENT_BY_NAME, SIDES, Field, FieldType
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.logs.line_format import log_extra
from meltica_runtime.logs.line_rate_limit import LineAllowance
from meltica_runtime.sinks.sink import Sink, SinkContext, SinkStatistics
from meltica_runtime.sinks.sink_input import EdgeBatch

TURN_SECONDS = 0.1
"""Longest that an event waits for its line."""

SUMMARY_SECONDS = 1.0
"""At most one line this often says how many events got none."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LogSink(Sink):
    """Writes to the logger `meltica.sink.NAME`, at most `limit` lines a second."""

    def __init__(self, node: SinkNode, edges: tuple[EdgeRing, ...], context: SinkContext) -> None:
        level, limit = node.settings["level"], node.settings["limit"]
        assert isinstance(level, str)
        assert isinstance(limit, float)
        super().__init__(node, edges, TURN_SECONDS)
        self._level = logging.getLevelNamesMapping()[level.upper()]
        self._limit = limit
        self._context = context
        self._allowance = LineAllowance(limit, max(1.0, limit), context.clock())
        self._events = self._written = self._dropped = self._bytes = 0
        self._left_out = 0
        self._summed_up = context.clock()

    async def run(self) -> None:
        try:
            while not self._input.is_over:
                await self._input.wait()
                while batches := tuple(self._input.take(MAX_BATCH)):
                    self._write(batches)
                    await anyio.lowlevel.checkpoint()
                if self._context.clock() - self._summed_up >= SUMMARY_SECONDS:
                    self._sum_up()
        finally:
            self._sum_up()
            self._input.close()

    def statistics(self) -> SinkStatistics:
        return SinkStatistics(self._events, self._written, self._dropped, self._bytes, files=0, fault=None)

    def _write(self, batches: tuple[EdgeBatch, ...]) -> None:
        count = sum(len(batch.rows) for batch in batches)
        allowed = self._allowance.take(count, self._context.clock())
        place = self._place
        for line in _lines(batches, allowed, self._context):
            text = msgspec.json.encode(line)
            self._logger.log(self._level, "%s", text.decode(), extra=place)
            self._bytes += len(text)
        self._events += count
        self._written += allowed
        self._dropped += count - allowed
        self._left_out += count - allowed

    @property
    def _place(self) -> dict[str, object]:
        return {**log_extra(self.node), "bounded": True}

    def _sum_up(self) -> None:
        self._summed_up = self._context.clock()
        if self._left_out:
            said = f"{self._left_out:,} more events, beyond the limit of {self._limit:g}/s"
            self._logger.log(self._level, "%s", said, extra=self._place)
            self._left_out = 0


def _lines(batches: tuple[EdgeBatch, ...], limit: int, context: SinkContext) -> Iterator[dict[str, Any]]:
    """The first `limit` events in sequence order, as the fields that a pipeline knows."""
    seqs = np.concatenate([batch.rows["seq"] for batch in batches])
    owners = np.repeat(np.arange(len(batches)), [len(batch.rows) for batch in batches])
    rows = np.concatenate([np.arange(len(batch.rows)) for batch in batches])
    for index in np.argsort(seqs, kind="stable")[:limit]:
        batch = batches[owners[index]]
        event = EVENT_BY_NAME[batch.layout.event]
        row = batch.rows[rows[index]]
        fields = {field.name: _plain(field, row, context) for field in event.fields}
        del fields["ingest"], fields["venue_seq"]
        yield {"event": event.name, **fields}


def _plain(field: Field, row: np.void, context: SinkContext) -> object:
    value = row[field.name]
    match field.type:
        case FieldType.SYMBOL:
            return context.symbols[value]
        case FieldType.PROVIDER:
            return context.providers[value]
        case FieldType.SIDE:
            return SIDES[value]
        case FieldType.LEVELS:
            return value[: row[f"{field.name[:3]}_levels"]].tolist()
    return None if np.isnan(value) else _number(field.type, float(value))


def _number(kind: FieldType, value: float) -> object:
    if kind is FieldType.TIME:
        return (_EPOCH + timedelta(microseconds=value)).isoformat(timespec="microseconds")
    return int(value) if kind in (FieldType.COUNT, FieldType.IDENTIFIER) else value
