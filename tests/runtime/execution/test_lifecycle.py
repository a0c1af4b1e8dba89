from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meltica_runtime.orders.lifecycle import Duplicate, IllegalTransition, Order, amending, apply, new_order
from meltica_runtime.orders.order import (
    Acknowledged,
    Amended,
    AmendRequest,
    Cancelled,
    Expired,
    Filled,
    OrderReport,
    OrderRequest,
    OrderState,
    OrderType,
    Rejected,
    RequestFailed,
    Side,
    TimeInForce,
)

ID = "o-1"


def order(quantity: str = "1", **changes: Any) -> Order:
    type_ = changes.get("type", OrderType.LIMIT)
    price = None if type_ is OrderType.MARKET else Decimal(100)
    request = OrderRequest(
        ID, "maker", "paper", "BTC-USDT", Side.BUY, type_, Decimal(quantity), price, TimeInForce.GTC, 0.0
    )
    return new_order(request, 0.0)


def fill(id_: str, quantity: str, price: str = "100", fee: str = "0.1", asset: str = "USDT") -> Filled:
    return Filled(ID, id_, Decimal(quantity), Decimal(price), Decimal(fee), asset, True, 5.0)


def after(start: Order, *reports: OrderReport) -> Order:
    for report in reports:
        result = apply(start, report)
        assert isinstance(result, Order), result
        start = result
    return start


ACK = Acknowledged(ID, "x-1", 3.0)
CANCELLED = Cancelled(ID, 9.0, "asked for")
REJECTED = Rejected(ID, 9.0, "no funds")
EXPIRED = Expired(ID, 9.0)


def test_an_order_is_acknowledged_filled_in_parts_and_done() -> None:
    done = after(order(), ACK, fill("e1", "0.25", "100"), fill("e2", "0.75", "104"))

    assert done.state is OrderState.FILLED
    assert (done.filled, done.remaining, done.average_price) == (Decimal(1), Decimal(0), Decimal(103))
    assert done.fees == (("USDT", Decimal("0.2")),)
    assert (done.exchange_order_id, done.acknowledged_us, done.completed_us) == ("x-1", 3.0, 5.0)
    assert list(done.executions) == ["e1", "e2"]


def test_a_fill_may_come_before_the_acknowledgement() -> None:
    filled = after(order(), fill("e1", "0.5"))
    assert filled.state is OrderState.PARTIALLY_FILLED

    acknowledged = after(filled, ACK)
    assert acknowledged.state is OrderState.PARTIALLY_FILLED
    assert acknowledged.exchange_order_id == "x-1"
    assert acknowledged.filled == Decimal("0.5")


def test_a_cancel_may_come_before_the_acknowledgement() -> None:
    cancelled = after(order(), CANCELLED)

    assert (cancelled.state, cancelled.reason) == (OrderState.CANCELLED, "asked for")
    assert isinstance(apply(cancelled, ACK), Duplicate)


def test_a_fill_between_the_request_to_cancel_and_the_cancel_counts() -> None:
    cancelled = after(order(), ACK, fill("e1", "0.5"), CANCELLED)

    assert (cancelled.state, cancelled.filled) == (OrderState.CANCELLED, Decimal("0.5"))


def test_an_execution_counts_once() -> None:
    partly = after(order(), ACK, fill("e1", "0.5"))

    assert apply(partly, fill("e1", "0.5")) == Duplicate(partly, fill("e1", "0.5"))


def test_an_overfill_is_refused() -> None:
    partly = after(order(), ACK, fill("e1", "0.5"))
    refused = apply(partly, fill("e2", "0.6"))

    assert isinstance(refused, IllegalTransition)
    assert refused.order is partly
    assert refused.reason == "overfilled: 0.6 of the 0.5 that were open"


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (CANCELLED, fill("e9", "0.5"), "filled after it was cancelled"),
        (REJECTED, ACK, "acknowledged after it was rejected"),
        (EXPIRED, CANCELLED, "cancelled after expired"),
        (CANCELLED, Amended(ID, Decimal(1), Decimal(1), 1.0), "amended after it was cancelled"),
        (ACK, Acknowledged(ID, "x-2", 4.0), "the venue called it x-1, now x-2"),
        (fill("e1", "0.5"), REJECTED, "rejected after a part of it was filled"),
        (ACK, fill("e1", "0"), "the quantity of the fill, 0, must be above zero"),
        (ACK, fill("e1", "1", "NaN"), "the price of the fill, NaN, is not a finite number"),
        (ACK, fill("e1", "1", "1", "NaN"), "the fee of the fill, NaN, is not a finite number"),
        (
            fill("e1", "0.5"),
            Amended(ID, Decimal(1), Decimal("0.4"), 1.0),
            "amended to 0.4 when 0.5 were filled",
        ),
        (ACK, Amended(ID, Decimal(0), Decimal(1), 1.0), "the amended price, 0, must be above zero"),
    ],
)
def test_what_cannot_be_is_refused_as_data(first: OrderReport, second: OrderReport, reason: str) -> None:
    before = after(order(), first)

    assert apply(before, second) == IllegalTransition(before, second, reason)


@pytest.mark.parametrize("report", [ACK, CANCELLED, REJECTED, EXPIRED])
def test_the_same_news_twice_is_a_duplicate(report: OrderReport) -> None:
    before = after(order(), report)

    assert isinstance(apply(before, report), Duplicate)


def test_an_amendment_changes_price_and_quantity_and_may_complete_the_order() -> None:
    amended = after(order("2"), ACK, fill("e1", "0.5"), Amended(ID, Decimal(101), Decimal(1), 6.0))
    assert (amended.request.price, amended.quantity, amended.state) == (
        Decimal(101),
        Decimal(1),
        OrderState.PARTIALLY_FILLED,
    )

    cut = after(amended, Amended(ID, Decimal(101), Decimal("0.5"), 7.0))
    assert (cut.state, cut.completed_us) == (OrderState.FILLED, 7.0)


def test_a_market_order_cannot_be_amended() -> None:
    market = order(type=OrderType.MARKET)

    assert isinstance(apply(market, Amended(ID, Decimal(1), Decimal(1), 1.0)), IllegalTransition)


def test_a_failed_request_leaves_the_order_as_it_was() -> None:
    open_order = after(order(), ACK)

    assert after(open_order, RequestFailed(ID, 3.0, "too late")) == open_order


def test_fees_are_kept_by_asset() -> None:
    partly = after(order(), fill("e1", "0.5", fee="0.1"), fill("e2", "0.2", fee="-0.01", asset="BNB"))

    assert dict(partly.fees) == {"USDT": Decimal("0.1"), "BNB": Decimal("-0.01")}


AMOUNTS = st.decimals(min_value=Decimal("-0.1"), max_value=Decimal("1.5"), places=3)
PRICES = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(1000), places=2)
TIMES = st.floats(min_value=0, max_value=1e9)


def of(kind: Callable[..., OrderReport], *parts: st.SearchStrategy[Any]) -> st.SearchStrategy[OrderReport]:
    return st.builds(kind, st.just(ID), *parts)


REPORTS = st.one_of(
    of(Acknowledged, st.sampled_from(["x-1", "x-2"]), TIMES),
    st.builds(
        Filled,
        st.just(ID),
        st.sampled_from([f"e{n}" for n in range(8)]),
        AMOUNTS,
        PRICES,
        st.just(Decimal("0.01")),
        st.sampled_from(["USDT", "BNB"]),
        st.booleans(),
        TIMES,
    ),
    of(Cancelled, TIMES),
    of(Rejected, TIMES, st.just("no")),
    of(Expired, TIMES),
    of(Amended, PRICES, AMOUNTS, TIMES),
    of(RequestFailed, TIMES, st.just("no")),
)


@settings(max_examples=300)
@given(st.lists(REPORTS, max_size=25))
def test_no_sequence_of_reports_breaks_an_order(reports: list[OrderReport]) -> None:
    current = order()
    fills: dict[str, Filled] = {}
    for report in reports:
        result = apply(current, report)
        if isinstance(result, IllegalTransition | Duplicate):
            assert result.order is current
            continue
        assert not current.state.is_final, "final states are final"
        if isinstance(report, Filled):
            assert report.execution_id not in fills
            fills[report.execution_id] = report
        current = result
        check_invariants(current, list(fills.values()))


def check_invariants(current: Order, fills: list[Filled]) -> None:
    assert 0 <= current.filled <= current.quantity
    assert current.filled == sum(f.quantity for f in fills)
    assert current.notional == sum(f.quantity * f.price for f in fills)
    assert sum(fee for _, fee in current.fees) == sum(f.fee for f in fills)
    assert set(current.executions) == {f.execution_id for f in fills}
    assert (current.completed_us is not None) == current.state.is_final
    assert (current.state is OrderState.FILLED) == (current.filled == current.quantity)
    if fills:
        assert current.average_price is not None
        assert min(f.price for f in fills) <= current.average_price <= max(f.price for f in fills)


def test_an_amend_on_its_way_is_forgotten_when_the_order_ends() -> None:
    waiting = amending(after(order(), ACK), AmendRequest(ID, "maker", Decimal(99), Decimal(1)), 4.0)

    assert after(waiting, CANCELLED).amendment is None
