"""The cost of an order, counted in calls: a clock would measure the machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from decimal import Decimal

import pytest

from meltica_dsl.model.pipeline import Risk
from meltica_runtime.execution.engine import EngineLimits, ExecutionEngine
from meltica_runtime.orders.order import Acknowledged, Filled, OrderRequest
from meltica_runtime.orders.outcomes import Placed

MakeOrder = Callable[..., OrderRequest]
MakeRisk = Callable[..., Risk]
REFERENCE = Decimal(100)


def cost_of(engine: ExecutionEngine, first: int, count: int, make_order: MakeOrder) -> int:
    """Python-level calls that `count` orders take from their place to their end."""
    calls = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    requests = [make_order(f"o-{number}") for number in range(first, first + count)]
    sys.setprofile(note)
    try:
        for request in requests:
            place_and_fill(engine, request)
    finally:
        sys.setprofile(None)
    return calls


def place_and_fill(engine: ExecutionEngine, request: OrderRequest) -> None:
    id_ = request.client_order_id
    assert isinstance(engine.place(request, REFERENCE, 1.0), Placed)
    engine.apply(Acknowledged(id_, id_, 2.0))
    engine.apply(Filled(id_, id_, request.quantity, REFERENCE, Decimal(0), "USDT", True, 3.0))


@pytest.mark.slow
def test_the_hundred_thousandth_order_costs_what_the_first_thousand_cost(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    limits = make_risk(
        max_position=Decimal(10**9), max_notional=Decimal(10**12), max_open_orders=5, order_burst=10**6
    )
    engine = ExecutionEngine(EngineLimits(recently_closed=256))
    engine.accounts.register("maker", limits, [("paper", "BTC-USDT")], 0.0, dry_run=False)
    request = make_order("warm-up")
    place_and_fill(engine, request)
    early = cost_of(engine, 0, 100, make_order)
    for number in range(100, 99_900):
        place_and_fill(engine, make_order(f"o-{number}"))
    late = cost_of(engine, 99_900, 100, make_order)

    assert engine.statistics().placed == 100_001
    assert engine.statistics().remembered == 256
    assert late <= 1.02 * early
