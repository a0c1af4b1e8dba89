"""What a restart makes of orders that were under way, wherever the gateway died."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import anyio
import pytest

from meltica_runtime.orders.lifecycle import Order
from meltica_runtime.orders.order import (
    Acknowledged,
    AmendRequest,
    Cancelled,
    CancelRequest,
    Filled,
    OrderReport,
    OrderRequest,
    OrderState,
)
from meltica_runtime.orders.outcomes import Denial
from meltica_runtime.orders.write_log import ExecutionRecorded, OrderChanged, OrderPlaced, WriteLogEntry

MakeGateway = Callable[..., Any]
MakeOrder = Callable[..., OrderRequest]
Eventually = Callable[[Callable[[], bool]], Awaitable[None]]


def latest(entries: tuple[WriteLogEntry, ...]) -> dict[str, Order]:
    """The orders of a write log, each as its last entry has it."""
    return {
        entry.order.client_order_id: entry.order
        for entry in entries
        if isinstance(entry, OrderPlaced | OrderChanged | ExecutionRecorded)
    }


def still_open(entries: tuple[WriteLogEntry, ...]) -> list[Order]:
    return [order for order in latest(entries).values() if not order.state.is_final]


def fill(client_order_id: str, execution_id: str, quantity: str) -> Filled:
    amounts = Decimal(quantity), Decimal(100)
    return Filled(client_order_id, execution_id, *amounts, Decimal(0), "USDT", True, 0.0)


class Crash:
    """Ends a gateway at the `at`-th point that it comes to, as if its process were killed."""

    def __init__(self, at: int) -> None:
        self._at = at
        self._reached = 0
        self.scope = anyio.CancelScope()

    @property
    def happened(self) -> bool:
        return self._reached >= self._at

    async def point(self) -> None:
        self._reached += 1
        if self.happened:
            self.scope.cancel()
            await anyio.sleep_forever()


async def trade(gateway: Any, crash: Crash, make_order: MakeOrder, eventually: Eventually) -> None:
    """A short life: two orders, one filled in two parts after it was amended, the other cancelled."""
    venue = gateway.venues["paper"]
    gateway.write_log.point = venue.point = crash.point
    with crash.scope:
        async with gateway.running():
            gateway.submit(make_order("a", quantity="2"))
            gateway.submit(make_order("b"))
            await eventually(lambda: bool(gateway.seen("a") and gateway.seen("b")))
            gateway.router.amend(AmendRequest("a", "maker", None, Decimal(1)), Decimal(100))
            await eventually(lambda: gateway.engine.order("a").quantity == 1)
            for execution in ("e-1", "e-2"):
                await crash.point()
                venue.say(fill("a", execution, "0.5"))
            gateway.router.cancel(CancelRequest("b", "maker"))
            await eventually(lambda: gateway.seen("b")[-1] is OrderState.CANCELLED)
            await eventually(lambda: gateway.seen("a")[-1] is OrderState.FILLED)


def restarted(dead: Any, make_gateway: MakeGateway) -> Any:
    async def on() -> None:
        """Nothing happens to the second life."""

    for part in (dead.write_log, *dead.venues.values()):
        part.point = on
    gateway = make_gateway(write_log=dead.write_log, venues=dead.venues)
    gateway.router.restore(still_open(dead.write_log.entries))
    return gateway


def truth(reports: list[OrderReport]) -> tuple[Decimal, bool]:
    """What the venue holds of an order: the quantity filled, and whether it was cancelled."""
    filled = sum((report.quantity for report in reports if isinstance(report, Filled)), Decimal(0))
    return filled, any(isinstance(report, Cancelled) for report in reports)


async def crash_and_restart(
    at: int, make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> bool:
    """Whether the gateway died at all before it was done."""
    crash = Crash(at)
    first = make_gateway()
    await trade(first, crash, make_order, eventually)
    venue = first.venues["paper"]
    sent = list(venue.requests)

    second = restarted(first, make_gateway)
    async with second.running():
        await second.router.recovered()
        await second.router.stop()

    assert venue.requests == sent, "nothing is sent again"
    orders = latest(first.write_log.entries)
    assert set(venue.orders) <= set(orders), "every order that the venue has was stored before"
    for client_order_id, order in orders.items():
        filled, cancelled = truth(venue.orders.get(client_order_id, []))
        assert order.filled == filled
        if client_order_id not in venue.orders:
            assert order.state is OrderState.EXPIRED
        else:
            assert (order.state is OrderState.CANCELLED) == cancelled
            assert (order.state is OrderState.FILLED) == (filled == order.quantity)
    executions = [e.fill.execution_id for e in first.write_log.entries if isinstance(e, ExecutionRecorded)]
    assert len(executions) == len(set(executions)), "no fill is stored twice"
    assert sum(order.filled for order in orders.values()) == len(executions) * Decimal("0.5")
    return crash.happened


@pytest.mark.anyio
async def test_wherever_the_gateway_dies_nothing_is_sent_twice_and_nothing_is_lost(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    points = 0
    # A fresh write log for each life: the fixture's is one for the whole test.
    write_log_type = type(make_gateway().write_log)

    def make(**changes: Any) -> Any:
        changes.setdefault("write_log", write_log_type())
        return make_gateway(**changes)

    while await crash_and_restart(points + 1, make, make_order, eventually):
        points += 1

    assert points >= 20, "two commits and three wire points for each of four requests, and the fills"


@pytest.mark.anyio
async def test_a_venue_takes_no_orders_until_it_has_answered_for_the_old_ones(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    first = make_gateway()
    async with first.running():
        first.submit(make_order("old"))
        await eventually(lambda: first.seen("old") == [OrderState.ACKNOWLEDGED])
    second = restarted(first, make_gateway)
    second.venues["paper"].is_reachable = False
    async with second.running():
        early = second.submit(make_order("early"))
        assert (early.kind, early.reason) == (
            Denial.NOT_READY,
            "paper is still asked about 1 orders of an earlier run",
        )
        second.submit(make_order("elsewhere", provider="okx"))
        await eventually(lambda: second.seen("elsewhere") == [OrderState.ACKNOWLEDGED])

        second.venues["paper"].is_reachable = True
        await second.router.recovered()
        second.submit(make_order("new"))
        await eventually(lambda: second.seen("new") == [OrderState.ACKNOWLEDGED])

    assert second.state("old") is OrderState.ACKNOWLEDGED
    assert not second.engine.order("old").outcome_unknown


@pytest.mark.anyio
async def test_an_order_that_ended_while_nobody_looked_is_followed_to_its_end(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    first = make_gateway()
    async with first.running():
        first.submit(make_order("o-1"))
        await eventually(lambda: first.seen("o-1") == [OrderState.ACKNOWLEDGED])
    first.venues["paper"].orders["o-1"] += [fill("o-1", "e-1", "0.4"), Cancelled("o-1", 9.0)]
    second = restarted(first, make_gateway)
    async with second.running():
        await second.router.recovered()
        await eventually(lambda: len(second.seen("o-1")) == 2)

    assert second.seen("o-1") == [OrderState.PARTIALLY_FILLED, OrderState.CANCELLED]
    assert second.engine.accounts.positions()[0].net == Decimal("0.4")


@pytest.mark.anyio
@pytest.mark.parametrize("arrived", [True, False])
async def test_an_amend_that_was_on_its_way_is_followed_too(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually, arrived: bool
) -> None:
    first = make_gateway()
    async with first.running():
        first.submit(make_order("o-1"))
        await eventually(lambda: first.seen("o-1") == [OrderState.ACKNOWLEDGED])
        first.venues["paper"].is_reachable = False
        first.venues["paper"].script["o-1"] = ["lose" if arrived else "drop"]
        first.router.amend(AmendRequest("o-1", "maker", None, Decimal(3)), Decimal(100))
        await eventually(lambda: first.engine.order("o-1").outcome_unknown)
    second = restarted(first, make_gateway)
    exposure = second.engine.accounts.risk_engine("maker").exposures.at("paper", "BTC-USDT")
    assert exposure.buying == 3
    second.venues["paper"].is_reachable = True
    async with second.running():
        await second.router.recovered()
        await eventually(lambda: second.engine.order("o-1").amendment is None)

    assert second.engine.order("o-1").quantity == exposure.buying == (3 if arrived else 1)


@pytest.mark.anyio
async def test_an_order_at_a_venue_that_is_gone_stays_in_doubt(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    first = make_gateway()
    async with first.running():
        first.submit(make_order("o-1", provider="okx"))
        await eventually(lambda: first.seen("o-1") == [OrderState.ACKNOWLEDGED])
    del first.venues["okx"]
    second = restarted(first, make_gateway)
    async with second.running():
        stopped = await second.router.stop()

    assert (stopped.open_orders, stopped.unknown_outcomes) == (1, 1)
    assert second.state("o-1") is OrderState.ACKNOWLEDGED


def test_a_router_is_built_and_filled_without_a_loop(
    make_gateway: MakeGateway, make_order: MakeOrder
) -> None:
    first = make_gateway()
    first.submit(make_order("o-1"))
    first.engine.apply(Acknowledged("o-1", "x-1", 1.0))
    second = make_gateway()
    second.router.restore(first.engine.open_orders())

    (order,) = second.engine.open_orders()
    assert (order.state, order.exchange_order_id) == (OrderState.ACKNOWLEDGED, "x-1")
    assert order.outcome_unknown
