from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from meltica_dsl.model.pipeline import Risk
from meltica_runtime.execution.engine import ExecutionEngine
from meltica_runtime.orders.limits import RiskLimit
from meltica_runtime.orders.order import (
    Amended,
    AmendRequest,
    Cancelled,
    CancelRequest,
    Filled,
    OrderRequest,
    RequestFailed,
)
from meltica_runtime.orders.outcomes import AmendAccepted, CancelAccepted, Denied, Placed, RequestDenied

MakeOrder = Callable[..., OrderRequest]
MakeRisk = Callable[..., Risk]
REFERENCE = Decimal(100)


@pytest.fixture
def engine(make_risk: MakeRisk) -> ExecutionEngine:
    return engine_with(make_risk())


def engine_with(risk: Risk) -> ExecutionEngine:
    engine = ExecutionEngine()
    engine.accounts.register("maker", risk, [("paper", "BTC-USDT")], 0.0, dry_run=False)
    return engine


def fill(client_order_id: str, execution_id: str, quantity: str) -> Filled:
    amounts = Decimal(quantity), Decimal(100)
    return Filled(client_order_id, execution_id, *amounts, Decimal(0), "USDT", True, 5.0)


def refused(placement: object) -> Denied:
    assert isinstance(placement, Denied)
    return placement


def amend(engine: ExecutionEngine, price: str | None = None, quantity: str | None = None) -> object:
    amounts = [None if text is None else Decimal(text) for text in (price, quantity)]
    return engine.amend(AmendRequest("o-1", "maker", *amounts), REFERENCE, 2.0)


def test_an_amend_that_takes_quantity_away_passes_even_when_halted(
    engine: ExecutionEngine, make_order: MakeOrder
) -> None:
    engine.place(make_order(quantity="2"), REFERENCE, 1.0)
    engine.accounts.halt("maker", "by hand", 2.0)

    answer = amend(engine, quantity="1")
    assert isinstance(answer, AmendAccepted)
    assert answer.amendment == AmendRequest("o-1", "maker", Decimal(100), Decimal(1))


def test_an_amend_that_asks_for_more_is_judged_by_what_it_adds(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    engine = engine_with(make_risk(max_position=Decimal(3), max_open_orders=1))
    engine.place(make_order(quantity="2"), REFERENCE, 1.0)

    too_much = amend(engine, quantity="3.1")
    assert isinstance(too_much, RequestDenied)
    assert too_much.limit is RiskLimit.MAX_POSITION
    assert isinstance(amend(engine, quantity="3"), AmendAccepted)


def test_what_an_amend_may_add_counts_from_its_request_until_its_answer(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    engine = engine_with(make_risk(max_position=Decimal(3)))
    engine.place(make_order(quantity="1"), REFERENCE, 1.0)
    amend(engine, quantity="3")
    assert refused(engine.place(make_order("o-2"), REFERENCE, 1.0)).limit is RiskLimit.MAX_POSITION

    engine.apply(RequestFailed("o-1", 3.0, "no"))
    assert isinstance(engine.place(make_order("o-3"), REFERENCE, 4.0), Placed)
    engine.apply(Cancelled("o-3", 5.0))

    amend(engine, quantity="3")
    engine.apply(Amended("o-1", Decimal(100), Decimal(3), 6.0))
    assert refused(engine.place(make_order("o-4"), REFERENCE, 7.0)).limit is RiskLimit.MAX_POSITION


def test_an_order_takes_one_amend_at_a_time(engine: ExecutionEngine, make_order: MakeOrder) -> None:
    engine.place(make_order(), REFERENCE, 1.0)
    amend(engine, quantity="2")
    second = amend(engine, quantity="3")

    assert isinstance(second, RequestDenied)
    assert second.reason == "another request for this order is on its way"
    assert isinstance(engine.cancel(CancelRequest("o-1", "maker")), CancelAccepted)


@pytest.mark.parametrize(
    ("price", "quantity", "reason"),
    [
        ("100", None, "the amend changes nothing"),
        ("-1", None, "the new price, -1, must be above zero"),
        (None, "0.5", "0.5 are filled already; to stop there, cancel the order"),
    ],
)
def test_an_amend_that_makes_no_sense_is_refused(
    engine: ExecutionEngine, make_order: MakeOrder, price: str | None, quantity: str | None, reason: str
) -> None:
    engine.place(make_order(), REFERENCE, 1.0)
    engine.apply(fill("o-1", "e1", "0.5"))
    answer = amend(engine, price, quantity)

    assert isinstance(answer, RequestDenied)
    assert answer.reason == reason


def test_cancels_that_are_sent_as_one_are_answered_as_one(
    engine: ExecutionEngine, make_order: MakeOrder
) -> None:
    engine.place(make_order(), REFERENCE, 1.0)
    for _ in range(3):
        assert isinstance(engine.cancel(CancelRequest("o-1", "maker")), CancelAccepted)
    assert isinstance(amend(engine, quantity="2"), RequestDenied)

    engine.apply(RequestFailed("o-1", 3.0, "not now"))
    assert isinstance(amend(engine, quantity="2"), AmendAccepted)


def test_a_cancel_asked_for_again_is_on_its_way_until_both_requests_are_answered(
    engine: ExecutionEngine, make_order: MakeOrder
) -> None:
    engine.place(make_order(), REFERENCE, 1.0)
    amend(engine, quantity="2")
    for _ in range(2):
        engine.cancel(CancelRequest("o-1", "maker"))
    engine.apply(Amended("o-1", Decimal(100), Decimal(2), 6.0))
    assert isinstance(amend(engine, quantity="3"), RequestDenied)
    engine.apply(RequestFailed("o-1", 7.0, "not now"))
    assert isinstance(amend(engine, quantity="3"), AmendAccepted)
