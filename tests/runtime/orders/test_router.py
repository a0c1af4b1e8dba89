from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import anyio
import pytest

from meltica_dsl.model import CircuitBreaker, KillSwitch, Risk
from meltica_dsl.values import Duration
from meltica_runtime.orders.commit import CommitLimits
from meltica_runtime.orders.journal import ExecutionRecorded, OrderChanged, OrderPlaced, RiskRecorded
from meltica_runtime.orders.lane import LaneLimits
from meltica_runtime.orders.lifecycle import IllegalTransition
from meltica_runtime.orders.limits import RiskEvent, RiskLimit
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
    DryRun,
    Placed,
    Refusal,
    Refused,
    RequestRefused,
    UnknownOrder,
)
from meltica_runtime.orders.router_records import JournalRefusal, RouterLimits

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

    assert [type(entry) for entry in gateway.journal.entries] == [
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
        gateway.journal.gate = anyio.Event()
        gateway.submit(make_order())
        await anyio.wait_all_tasks_blocked()
        assert venue.requests == []
        gateway.journal.gate.set()
        await eventually(lambda: gateway.seen("o-1") == [ACKNOWLEDGED])

        gateway.journal.gate = anyio.Event()
        venue.say(fill("o-1"))
        await anyio.wait_all_tasks_blocked()
        assert gateway.state("o-1") is FILLED
        assert gateway.seen("o-1") == [ACKNOWLEDGED]
        gateway.journal.gate.set()
        await eventually(lambda: gateway.seen("o-1") == [ACKNOWLEDGED, FILLED])


async def test_whatever_waits_is_committed_together(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    gate = gateway.journal.gate = anyio.Event()
    async with gateway.running():
        gateway.submit(make_order("first"))
        await anyio.wait_all_tasks_blocked()
        for number in range(20):
            gateway.submit(make_order(f"o-{number}"))
        gate.set()
        await eventually(lambda: len(gateway.venues["paper"].requests) == 21)

    assert gateway.journal.groups[:2] == [1, 20]
    assert [id_ for _, id_ in gateway.venues["paper"].requests[1:]] == [f"o-{n}" for n in range(20)]


async def test_a_definite_refusal_is_a_reject(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    gateway.venues["paper"].script["o-1"] = ["refuse"]
    async with gateway.running():
        gateway.submit(make_order())
        await eventually(lambda: gateway.seen("o-1") == [REJECTED])

    assert gateway.desk.order("o-1").reason == "insufficient funds"


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

        order = gateway.desk.order("o-1")
        assert (order.state, order.outcome_unknown) == (OrderState.NEW, True)
        assert gateway.seen("o-1") == []
        venue.is_reachable = True
        expected = ACKNOWLEDGED if outcome == "lose" else EXPIRED
        await eventually(lambda: gateway.seen("o-1") == [expected])

    assert not gateway.desk.order("o-1").outcome_unknown
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

    assert gateway.desk.statistics().duplicates == 1


async def test_an_order_that_a_venue_does_not_know_at_first_may_still_arrive(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually, quick_limits: RouterLimits
) -> None:
    patient = replace(quick_limits, inquiry=replace(quick_limits.inquiry, not_found_answers=1_000_000))
    gateway = make_gateway(limits=patient)
    venue = gateway.venues["paper"]
    venue.script["o-1"] = ["drop"]
    async with gateway.running():
        gateway.submit(make_order())
        await eventually(lambda: venue.queries > 2)
        assert gateway.state("o-1") is OrderState.NEW
        venue.say(fill("o-1"))
        await eventually(lambda: gateway.seen("o-1") == [FILLED])
        await eventually(lambda: gateway.router.statistics().lanes[0].inquiry.in_doubt == 0)


async def test_a_cancel_follows_its_order_even_before_that_is_committed(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    gate = gateway.journal.gate = anyio.Event()
    async with gateway.running():
        gateway.submit(make_order())
        assert isinstance(gateway.router.cancel(CancelRequest("o-1", "maker")), CancelAccepted)
        await anyio.wait_all_tasks_blocked()
        gate.set()
        await eventually(lambda: gateway.seen("o-1") == [ACKNOWLEDGED, CANCELLED])

    assert gateway.venues["paper"].requests == [("submit", "o-1"), ("cancel", "o-1")]


async def test_a_cancel_needs_no_journal(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    async with gateway.running():
        gateway.submit(make_order())
        await eventually(lambda: gateway.seen("o-1") == [ACKNOWLEDGED])
        gateway.journal.failures = 1_000_000
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

    order = gateway.desk.order("o-1")
    assert (order.request.price, order.quantity, order.amendment) == (Decimal(99), Decimal(2), None)
    committed = gateway.journal.entries[2]
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
        await eventually(lambda: gateway.desk.order("o-1").quantity == 2)
        await eventually(lambda: not gateway.desk.order("o-1").outcome_unknown)

    assert gateway.seen("o-1") == [ACKNOWLEDGED, None]


async def test_a_stuck_venue_holds_up_nobody_else_and_its_queue_is_bounded(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually, quick_limits: RouterLimits
) -> None:
    gateway = make_gateway(limits=replace(quick_limits, lane=LaneLimits(orders=3)))
    gateway.venues["okx"].script["stuck-0"] = ["hang"]
    async with gateway.running():
        stuck = [gateway.submit(make_order(f"stuck-{n}", provider="okx")) for n in range(4)]
        await eventually(lambda: gateway.venues["okx"].requests == [("submit", "stuck-0")])
        for number in range(10):
            gateway.submit(make_order(f"o-{number}"))
            await eventually(lambda number=number: gateway.seen(f"o-{number}") == [ACKNOWLEDGED])

    assert [type(placement) for placement in stuck] == [Placed, Placed, Placed, Refused]
    assert stuck[3].kind is Refusal.FULL
    assert gateway.seen("stuck-3") == [REJECTED]
    assert gateway.venues["okx"].requests == [("submit", "stuck-0")]


async def test_while_the_journal_fails_nothing_leaves_and_the_reason_is_shown(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    gateway.journal.failures = 1_000_000
    async with gateway.running():
        gateway.submit(make_order())
        await eventually(lambda: gateway.router.statistics().commit.failures > 3)
        assert gateway.router.statistics().commit.error == "JournalUnavailable: the disk is full"
        late = gateway.submit(make_order("o-2"))
        assert (late.kind, late.reason) == (
            Refusal.NOT_READY,
            "the journal cannot be written: JournalUnavailable: the disk is full",
        )
        amend = gateway.router.amend(AmendRequest("o-1", "maker", None, Decimal(2)), Decimal(100))
        assert isinstance(amend, RequestRefused)
        assert gateway.venues["paper"].requests == []

        gateway.journal.failures = 0
        await eventually(lambda: gateway.seen("o-1") == [ACKNOWLEDGED])
    assert gateway.router.statistics().commit.error == ""


async def test_an_order_that_waited_too_long_is_not_sent(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually, clock: Any
) -> None:
    gateway = make_gateway()
    gate = gateway.journal.gate = anyio.Event()
    async with gateway.running():
        gateway.submit(make_order())
        await anyio.wait_all_tasks_blocked()
        clock.now_us += 11e6
        gate.set()
        await eventually(lambda: gateway.seen("o-1") == [EXPIRED])

    assert gateway.desk.order("o-1").reason == "never sent: it waited 11.0 s"
    assert gateway.venues["paper"].requests == []


async def test_an_order_that_the_journal_will_never_take_is_rejected_and_the_rest_of_its_group_leaves(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    gateway.journal.refuse = "bad:placed"
    async with gateway.running():
        for id_ in ("a", "bad", "b"):
            gateway.submit(make_order(id_))
        await eventually(lambda: gateway.seen("bad") == [REJECTED])
        await eventually(lambda: gateway.seen("b") == [ACKNOWLEDGED])

    assert gateway.venues["paper"].requests == [("submit", "a"), ("submit", "b")]
    (fault,) = gateway.faults
    assert isinstance(fault, JournalRefusal)
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
        gate = gateway.journal.gate = anyio.Event()
        for number in range(10):
            venue.say(fill("o-1", f"e-{number}", "0.1"))
        assert gateway.router.statistics().missed_reports > 0
        gate.set()
        await eventually(lambda: gateway.state("o-1") is FILLED)
        await eventually(lambda: gateway.seen("o-1")[-1] is FILLED)

    assert len([entry for entry in gateway.journal.entries if isinstance(entry, ExecutionRecorded)]) == 10


async def test_new_orders_leave_room_in_the_queue_for_reports(
    make_gateway: MakeGateway, make_order: MakeOrder, quick_limits: RouterLimits
) -> None:
    small = replace(quick_limits, commit=CommitLimits(waiting=4), report_room=2)
    gateway = make_gateway(limits=small)
    placements = [gateway.submit(make_order(f"o-{number}")) for number in range(3)]

    assert [type(placement) for placement in placements] == [Placed, Placed, Refused]
    assert placements[2].kind is Refusal.FULL


async def test_a_halt_stops_orders_that_wait_already_and_cancels_nothing(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway()
    async with gateway.running():
        gateway.submit(make_order("open"))
        await eventually(lambda: gateway.seen("open") == [ACKNOWLEDGED])
        gate = gateway.journal.gate = anyio.Event()
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


async def test_risk_events_are_stored_and_then_seen(
    make_gateway: MakeGateway, make_order: MakeOrder, make_risk: MakeRisk, eventually: Eventually
) -> None:
    gateway = make_gateway(risk=make_risk(max_position=Decimal(1), kill_switch=KillSwitch(1)))
    async with gateway.running():
        gateway.submit(make_order(quantity="2"))
        await eventually(lambda: len(gateway.deliveries) == 3)

    events = [delivery for delivery in gateway.deliveries if isinstance(delivery, RiskEvent)]
    assert [event.limit for event in events] == [RiskLimit.MAX_POSITION, RiskLimit.KILL_SWITCH]
    assert [type(entry) for entry in gateway.journal.entries] == [OrderPlaced, RiskRecorded, RiskRecorded]
    assert gateway.journal.entries[0].order.state is REJECTED


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


async def test_a_dry_run_is_recorded_and_goes_nowhere(
    make_gateway: MakeGateway, make_order: MakeOrder, eventually: Eventually
) -> None:
    gateway = make_gateway(venues={"paper": next(iter(make_gateway().venues.values()))})
    async with gateway.running():
        assert isinstance(gateway.submit(make_order(instance="dry", provider="okx")), DryRun)
        await eventually(lambda: gateway.seen("o-1") == [EXPIRED])

    assert [type(entry) for entry in gateway.journal.entries] == [OrderPlaced]
    assert gateway.venues["paper"].requests == []


async def test_a_venue_that_is_not_there_takes_no_orders(
    make_gateway: MakeGateway, make_order: MakeOrder
) -> None:
    gateway = make_gateway(venues={"paper": next(iter(make_gateway().venues.values()))})
    refused = gateway.submit(make_order(provider="okx"))

    assert (refused.kind, refused.reason) == (Refusal.NOT_READY, "okx takes no orders")
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

    assert gateway.journal.written == 1


async def test_a_stop_lets_what_waits_leave_and_says_what_stays_open(
    make_gateway: MakeGateway, make_order: MakeOrder
) -> None:
    gateway = make_gateway()
    async with gateway.running():
        for number in range(5):
            gateway.submit(make_order(f"o-{number}"))
        stopped = await gateway.router.stop()
        late = gateway.submit(make_order("late"))

    assert (stopped.open_orders, stopped.in_doubt, stopped.unsaved, stopped.unsent) == (5, 0, 0, 0)
    assert all(gateway.seen(f"o-{number}") == [ACKNOWLEDGED] for number in range(5))
    assert (late.kind, late.reason) == (Refusal.NOT_READY, "the gateway is stopping")


async def test_a_stop_does_not_wait_for_ever_for_a_journal_that_fails(
    make_gateway: MakeGateway, make_order: MakeOrder, quick_limits: RouterLimits
) -> None:
    gateway = make_gateway(limits=replace(quick_limits, stop_s=0.02))
    gateway.journal.failures = 1_000_000
    async with gateway.running():
        gateway.submit(make_order())
        stopped = await gateway.router.stop()

    assert (stopped.open_orders, stopped.unsaved) == (1, 1)
    assert gateway.venues["paper"].requests == []
