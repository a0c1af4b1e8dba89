from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from meltica_dsl.model.pipeline import CircuitBreaker, KillSwitch, Risk
from meltica_dsl.model.values import Duration
from meltica_runtime.execution.engine import ExecutionEngine
from meltica_runtime.orders.limits import RiskLimit, RiskStatus
from meltica_runtime.orders.order import OrderRequest
from meltica_runtime.orders.outcomes import Denied, Placed

MakeOrder = Callable[..., OrderRequest]
MakeRisk = Callable[..., Risk]
REFERENCE = Decimal(100)
MARKETS = [("paper", "BTC-USDT")]


def test_an_instance_that_is_enrolled_again_keeps_its_orders_and_follows_its_new_limits(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    engine = ExecutionEngine()
    engine.accounts.register("maker", make_risk(kill_switch=KillSwitch(9)), MARKETS, 0.0, dry_run=False)
    engine.place(make_order("a", quantity="2"), REFERENCE, 1.0)
    engine.accounts.withdraw("maker")
    engine.accounts.register("maker", make_risk(max_position=Decimal(3)), MARKETS, 2.0, dry_run=False)

    refused = engine.place(make_order("b", quantity="2"), REFERENCE, 3.0)
    assert isinstance(refused, Denied)
    assert refused.limit is RiskLimit.MAX_POSITION
    assert isinstance(engine.place(make_order("c"), REFERENCE, 3.0), Placed)


def test_limits_can_be_replaced_while_orders_are_open(make_order: MakeOrder, make_risk: MakeRisk) -> None:
    engine = ExecutionEngine()
    engine.accounts.register("maker", None, MARKETS, 0.0, dry_run=False)
    engine.place(make_order("a", quantity="2"), REFERENCE, 1.0)
    for instance in ("maker", None):
        tighter = make_risk(max_position=Decimal(2))
        assert engine.accounts.use_limits(instance, tighter, 2.0) == ()
        assert engine.accounts.limits(instance) is tighter

    assert isinstance(engine.place(make_order("b"), REFERENCE, 3.0), Denied)


def test_taking_the_circuit_breaker_away_closes_it(make_order: MakeOrder, make_risk: MakeRisk) -> None:
    engine = ExecutionEngine()
    breaker = CircuitBreaker(1, Duration(10**9))
    risk = make_risk(max_position=Decimal(1), circuit_breaker=breaker)
    engine.accounts.register("maker", risk, MARKETS, 0.0, dry_run=False)
    engine.place(make_order("a", quantity="2"), REFERENCE, 1.0)

    (closed,) = engine.accounts.use_limits("maker", make_risk(), 2.0)
    assert (closed.limit, closed.status) == (RiskLimit.CIRCUIT_BREAKER, RiskStatus.CLEARED)
    assert isinstance(engine.place(make_order("b"), REFERENCE, 3.0), Placed)
