"""A strategy that floods has each of its orders answered, and fills no table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from math import inf
from typing import Any

import pytest

from meltica_dsl.model.pipeline import CircuitBreaker, KillSwitch, Risk
from meltica_dsl.model.values import Duration, Rate
from meltica_runtime.execution.denials import DenialLimits, DenialRecords, Unrecorded
from meltica_runtime.execution.engine import ExecutionEngine
from meltica_runtime.execution.faults import fault_text
from meltica_runtime.execution.router import RouterLimits
from meltica_runtime.orders.limits import RiskEvent, RiskLimit
from meltica_runtime.orders.order import OrderRequest, OrderState, OrderType
from meltica_runtime.orders.outcomes import Denial, Denied
from meltica_runtime.orders.write_log import OrderPlaced, RiskRecorded

pytestmark = pytest.mark.anyio

MakeGateway = Callable[..., Any]
MakeOrder = Callable[..., OrderRequest]
MakeRisk = Callable[..., Risk]
Eventually = Callable[[Callable[[], bool]], Awaitable[None]]

SECOND = 10**9
FEW = DenialLimits(burst=3, rate=Rate(Decimal(1), Duration(SECOND)), tell_us=30e6)


@pytest.fixture
def refused(make_order: MakeOrder) -> Callable[..., Denied]:
    """A refusal of an instance, by one of its limits but for what is given."""
    engine = ExecutionEngine()

    def make(instance: str, kind: Denial = Denial.RISK) -> Denied:
        return engine.deny(make_order(instance=instance), kind, "too much", 0.0)

    return make


async def test_a_burst_is_stored_and_then_some_a_second(refused: Callable[..., Denied]) -> None:
    records = DenialRecords(FEW, lambda _: None)
    assert [records.keeps(refused("maker"), 0.0) for _ in range(5)] == [True, True, True, False, False]
    assert [records.keeps(refused("maker"), 2.0e6) for _ in range(3)] == [True, True, False]
    assert records.unrecorded() == {"maker": 3}


async def test_one_that_floods_takes_nothing_from_others(refused: Callable[..., Denied]) -> None:
    records = DenialRecords(FEW, lambda _: None)
    for _ in range(100):
        records.keeps(refused("maker"), 0.0)
    assert records.keeps(refused("taker"), 0.0)
    assert records.unrecorded() == {"maker": 97, "taker": 0}


async def test_what_leaves_no_record_takes_no_place_of_one(refused: Callable[..., Denied]) -> None:
    records = DenialRecords(FEW, lambda _: None)
    assert not any(records.keeps(refused("maker", Denial.NOT_READY), 0.0) for _ in range(10))
    assert all(records.keeps(refused("maker"), 0.0) for _ in range(3))
    assert records.unrecorded() == {"maker": 0}


async def test_it_is_told_of_now_and_then_and_at_the_end(refused: Callable[..., Denied]) -> None:
    told: list[Unrecorded] = []
    records = DenialRecords(FEW, told.append)
    for tenth in range(700):
        records.keeps(refused("maker"), tenth * 1e5)
        records.tell(tenth * 1e5)
    assert len(told) == 3
    assert told[0] == Unrecorded("maker", 1), "the first is told of at once"
    records.tell(inf)
    records.tell(inf)
    assert len(told) == 4
    assert sum(one.count for one in told) == records.unrecorded()["maker"]


async def test_a_flood_is_answered_at_once_and_stored_in_part(
    make_gateway: MakeGateway,
    make_order: MakeOrder,
    make_risk: MakeRisk,
    quick_limits: RouterLimits,
    eventually: Eventually,
) -> None:
    risk = make_risk(order_throttle=Rate(Decimal(1), Duration(SECOND)))
    gateway = make_gateway(risk=risk, limits=replace(quick_limits, denials=FEW))
    async with gateway.running():
        gateway.submit(make_order("passes"))
        for number in range(1_000):
            gateway.submit(make_order(f"o-{number}"))
        assert all(gateway.seen(f"o-{number}") == [OrderState.REJECTED] for number in range(3, 1_000))
        await eventually(lambda: gateway.seen("o-2") == [OrderState.REJECTED])
        await gateway.router.stop()

    stored = [e.order.client_order_id for e in gateway.write_log.entries if isinstance(e, OrderPlaced)]
    assert stored == ["passes", "o-0", "o-1", "o-2"]
    assert gateway.router.statistics().unrecorded == {"maker": 997}
    assert gateway.router.statistics().engine.denied == 1_000
    assert gateway.faults == [Unrecorded("maker", 997)]
    text = "maker has too many orders refused: 997 more were answered and are not stored"
    assert fault_text(gateway.faults[0]) == text


async def test_a_breach_beyond_it_is_told_and_not_stored(
    make_gateway: MakeGateway, make_order: MakeOrder, make_risk: MakeRisk, quick_limits: RouterLimits
) -> None:
    risk = make_risk(max_position=Decimal(1), order_types=("limit",))
    gateway = make_gateway(risk=risk, limits=replace(quick_limits, denials=replace(FEW, burst=1)))
    async with gateway.running():
        gateway.submit(make_order("o-1", quantity="2"))
        gateway.submit(make_order("o-2", type=OrderType.MARKET))
        await gateway.router.stop()

    told = [delivery.limit for delivery in gateway.deliveries if isinstance(delivery, RiskEvent)]
    assert sorted(limit.value for limit in told) == ["max_position", "order_types"]
    stored = [entry.event.limit for entry in gateway.write_log.entries if isinstance(entry, RiskRecorded)]
    assert stored == [RiskLimit.MAX_POSITION]


@pytest.mark.parametrize(
    ("change", "limit"),
    [
        ({"kill_switch": KillSwitch(5)}, RiskLimit.KILL_SWITCH),
        ({"circuit_breaker": CircuitBreaker(5, Duration(SECOND))}, RiskLimit.CIRCUIT_BREAKER),
    ],
)
async def test_a_change_of_state_is_stored_however_many_came_before(
    change: dict[str, Any],
    limit: RiskLimit,
    make_gateway: MakeGateway,
    make_order: MakeOrder,
    make_risk: MakeRisk,
    quick_limits: RouterLimits,
) -> None:
    risk = make_risk(max_position=Decimal(1), **change)
    gateway = make_gateway(risk=risk, limits=replace(quick_limits, denials=FEW))
    async with gateway.running():
        for number in range(20):
            gateway.submit(make_order(f"o-{number}", quantity="2"))
        await gateway.router.stop()

    stored = [entry.event_id for entry in gateway.write_log.entries if isinstance(entry, OrderPlaced)]
    assert stored == ["o-0:placed", "o-1:placed", "o-2:placed", "o-4:placed"]
    changes = [e.event.limit for e in gateway.write_log.entries if isinstance(e, RiskRecorded)]
    assert changes == [RiskLimit.MAX_POSITION, limit]
    assert gateway.router.statistics().unrecorded == {"maker": 16}
