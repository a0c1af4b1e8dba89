"""The sink `postgres`: events in the gateway's database, copied in batches by the sink's own task."""

from __future__ import annotations

from collections import deque
from math import isnan

import asyncpg
import numpy as np

from meltica_compiler.graph.graph import SinkNode
from meltica_dsl.model.fields import EVENT_BY_NAME, SIDES, Field, FieldType
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.dataplane.ingress_ring import Records
from meltica_runtime.logs.line_format import log_extra
from meltica_runtime.sinks.sink import Sink, SinkContext, SinkStatistics
from meltica_runtime.sinks.sink_input import EdgeBatch
from meltica_runtime.store.faults import DatabaseUnreachable

HELD_EVENTS = 65_536
"""Events kept in memory while the database is away: 4 MiB of trades. More are dropped and counted."""

RETRY_SECONDS = 1.0
"""Time between two tries of a database that is away."""


class PostgresSink(Sink):
    """A batch whose answer a lost connection swallowed is written again, so it may be there twice."""

    def __init__(self, node: SinkNode, edges: tuple[EdgeRing, ...], context: SinkContext) -> None:
        rows, flush = node.settings["rows"], node.settings["flush"]
        assert isinstance(rows, int)
        assert isinstance(flush, float)
        assert context.database is not None, "a gateway has a database"
        super().__init__(node, edges, flush)
        self._context, self._database = context, context.database
        self._rows = rows
        self._held: deque[EdgeBatch] = deque()
        self._held_count = self._events = self._written = self._dropped = 0
        self._fault: str | None = None
        self._retry_at = 0.0

    async def run(self) -> None:
        try:
            while not self._input.is_over:
                await self._input.wait()
                while batches := tuple(self._input.take(self._rows)):
                    self._hold(batches)
                    await self._write_if_due()
                await self._write_if_due()
            await self._write()
        finally:
            self._input.close()
            self._dropped += self._held_count
            self._held_count = 0

    def statistics(self) -> SinkStatistics:
        return SinkStatistics(self._events, self._written, self._dropped, bytes=0, files=0, fault=self._fault)

    def _hold(self, batches: tuple[EdgeBatch, ...]) -> None:
        for batch in batches:
            count = len(batch.rows)
            self._events += count
            if self._held_count + count > HELD_EVENTS:
                self._dropped += count
                continue
            self._held.append(batch)
            self._held_count += count

    async def _write_if_due(self) -> None:
        if self._fault is None or self._context.clock() >= self._retry_at:
            await self._write()

    async def _write(self) -> None:
        try:
            while self._held:
                await self._copy(self._held[0])
                count = len(self._held.popleft().rows)
                self._held_count -= count
                self._written += count
        except (DatabaseUnreachable, asyncpg.PostgresError, OSError) as error:
            self._retry_at = self._context.clock() + RETRY_SECONDS
            self._note(f"cannot write to the database: {error}")
        else:
            self._note(None)

    async def _copy(self, batch: EdgeBatch) -> None:
        columns = _columns(batch.layout.event, batch.rows, self._context)
        rows = zip([self.name] * len(batch.rows), *columns.values(), strict=True)
        async with self._database.connection() as connection:
            await connection.copy_records_to_table(
                f"market_{batch.layout.event}", records=rows, columns=["sink", *columns]
            )

    def _note(self, fault: str | None) -> None:
        if (fault is None) == (self._fault is None):
            return
        self._fault = fault
        said = f"can write again; {self._dropped:,} events were dropped"
        if fault is not None:
            said = f"{fault}; up to {HELD_EVENTS:,} events wait, more are dropped and counted"
        self._logger.warning("%s", said, extra=log_extra(self.node))


def _columns(event: str, rows: Records, context: SinkContext) -> dict[str, list[object]]:
    """The columns of the event's table but for the sink's name; what is missing (NaN) is null."""
    fields = EVENT_BY_NAME[event].fields
    return {
        f"{field.name}_us" if field.type is FieldType.TIME else field.name: _values(field, rows, context)
        for field in fields
    }


def _values(field: Field, rows: Records, context: SinkContext) -> list[object]:
    values = rows[field.name]
    match field.type:
        case FieldType.SYMBOL:
            return [context.symbols[code] for code in values.tolist()]
        case FieldType.PROVIDER:
            return [context.providers[code] for code in values.tolist()]
        case FieldType.SIDE:
            return [SIDES[code] for code in values.tolist()]
        case FieldType.LEVELS:
            counts = rows[f"{field.name[:3]}_levels"].tolist()
            return [levels[:count] for levels, count in zip(values.tolist(), counts, strict=True)]
        case FieldType.TIME | FieldType.COUNT | FieldType.IDENTIFIER:
            whole = np.where(np.isnan(values), 0, np.rint(values)).astype(np.int64).tolist()
            missing = np.isnan(values).tolist()
            return [None if none else value for value, none in zip(whole, missing, strict=True)]
    return [None if isnan(value) else value for value in values.tolist()]
