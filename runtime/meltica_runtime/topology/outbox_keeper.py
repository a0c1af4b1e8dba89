"""Keeps the outbox: marks what was handed to strategies as published, and deletes what is long past.

An event is committed, then delivered at once within the same turn of the loop; so whatever the write log has
returned from was delivered when this keeper next looks. What a crash left unmarked belonged to instances that
are gone: a fresh instance gets positions and open orders from the store instead, so it is marked at start.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import anyio
import asyncpg

from meltica_runtime.orders.write_log import WriteLogEntry
from meltica_runtime.store.faults import StoreFault
from meltica_runtime.store.outbox import MAX_PENDING, Outbox
from meltica_runtime.store.write_log import PostgresWriteLog

MARK_SECONDS = 1.0
"""How often delivered events are marked: one statement for all of a second."""

PRUNE_SECONDS = 3_600.0

MAX_UNMARKED = 262_144
"""Event ids that wait to be marked; about 64 bytes each, 16 MiB. More than the write log commits in a second:
what is beyond stays unmarked until the next start."""

_FAULTS = (StoreFault, asyncpg.PostgresError)
"""A database that is away, and one that cannot do it now: its disk is full, an operator has cancelled it."""

_log = logging.getLogger("meltica")


class KeptWriteLog:
    """The Postgres write log, remembering what it has committed until the keeper has marked it."""

    def __init__(self, write_log: PostgresWriteLog) -> None:
        self._write_log = write_log
        self._unmarked: list[str] = []

    async def commit(self, entries: Sequence[WriteLogEntry]) -> None:
        """See `WriteLog.commit`."""
        await self._write_log.commit(entries)
        if len(self._unmarked) < MAX_UNMARKED:
            self._unmarked.extend(entry.event_id for entry in entries)

    def take_unmarked(self) -> list[str]:
        taken, self._unmarked = self._unmarked, []
        return taken

    def put_back(self, event_ids: list[str]) -> None:
        self._unmarked = event_ids + self._unmarked


class OutboxKeeper:
    """`run` it beside the router; `finish` marks what is left when the router has stopped."""

    def __init__(
        self, outbox: Outbox, write_log: KeptWriteLog, retention_us: float, clock: Callable[[], float]
    ) -> None:
        self._outbox = outbox
        self._write_log = write_log
        self._retention_us = retention_us
        self._clock = clock

    async def run(self) -> None:
        """Marks and prunes until cancelled. What the database does not do is tried again at the next turn."""
        prune_at = anyio.current_time()
        while True:
            await anyio.sleep(MARK_SECONDS)
            try:
                await self._mark()
                if anyio.current_time() >= prune_at:
                    await self._outbox.prune(int(self._clock() - self._retention_us))
                    prune_at = anyio.current_time() + PRUNE_SECONDS
            except _FAULTS as fault:
                _log.warning("the outbox is kept later: %s", _said(fault))

    async def begin(self) -> None:
        """Marks what an earlier run left."""
        while pending := await self._outbox.pending():
            await self._outbox.mark_published([event.event_id for event in pending])
            if len(pending) < MAX_PENDING:
                return

    async def finish(self) -> None:
        """Marks what is left. A database that is gone by now leaves it to the next start."""
        try:
            await self._mark()
        except _FAULTS as fault:
            _log.warning("delivered events stay unmarked: %s", _said(fault))

    async def _mark(self) -> None:
        event_ids = self._write_log.take_unmarked()
        try:
            await self._outbox.mark_published(event_ids)
        except _FAULTS:
            self._write_log.put_back(event_ids)
            raise


def _said(fault: StoreFault | asyncpg.PostgresError) -> str:
    return fault.message if isinstance(fault, StoreFault) else str(fault)
