"""The sink `parquet`: events in files, written by a worker thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import anyio
import anyio.to_thread

from meltica_compiler.graph.graph import SinkNode
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.logs.line_format import log_extra
from meltica_runtime.sinks.parquet_files import FileTotals, ParquetFiles
from meltica_runtime.sinks.sink import Sink, SinkContext, SinkStatistics

TURN_SECONDS = 0.25
"""A call into a thread costs about 0.1 ms, so small batches are let grow this long."""

MAX_TURN_RECORDS = 65_536
"""Records copied from each edge for one call of the thread: 4 MiB of trades."""


class ParquetSink(Sink):
    """While the thread writes, the edges' rings are the queue, and their pools' policy the limit."""

    def __init__(self, node: SinkNode, edges: tuple[EdgeRing, ...], context: SinkContext) -> None:
        template, rows, flush = node.settings["path"], node.settings["rows"], node.settings["flush"]
        assert isinstance(template, str)
        assert isinstance(rows, int)
        assert isinstance(flush, float)
        super().__init__(node, edges, min(TURN_SECONDS, flush))
        self._clock = context.clock
        self._flush_seconds = flush
        self._flushed = context.clock()
        self._files = ParquetFiles(template, rows, len({edge.layout.event for edge in edges}), context)
        self._events = 0
        self._totals = FileTotals()

    async def run(self) -> None:
        try:
            while not self._input.is_over:
                await self._input.wait()
                await self._turn()
        finally:
            self._input.close()
            await self._in_thread(self._files.close)

    def statistics(self) -> SinkStatistics:
        totals = self._totals
        return SinkStatistics(
            self._events, totals.written, totals.dropped, totals.bytes, totals.files, totals.fault
        )

    async def _turn(self) -> None:
        while batches := tuple(self._input.take(MAX_TURN_RECORDS)):
            self._events += sum(len(batch.rows) for batch in batches)
            await self._in_thread(partial(self._files.add, batches))
            await self._flush_if_due()
        await self._flush_if_due()

    async def _flush_if_due(self) -> None:
        if self._clock() - self._flushed >= self._flush_seconds:
            await self._in_thread(self._files.flush)
            self._flushed = self._clock()

    async def _in_thread(self, work: Callable[[], FileTotals]) -> None:
        """Does `work` in a worker thread, even if cancelled: what was taken is written or counted."""
        with anyio.CancelScope(shield=True):
            self._note(await anyio.to_thread.run_sync(work))

    def _note(self, totals: FileTotals) -> None:
        known = self._totals
        if known.fault is not None and totals.fault is None and totals.written == known.written:
            totals = replace(totals, fault=known.fault)  # to be tried again, and not yet written
        if totals.fault != known.fault:
            if totals.fault is not None:
                said = f"{totals.fault}; events are dropped and counted until it can"
            else:
                said = f"can write again; {totals.dropped:,} events were dropped"
            self._logger.warning("%s", said, extra=log_extra(self.node))
        self._totals = totals
