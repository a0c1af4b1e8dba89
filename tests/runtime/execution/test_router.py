from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import anyio
import pytest

from meltica_dsl.model.pipeline import Risk
from meltica_runtime.execution.router import RouterLimits
from meltica_runtime.orders.lifecycle import IllegalTransition
from meltica_runtime.orders.order import (
    AmendRequest,
    BalanceChanged,
    CancelRequest,
    Filled,
    OrderRequest,
    OrderState,
    RequestFailed,
)
from meltica_runtime.orders.outcomes import (
    CancelAccepted,
    Denial,
    DryRun,
    Placed,
    UnknownOrder,
)
from meltica_runtime.orders.write_log import ExecutionRecorded, OrderChanged, OrderPlaced

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


async def test_an_order_is_committed_then_sent_and_its_reports_are_committed_then_seen(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    async with gateway.running():
        assert isinstance(gateway.submit(make_order()), Placed)
        await eventually(lambda: gateway.seen("o-1") == [ACKNOWLEDGED])
        gateway.venues["paper"].say(fill("o-1"))
        await eventually(lambda: gateway.seen("o-1") == [ACKNOWLEDGED, FILLED])

    assert [type(entry) for entry in gateway.write_log.entries] == [
        OrderPlaced,
        OrderChanged,
        ExecutionRecorded,
    ]
    assert gateway.venues["paper"].requests == [("submit", "o-1")]


async def test_no_order_leaves_and_no_report_is_seen_before_it_is_durable(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    venue = gateway.venues["paper"]
    async with gateway.running():
        gateway.write_log.gate = anyio.Event()
        gateway.submit(make_order())
        await anyio.wait_all_tasks_blocked()
        assert venue.requests == []
        gateway.write_log.gate.set()
        await eventually(lambda: gateway.seen("o-1") == [ACKNOWLEDGED])

        gateway.write_log.gate = anyio.Event()
        venue.say(fill("o-1"))
        await anyio.wait_all_tasks_blocked()
        assert gateway.state("o-1") is FILLED
        assert gateway.seen("o-1") == [ACKNOWLEDGED]
        gateway.write_log.gate.set()
        await eventually(lambda: gateway.seen("o-1") == [ACKNOWLEDGED, FILLED])


async def test_whatever_waits_is_committed_together(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    gate = gateway.write_log.gate = anyio.Event()
    async with gateway.running():
        gateway.submit(make_order("first"))
        await anyio.wait_all_tasks_blocked()
        for number in range(20):
            gateway.submit(make_order(f"o-{number}"))
        gate.set()
        await eventually(lambda: len(gateway.venues["paper"].requests) == 21)

    assert gateway.write_log.groups[:2] == [1, 20]
    assert [id_ for _, id_ in gateway.venues["paper"].requests[1:]] == [f"o-{n}" for n in range(20)]


async def test_a_definite_refusal_is_a_reject(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    gateway.venues["paper"].script["o-1"] = ["refuse"]
    async with gateway.running():
        gateway.submit(make_order())
        await eventually(lambda: gateway.seen("o-1") == [REJECTED])

    assert gateway.engine.order("o-1").reason == "insufficient funds"


@pytest.mark.parametrize("outcome", ["lose", "drop", "break", "hang"])
async def test_an_unknown_outcome_leaves_the_order_in_flight(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually, outcome: str
) -> None:
    gateway = make_gateway()
    venue = gateway.venues["paper"]
    venue.script["o-1"] = [outcome]
    venue.is_reachable = False
    async with gateway.running():
        gateway.submit(make_order())
        await eventually(lambda: venue.queries > 3)

        order = gateway.engine.order("o-1")
        assert (order.state, order.outcome_unknown) == (OrderState.NEW, True)
        assert gateway.seen("o-1") == []
        venue.is_reachable = True
        expected = ACKNOWLEDGED if outcome == "lose" else EXPIRED
        await eventually(lambda: gateway.seen("o-1") == [expected])

    assert not gateway.engine.order("o-1").outcome_unknown
    assert venue.requests == [("submit", "o-1")]


async def test_fills_that_came_while_nobody_listened_are_told_by_the_venue(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    venue = gateway.venues["paper"]
    async with gateway.running():
        gateway.submit(make_order())
        await eventually(lambda: gateway.seen("o-1") == [ACKNOWLEDGED])
        venue.orders["o-1"].append(fill("o-1"))
        gateway.router.reconnected("paper")
        await eventually(lambda: gateway.seen("o-1") == [ACKNOWLEDGED, FILLED])

    assert gateway.engine.statistics().duplicates == 1


async def test_an_order_that_a_venue_does_not_know_at_first_may_still_arrive(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually, quick_limits: RouterLimits
) -> None:
    patient = replace(quick_limits, reconciler=replace(quick_limits.reconciler, not_found_answers=1_000_000))
    gateway = make_gateway(limits=patient)
    venue = gateway.venues["paper"]
    venue.script["o-1"] = ["drop"]
    async with gateway.running():
        gateway.submit(make_order())
        await eventually(lambda: venue.queries > 2)
        assert gateway.state("o-1") is OrderState.NEW
        venue.say(fill("o-1"))
        await eventually(lambda: gateway.seen("o-1") == [FILLED])
        await eventually(lambda: gateway.router.statistics().venues[0].reconciler.unknown == 0)


async def test_a_cancel_follows_its_order_even_before_that_is_committed(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    gate = gateway.write_log.gate = anyio.Event()
    async with gateway.running():
        gateway.submit(make_order())
        assert isinstance(gateway.router.cancel(CancelRequest("o-1", "maker")), CancelAccepted)
        await anyio.wait_all_tasks_blocked()
        gate.set()
        await eventually(lambda: gateway.seen("o-1") == [ACKNOWLEDGED, CANCELLED])

    assert gateway.venues["paper"].requests == [("submit", "o-1"), ("cancel", "o-1")]


async def test_a_cancel_needs_no_write_log(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    async with gateway.running():
        gateway.submit(make_order())
        await eventually(lambda: gateway.seen("o-1") == [ACKNOWLEDGED])
        gateway.write_log.failures = 1_000_000
        gateway.router.cancel(CancelRequest("o-1", "maker"))
        await eventually(lambda: gateway.state("o-1") is CANCELLED)


async def test_an_amend_is_committed_before_it_is_sent(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    request = AmendRequest("o-1", "maker", Decimal(99), Decimal(2))
    async with gateway.running():
        gateway.submit(make_order())
        await eventually(lambda: gateway.seen("o-1") == [ACKNOWLEDGED])
        gateway.router.amend(request, Decimal(100))
        await eventually(lambda: gateway.seen("o-1") == [ACKNOWLEDGED, None])

    order = gateway.engine.order("o-1")
    assert (order.request.price, order.quantity, order.amendment) == (Decimal(99), Decimal(2), None)
    committed = gateway.write_log.entries[2]
    assert isinstance(committed, OrderChanged)
    assert committed.order.amendment == request


@pytest.mark.parametrize("kind", ["cancel", "amend"])
async def test_a_cancel_or_amend_that_came_to_nothing_is_told_and_can_be_tried_again(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually, kind: str
) -> None:
    gateway = make_gateway()
    amend = AmendRequest("o-1", "maker", None, Decimal(2))

    def ask() -> None:
        if kind == "cancel":
            gateway.router.cancel(CancelRequest("o-1", "maker"))
        else:
            gateway.router.amend(amend, Decimal(100))

    gateway.venues["paper"].script["o-1"] = ["answer", "drop", "refuse", "answer"]
    async with gateway.running():
        gateway.submit(make_order())
        await eventually(lambda: gateway.seen("o-1") == [ACKNOWLEDGED])
        for failures in (1, 2):
            ask()
            await eventually(lambda failures=failures: gateway.seen("o-1")[1:] == [None] * failures)
            assert isinstance(gateway.deliveries[-1].report, RequestFailed)
        ask()
        last = CANCELLED if kind == "cancel" else None
        await eventually(lambda: gateway.seen("o-1")[1:] == [None, None, last])

    assert [kind for kind, _ in gateway.venues["paper"].requests] == ["submit", kind, kind, kind]


async def test_an_amend_whose_answer_was_lost_is_found_again(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    gateway.venues["paper"].script["o-1"] = ["answer", "lose"]
    async with gateway.running():
        gateway.submit(make_order())
        await eventually(lambda: gateway.seen("o-1") == [ACKNOWLEDGED])
        gateway.router.amend(AmendRequest("o-1", "maker", None, Decimal(2)), Decimal(100))
        await eventually(lambda: gateway.engine.order("o-1").quantity == 2)
        await eventually(lambda: not gateway.engine.order("o-1").outcome_unknown)

    assert gateway.seen("o-1") == [ACKNOWLEDGED, None]


async def test_a_dry_run_is_recorded_and_goes_nowhere(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway(venues={"paper": next(iter(make_gateway().venues.values()))})
    async with gateway.running():
        assert isinstance(gateway.submit(make_order(instance="dry", provider="okx")), DryRun)
        await eventually(lambda: gateway.seen("o-1") == [EXPIRED])

    assert [type(entry) for entry in gateway.write_log.entries] == [OrderPlaced]
    assert gateway.venues["paper"].requests == []


async def test_a_venue_that_is_not_there_takes_no_orders(
    make_gateway: MakeGateway, make_order: MakeOrder
) -> None:
    gateway = make_gateway(venues={"paper": next(iter(make_gateway().venues.values()))})
    refused = gateway.submit(make_order(provider="okx"))

    assert (refused.kind, refused.reason) == (Denial.NOT_READY, "okx takes no orders")
    assert gateway.seen("o-1") == [REJECTED]


async def test_what_cannot_be_is_reported_to_people_and_not_to_strategies(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    async with gateway.running():
        gateway.submit(make_order())
        await eventually(lambda: gateway.seen("o-1") == [ACKNOWLEDGED])
        gateway.venues["paper"].say(fill("o-1", quantity="7"))
        gateway.venues["paper"].say(fill("stranger"))

    assert [type(fault) for fault in gateway.faults] == [IllegalTransition, UnknownOrder]
    assert gateway.seen("o-1") == [ACKNOWLEDGED]
    assert gateway.router.statistics().faults == 2


async def test_balances_are_stored_and_then_seen(make_gateway: MakeGateway, eventually: Eventually) -> None:
    gateway = make_gateway()
    change = BalanceChanged("paper", "USDT", Decimal(10), Decimal(9), 1.0)
    async with gateway.running():
        gateway.router.on_report(change)
        await eventually(lambda: gateway.deliveries == [change])

    assert gateway.write_log.written == 1
