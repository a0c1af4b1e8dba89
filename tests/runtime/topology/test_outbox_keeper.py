"""What was delivered is marked in the end, whatever the database says meanwhile."""

from __future__ import annotations

import logging

import anyio
import pytest

from meltica_runtime.orders.limits import RiskEvent, RiskLimit, RiskStatus
from meltica_runtime.orders.write_log import RiskRecorded
from meltica_runtime.store.outbox import Outbox
from meltica_runtime.store.pool import PoolLimits, open_database
from meltica_runtime.store.write_log import PostgresWriteLog
from meltica_runtime.topology import outbox_keeper
from meltica_runtime.topology.outbox_keeper import KeptWriteLog, OutboxKeeper

pytestmark = pytest.mark.anyio

FULL_DISK = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER full_disk BEFORE UPDATE ON events_outbox EXECUTE FUNCTION full_disk();
"""


async def test_a_full_disk_is_waited_for(
    migrated_dsn: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outbox_keeper, "MARK_SECONDS", 0.01)
    caplog.set_level(logging.WARNING, "meltica")
    async with open_database(migrated_dsn, PoolLimits()) as database:
        outbox, write_log = Outbox(database), KeptWriteLog(PostgresWriteLog(database))
        keeper = OutboxKeeper(outbox, write_log, 1e12, lambda: 0.0)
        async with database.connection() as connection:
            await connection.execute(FULL_DISK)
        event = RiskEvent("maker", 1, 1.0, RiskStatus.TRIGGERED, RiskLimit.PRICE_BAND, "", False, False)
        await write_log.commit((RiskRecorded(event),))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(keeper.run)
            with anyio.fail_after(10):
                while "no space left" not in caplog.text:
                    await anyio.sleep(0.01)
            await keeper.finish()
            assert len(await outbox.pending()) == 1
            async with database.connection() as connection:
                await connection.execute("DROP TRIGGER full_disk ON events_outbox")
            with anyio.fail_after(10):
                while await outbox.pending():
                    await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()
