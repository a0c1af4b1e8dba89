"""An engaged kill switch is found again after a restart, until somebody releases it."""

from __future__ import annotations

import pytest

from meltica_runtime.orders.limits import RiskEvent, RiskLimit, RiskStatus
from meltica_runtime.orders.write_log import RiskRecorded
from meltica_runtime.store.halts import Halt, engaged_halts, release_halts
from meltica_runtime.store.pool import Database
from meltica_runtime.store.write_log import PostgresWriteLog

pytestmark = pytest.mark.anyio


def switch(instance: str | None, number: int, *, engaged: bool) -> RiskRecorded:
    status = RiskStatus.TRIGGERED if engaged else RiskStatus.CLEARED
    reason = "3 breaches" if engaged else "it was reset"
    return RiskRecorded(
        RiskEvent(instance, number, 100.0 + number, status, RiskLimit.KILL_SWITCH, reason, engaged, False)
    )


async def test_an_engaged_switch_is_found_again(database: Database) -> None:
    await PostgresWriteLog(database).commit([switch("maker", 1, engaged=True), switch(None, 1, engaged=True)])
    assert await engaged_halts(database) == (
        Halt(None, "3 breaches", 101.0),
        Halt("maker", "3 breaches", 101.0),
    )


@pytest.mark.parametrize("together", [True, False])
async def test_the_last_of_several_changes_counts(database: Database, together: bool) -> None:
    changes = [switch("maker", number, engaged=number % 2 == 1) for number in range(1, 5)]
    write_log = PostgresWriteLog(database)
    for group in [changes[:3]] if together else [[change] for change in changes[:3]]:
        await write_log.commit(group)
    assert [halt.instance for halt in await engaged_halts(database)] == ["maker"]
    await write_log.commit(changes[2:])
    assert await engaged_halts(database) == ()


async def test_a_release_names_those_that_were_engaged(database: Database) -> None:
    await PostgresWriteLog(database).commit(
        [switch("maker", 1, engaged=True), switch("taker", 1, engaged=True)]
    )
    assert await release_halts(database, ["maker", "nobody"]) == ("maker",)
    assert [halt.instance for halt in await engaged_halts(database)] == ["taker"]


async def test_the_switch_of_the_whole_gateway_is_released_by_itself(database: Database) -> None:
    await PostgresWriteLog(database).commit([switch("maker", 1, engaged=True), switch(None, 1, engaged=True)])
    assert await release_halts(database, ["maker"]) == ("maker",)
    assert await engaged_halts(database) == (Halt(None, "3 breaches", 101.0),)
    assert await release_halts(database, [None]) == (None,)
    assert await engaged_halts(database) == ()


def test_a_halt_says_since_when_as_log_lines_do() -> None:
    assert Halt(None, "by hand", 1_772_331_249_999_999.0).since == "2026-03-01T02:14:09Z"


async def test_a_touched_limit_is_no_halt(database: Database) -> None:
    event = RiskEvent("maker", 1, 1.0, RiskStatus.TRIGGERED, RiskLimit.PRICE_BAND, "far", False, False)
    await PostgresWriteLog(database).commit([RiskRecorded(event)])
    assert await engaged_halts(database) == ()
