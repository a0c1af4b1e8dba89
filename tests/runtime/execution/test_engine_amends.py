from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from meltica_dsl.model.pipeline import Risk
from meltica_runtime.execution.engine import OrderDesk
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
from meltica_runtime.orders.outcomes import AmendAccepted, CancelAccepted, Placed, Refused, RequestRefused

MakeOrder = Callable[..., OrderRequest]
MakeRisk = Callable[..., Risk]
REFERENCE = Decimal(100)


@pytest.fixture
def desk(make_risk: MakeRisk) -> OrderDesk:
    return desk_with(make_risk())


def desk_with(risk: Risk) -> OrderDesk:
    desk = OrderDesk()
    desk.accounts.enroll("maker", risk, [("paper", "BTC-USDT")], 0.0, dry_run=False)
    return desk


def fill(client_order_id: str, execution_id: str, quantity: str) -> Filled:
    amounts = Decimal(quantity), Decimal(100)
    return Filled(client_order_id, execution_id, *amounts, Decimal(0), "USDT", True, 5.0)


def refused(placement: object) -> Refused:
    assert isinstance(placement, Refused)
    return placement


def amend(desk: OrderDesk, price: str | None = None, quantity: str | None = None) -> object:
    amounts = [None if text is None else Decimal(text) for text in (price, quantity)]
    return desk.amend(AmendRequest("o-1", "maker", *amounts), REFERENCE, 2.0)


def test_an_amend_that_takes_quantity_away_passes_even_when_halted(
    desk: OrderDesk, make_order: MakeOrder
) -> None:
    desk.place(make_order(quantity="2"), REFERENCE, 1.0)
    desk.accounts.halt("maker", "by hand", 2.0)

    answer = amend(desk, quantity="1")
    assert isinstance(answer, AmendAccepted)
    assert answer.amendment == AmendRequest("o-1", "maker", Decimal(100), Decimal(1))


def test_an_amend_that_asks_for_more_is_judged_by_what_it_adds(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    desk = desk_with(make_risk(max_position=Decimal(3), max_open_orders=1))
    desk.place(make_order(quantity="2"), REFERENCE, 1.0)

    too_much = amend(desk, quantity="3.1")
    assert isinstance(too_much, RequestRefused)
    assert too_much.limit is RiskLimit.MAX_POSITION
    assert isinstance(amend(desk, quantity="3"), AmendAccepted)


def test_what_an_amend_may_add_counts_from_its_request_until_its_answer(
    make_order: MakeOrder, make_risk: MakeRisk
) -> None:
    desk = desk_with(make_risk(max_position=Decimal(3)))
    desk.place(make_order(quantity="1"), REFERENCE, 1.0)
    amend(desk, quantity="3")
    assert refused(desk.place(make_order("o-2"), REFERENCE, 1.0)).limit is RiskLimit.MAX_POSITION

    desk.apply(RequestFailed("o-1", 3.0, "no"))
    assert isinstance(desk.place(make_order("o-3"), REFERENCE, 4.0), Placed)
    desk.apply(Cancelled("o-3", 5.0))

    amend(desk, quantity="3")
    desk.apply(Amended("o-1", Decimal(100), Decimal(3), 6.0))
    assert refused(desk.place(make_order("o-4"), REFERENCE, 7.0)).limit is RiskLimit.MAX_POSITION


def test_an_order_takes_one_amend_at_a_time(desk: OrderDesk, make_order: MakeOrder) -> None:
    desk.place(make_order(), REFERENCE, 1.0)
    amend(desk, quantity="2")
    second = amend(desk, quantity="3")

    assert isinstance(second, RequestRefused)
    assert second.reason == "another request for this order is on its way"
    assert isinstance(desk.cancel(CancelRequest("o-1", "maker")), CancelAccepted)


@pytest.mark.parametrize(
    ("price", "quantity", "reason"),
    [
        ("100", None, "the amend changes nothing"),
        ("-1", None, "the new price, -1, must be above zero"),
        (None, "0.5", "0.5 are filled already; to stop there, cancel the order"),
    ],
)
def test_an_amend_that_makes_no_sense_is_refused(
    desk: OrderDesk, make_order: MakeOrder, price: str | None, quantity: str | None, reason: str
) -> None:
    desk.place(make_order(), REFERENCE, 1.0)
    desk.apply(fill("o-1", "e1", "0.5"))
    answer = amend(desk, price, quantity)

    assert isinstance(answer, RequestRefused)
    assert answer.reason == reason


def test_cancels_that_are_sent_as_one_are_answered_as_one(desk: OrderDesk, make_order: MakeOrder) -> None:
    desk.place(make_order(), REFERENCE, 1.0)
    for _ in range(3):
        assert isinstance(desk.cancel(CancelRequest("o-1", "maker")), CancelAccepted)
    assert isinstance(amend(desk, quantity="2"), RequestRefused)

    desk.apply(RequestFailed("o-1", 3.0, "not now"))
    assert isinstance(amend(desk, quantity="2"), AmendAccepted)


def test_a_cancel_asked_for_again_is_on_its_way_until_both_requests_are_answered(
    desk: OrderDesk, make_order: MakeOrder
) -> None:
    desk.place(make_order(), REFERENCE, 1.0)
    amend(desk, quantity="2")
    for _ in range(2):
        desk.cancel(CancelRequest("o-1", "maker"))
    desk.apply(Amended("o-1", Decimal(100), Decimal(2), 6.0))
    assert isinstance(amend(desk, quantity="3"), RequestRefused)
    desk.apply(RequestFailed("o-1", 7.0, "not now"))
    assert isinstance(amend(desk, quantity="3"), AmendAccepted)
