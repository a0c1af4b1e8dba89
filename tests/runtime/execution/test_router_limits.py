"""What the order router does when something is full, fails, is halted or stops."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import anyio
import pytest

from meltica_dsl.model.pipeline import CircuitBreaker, KillSwitch, Risk
from meltica_dsl.model.values import Duration
from meltica_runtime.execution.faults import EntriesRefused
from meltica_runtime.execution.group_commit import CommitLimits
from meltica_runtime.execution.router import RouterLimits
from meltica_runtime.execution.venue_queue import VenueQueueLimits
from meltica_runtime.orders.limits import RiskEvent, RiskLimit
from meltica_runtime.orders.order import (
    AmendRequest,
    Filled,
    OrderRequest,
    OrderState,
)
from meltica_runtime.orders.outcomes import (
    Denial,
    Denied,
    Placed,
    RequestDenied,
)
from meltica_runtime.orders.write_log import ExecutionRecorded, OrderPlaced, RiskRecorded

pytestmark = pytest.mark.anyio

MakeGateway = Callable[..., Any]
MakeOrder = Callable[..., OrderRequest]
MakeRisk = Callable[..., Risk]
Eventually = Callable[[Callable[[], bool]], Awaitable[None]]

ACKNOWLEDGED, FILLED = OrderState.ACKNOWLEDGED, OrderState.FILLED
CANCELLED, REJECTED, EXPIRED = OrderState.CANCELLED, OrderState.REJECTED, OrderState.EXPIRED


def fill(client_order_id: str, execution_id: str = "e-1", quantity: str = "1") -> Filled:
    amounts = Decimal(quantity), Decimal(100)
    return Filled(client_order_id, execution_id, *amounts, Decimal(0), "USDT", True, 0.0)


async def test_a_stuck_venue_holds_up_nobody_else_and_its_queue_is_bounded(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually, quick_limits: RouterLimits
) -> None:
    gateway = make_gateway(limits=replace(quick_limits, venue_queue=VenueQueueLimits(orders=3)))
    gateway.venues["okx"].script["stuck-0"] = ["hang"]
    async with gateway.running():
        stuck = [gateway.submit(make_order(f"stuck-{n}", provider="okx")) for n in range(4)]
        await eventually(lambda: gateway.venues["okx"].requests == [("submit", "stuck-0")])
        for number in range(10):
            gateway.submit(make_order(f"o-{number}"))
            await eventually(lambda number=number: gateway.seen(f"o-{number}") == [ACKNOWLEDGED])

    assert [type(placement) for placement in stuck] == [Placed, Placed, Placed, Denied]
    assert stuck[3].kind is Denial.FULL
    assert gateway.seen("stuck-3") == [REJECTED]
    assert gateway.venues["okx"].requests == [("submit", "stuck-0")]


async def test_while_the_write_log_fails_nothing_leaves_and_the_reason_is_shown(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    gateway.write_log.failures = 1_000_000
    async with gateway.running():
        gateway.submit(make_order())
        await eventually(lambda: gateway.router.statistics().commit.failures > 3)
        assert gateway.router.statistics().commit.error == "WriteLogUnavailable: the disk is full"
        late = gateway.submit(make_order("o-2"))
        assert (late.kind, late.reason) == (
            Denial.NOT_READY,
            "the journal cannot be written: WriteLogUnavailable: the disk is full",
        )
        amend = gateway.router.amend(AmendRequest("o-1", "maker", None, Decimal(2)), Decimal(100))
        assert isinstance(amend, RequestDenied)
        assert gateway.venues["paper"].requests == []

        gateway.write_log.failures = 0
        await eventually(lambda: gateway.seen("o-1") == [ACKNOWLEDGED])
    assert gateway.router.statistics().commit.error == ""


async def test_an_order_that_waited_too_long_is_not_sent(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually, clock: Any
) -> None:
    gateway = make_gateway()
    gate = gateway.write_log.gate = anyio.Event()
    async with gateway.running():
        gateway.submit(make_order())
        await anyio.wait_all_tasks_blocked()
        clock.now_us += 11e6
        gate.set()
        await eventually(lambda: gateway.seen("o-1") == [EXPIRED])

    assert gateway.engine.order("o-1").reason == "never sent: it waited 11.0 s"
    assert gateway.venues["paper"].requests == []


async def test_an_order_that_the_write_log_will_never_take_is_rejected_and_the_rest_of_its_group_leaves(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    gateway.write_log.refuse = "bad:placed"
    async with gateway.running():
        for id_ in ("a", "bad", "b"):
            gateway.submit(make_order(id_))
        await eventually(lambda: gateway.seen("bad") == [REJECTED])
        await eventually(lambda: gateway.seen("b") == [ACKNOWLEDGED])

    assert gateway.venues["paper"].requests == [("submit", "a"), ("submit", "b")]
    (fault,) = gateway.faults
    assert isinstance(fault, EntriesRefused)
    assert fault.reason == "that id exists"


async def test_a_report_that_finds_the_queue_full_is_asked_for_again(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually, quick_limits: RouterLimits
) -> None:
    small = replace(quick_limits, commit=replace(quick_limits.commit, waiting=2), report_room=1)
    gateway = make_gateway(limits=small)
    venue = gateway.venues["paper"]
    async with gateway.running():
        gateway.submit(make_order())
        await eventually(lambda: gateway.seen("o-1") == [ACKNOWLEDGED])
        gate = gateway.write_log.gate = anyio.Event()
        for number in range(10):
            venue.say(fill("o-1", f"e-{number}", "0.1"))
        assert gateway.router.statistics().missed_reports > 0
        gate.set()
        await eventually(lambda: gateway.state("o-1") is FILLED)
        await eventually(lambda: gateway.seen("o-1")[-1] is FILLED)

    assert len([entry for entry in gateway.write_log.entries if isinstance(entry, ExecutionRecorded)]) == 10


async def test_new_orders_leave_room_in_the_queue_for_reports(
    make_gateway: MakeGateway, make_order: MakeOrder, quick_limits: RouterLimits
) -> None:
    small = replace(quick_limits, commit=CommitLimits(waiting=4), report_room=2)
    gateway = make_gateway(limits=small)
    placements = [gateway.submit(make_order(f"o-{number}")) for number in range(3)]

    assert [type(placement) for placement in placements] == [Placed, Placed, Denied]
    assert placements[2].kind is Denial.FULL


async def test_a_halt_stops_orders_that_wait_already_and_cancels_nothing(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    async with gateway.running():
        gateway.submit(make_order("open"))
        await eventually(lambda: gateway.seen("open") == [ACKNOWLEDGED])
        gate = gateway.write_log.gate = anyio.Event()
        gateway.submit(make_order("waiting"))
        await anyio.wait_all_tasks_blocked()
        gateway.router.halt(None, "by hand")
        gate.set()
        await eventually(lambda: gateway.seen("waiting") == [EXPIRED])
        assert gateway.submit(make_order("new")).limit is RiskLimit.KILL_SWITCH
        await eventually(lambda: gateway.seen("new") == [REJECTED])

        gateway.router.reset(None)
        gateway.submit(make_order("after"))
        await eventually(lambda: gateway.seen("after") == [ACKNOWLEDGED])

    assert [id_ for _, id_ in gateway.venues["paper"].requests] == ["open", "after"]
    assert gateway.state("open") is ACKNOWLEDGED


async def test_a_halt_stops_amends_that_wait_already_unless_they_only_take_quantity_away(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    async with gateway.running():
        for name in ("more", "less"):
            gateway.submit(make_order(name))
            await eventually(lambda name=name: gateway.seen(name) == [ACKNOWLEDGED])
        gate = gateway.write_log.gate = anyio.Event()
        for name, quantity in (("more", "2"), ("less", "0.5")):
            gateway.router.amend(AmendRequest(name, "maker", None, Decimal(quantity)), Decimal(100))
        await anyio.wait_all_tasks_blocked()
        gateway.router.halt(None, "by hand")
        gate.set()
        await eventually(lambda: len(gateway.seen("more")) == len(gateway.seen("less")) == 2)

    amends = [id_ for kind, id_ in gateway.venues["paper"].requests if kind == "amend"]
    assert amends == ["less"]
    kept = gateway.engine.order("more")
    assert (kept.quantity, kept.amendment, kept.state) == (Decimal(1), None, ACKNOWLEDGED)


async def test_risk_events_are_stored_and_then_seen(
    make_gateway: MakeGateway, make_order: MakeOrder, make_risk: MakeRisk, eventually: Eventually
) -> None:
    gateway = make_gateway(risk=make_risk(max_position=Decimal(1), kill_switch=KillSwitch(1)))
    async with gateway.running():
        gateway.submit(make_order(quantity="2"))
        await eventually(lambda: len(gateway.deliveries) == 3)

    events = [delivery for delivery in gateway.deliveries if isinstance(delivery, RiskEvent)]
    assert [event.limit for event in events] == [RiskLimit.MAX_POSITION, RiskLimit.KILL_SWITCH]
    assert [type(entry) for entry in gateway.write_log.entries] == [OrderPlaced, RiskRecorded, RiskRecorded]
    assert gateway.write_log.entries[0].order.state is REJECTED


async def test_a_breaker_that_closes_is_told_without_any_order(
    make_gateway: MakeGateway,
    make_order: MakeOrder,
    make_risk: MakeRisk,
    eventually: Eventually,
    clock: Any,
) -> None:
    breaker = CircuitBreaker(1, Duration(30 * 10**9))
    gateway = make_gateway(risk=make_risk(max_position=Decimal(1), circuit_breaker=breaker))
    async with gateway.running():
        gateway.submit(make_order(quantity="2"))
        await eventually(lambda: len(gateway.deliveries) == 3)
        clock.now_us += 30e6
        await eventually(lambda: len(gateway.deliveries) == 4)

    assert not gateway.deliveries[-1].circuit_breaker_open


async def test_a_stop_lets_what_waits_leave_and_says_what_stays_open(
    make_gateway: MakeGateway, make_order: MakeOrder
) -> None:
    gateway = make_gateway()
    async with gateway.running():
        for number in range(5):
            gateway.submit(make_order(f"o-{number}"))
        stopped = await gateway.router.stop()
        late = gateway.submit(make_order("late"))

    assert (stopped.open_orders, stopped.unknown_outcomes, stopped.unsaved, stopped.unsent) == (5, 0, 0, 0)
    assert all(gateway.seen(f"o-{number}") == [ACKNOWLEDGED] for number in range(5))
    assert (late.kind, late.reason) == (Denial.NOT_READY, "the gateway is stopping")


async def test_a_stop_does_not_wait_for_ever_for_a_write_log_that_fails(
    make_gateway: MakeGateway, make_order: MakeOrder, quick_limits: RouterLimits
) -> None:
    gateway = make_gateway(limits=replace(quick_limits, stop_s=0.02))
    gateway.write_log.failures = 1_000_000
    async with gateway.running():
        gateway.submit(make_order())
        stopped = await gateway.router.stop()

    assert (stopped.open_orders, stopped.unsaved) == (1, 1)
    assert gateway.venues["paper"].requests == []
