"""The reading side of the outbox: what was committed and not yet delivered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meltica_runtime.store.pool import Database

MAX_PENDING = 10_000
"""Most events of one `pending` call: about 10 MB."""

PRUNE_BATCH = 10_000
"""Rows deleted in one transaction, so that no commit waits longer than some tens of milliseconds for it."""

_PENDING = """
SELECT id, event_id, kind, payload, created_us FROM events_outbox
WHERE published_us IS NULL AND id > $1 ORDER BY id LIMIT $2
"""
_MARK = """
UPDATE events_outbox SET published_us = now_us() WHERE event_id = ANY($1) AND published_us IS NULL
"""
_PRUNE = """
DELETE FROM events_outbox WHERE id IN (
  SELECT id FROM events_outbox WHERE created_us < $1 AND published_us IS NOT NULL LIMIT $2)
"""


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """One stored event. `payload` is the JSON of its row in the table of its kind, or of the event itself;
    `id` is its place in the order of storing."""

    id: int
    event_id: str
    kind: str
    payload: str
    created_us: int


class Outbox:
    """Delivery is at least once: an event is marked after its receivers had it, and one that a crash left
    unmarked is delivered again. Receivers know it by its event id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pending(self, after_id: int = 0, limit: int = MAX_PENDING) -> tuple[OutboxEvent, ...]:
        """Events that are not marked as published, in the order they were stored, from after `after_id`."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_PENDING, after_id, min(limit, MAX_PENDING))
        return tuple(OutboxEvent(**row) for row in rows)

    async def mark_published(self, event_ids: Sequence[str]) -> int:
        """Marks events as delivered and returns how many were not marked before."""
        if not event_ids:
            return 0
        async with self._database.connection() as connection:
            answer = await connection.execute(_MARK, list(event_ids))
        return _count(answer)

    async def prune(self, before_us: int) -> int:
        """Deletes published events that were stored before a time, and returns how many.

        Their event ids are forgotten with them: nothing so old may be written again.
        """
        deleted = 0
        while True:
            async with self._database.connection() as connection:
                count = _count(await connection.execute(_PRUNE, before_us, PRUNE_BATCH))
            deleted += count
            if count < PRUNE_BATCH:
                return deleted


def _count(answer: str) -> int:
    """The number at the end of a command's tag, such as `UPDATE 3`."""
    return int(answer.rpartition(" ")[2])
