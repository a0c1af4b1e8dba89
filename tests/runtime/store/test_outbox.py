"""Events stay pending until they are marked, in order, and are forgotten only when old and delivered."""

from __future__ import annotations

import pytest
from tests.runtime.store.conftest import an_order

from meltica_runtime.orders.write_log import OrderPlaced
from meltica_runtime.store.outbox import Outbox
from meltica_runtime.store.pool import Database
from meltica_runtime.store.write_log import PostgresWriteLog

pytestmark = pytest.mark.anyio

FAR = 2**62


async def fill(database: Database, count: int) -> list[str]:
    entries = [OrderPlaced(an_order(number)) for number in range(count)]
    await PostgresWriteLog(database).commit(entries)
    return [entry.event_id for entry in entries]


async def test_marked_events_are_no_longer_pending(database: Database) -> None:
    ids = await fill(database, 5)
    outbox = Outbox(database)
    assert await outbox.mark_published(ids[:3]) == 3
    assert [event.event_id for event in await outbox.pending()] == ids[3:]


async def test_marking_again_marks_nothing(database: Database) -> None:
    ids = await fill(database, 2)
    outbox = Outbox(database)
    await outbox.mark_published(ids)
    assert await outbox.mark_published(ids) == 0
    assert await outbox.mark_published([]) == 0


async def test_a_redelivered_event_stays_published(database: Database) -> None:
    ids = await fill(database, 2)
    outbox = Outbox(database)
    await outbox.mark_published(ids)
    await fill(database, 2)
    assert await outbox.pending() == ()


async def test_pending_events_come_in_pages(database: Database) -> None:
    ids = await fill(database, 5)
    outbox = Outbox(database)
    first = await outbox.pending(limit=2)
    rest = await outbox.pending(after_id=first[-1].id)
    assert [event.event_id for event in (*first, *rest)] == ids


async def test_pruning_spares_what_is_undelivered_or_young(database: Database) -> None:
    ids = await fill(database, 3)
    outbox = Outbox(database)
    await outbox.mark_published(ids[:2])
    assert await outbox.prune(before_us=0) == 0
    assert await outbox.prune(before_us=FAR) == 2
    assert [event.event_id for event in await outbox.pending()] == ids[2:]
