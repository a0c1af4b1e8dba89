"""The paper venue by example: what it takes, what it refuses and why, how it fills and when it answers."""

from __future__ import annotations

import math
from decimal import Decimal as D

import numpy as np
import pytest

from meltica_compiler.records.layout import record_layout
from meltica_runtime.dataplane.market_batch import MarketBatch, MarketCodes, silence
from meltica_runtime.orders.order import (
    Acknowledged,
    Amended,
    BalanceChanged,
    Cancelled,
    Expired,
    Filled,
    OrderRequest,
    OrderState,
    OrderType,
    Rejected,
    RequestFailed,
    Side,
    TimeInForce,
)
from meltica_runtime.venues.paper.rules import PaperSettings
from meltica_runtime.venues.paper.venue import FINISHED_ORDERS_KEPT, PaperVenue

CODES = MarketCodes(0, {"BTC-USDT": 0})
BUY, SELL = Side.BUY, Side.SELL


class Desk:
    """A venue whose book at time 0 has bids 100, 99, 98 and asks 101, 102, 103, of 1, 2 and 3."""

    def __init__(self, *, book=True, latency_us=10.0, **settings):
        values = {
            "tick_size": D("0.5"),
            "lot_size": D("0.1"),
            "fee_maker": D("0.001"),
            "fee_taker": D("0.002"),
        }
        self.venue = PaperVenue(
            "paper", PaperSettings(**{**values, **settings}, latency_us=latency_us), CODES
        )
        self.place = 0
        if book:
            self.quote(0.0)

    def _feed(self, event, row, time_us):
        row["time"] = time_us
        self.venue.feed(MarketBatch({event: row}, {event: np.zeros(1, np.int64)}, 1, time_us))

    def quote(self, time_us, bid=100, ask=101):
        row = np.zeros(1, record_layout("book", 3).dtype)
        for i in range(3):
            row["bids"][0, i], row["asks"][0, i] = (bid - i, i + 1), (ask + i, i + 1)
        row["bid"], row["ask"], row["bid_levels"], row["ask_levels"] = bid, ask, 3, 3
        self._feed("book", row, time_us)

    def ticker(self, time_us, bid, ask, quantity=5):
        row = np.zeros(1, record_layout("ticker").dtype)
        row["bid"], row["ask"], row["bid_quantity"], row["ask_quantity"] = bid, ask, quantity, quantity
        self._feed("ticker", row, time_us)

    def trade(self, time_us, price, quantity, taker=SELL):
        row = np.zeros(1, record_layout("trade").dtype)
        row["price"], row["quantity"], row["side"] = price, quantity, 1 if taker is BUY else 2
        self._feed("trade", row, time_us)

    def order(self, name="a", now_us=100.0, **changes):
        values = {"symbol": "BTC-USDT", "side": BUY, "type": OrderType.LIMIT, "quantity": D(1)}
        values.update(changes)
        price = None if values["type"] is OrderType.MARKET else D(100)
        request = OrderRequest(
            name,
            "m",
            "paper",
            values["symbol"],
            values["side"],
            values["type"],
            values["quantity"],
            changes.get("price", price),
            values.get("tif", TimeInForce.GTC),
            now_us,
        )
        self.venue.submit(request, now_us)

    def told(self, until_us=math.inf):
        """Order reports up to a time; market data end there too."""
        if not math.isinf(until_us):
            self.venue.feed(silence(until_us))
        else:
            self.venue.feed(silence(1e12))
        return [r for r in self.venue.advance(until_us) if not isinstance(r, BalanceChanged)]

    def fills(self):
        return [(r.price, r.quantity, r.is_maker) for r in self.told() if isinstance(r, Filled)]

    def balance(self, asset):
        return next((b.total, b.available) for b in self.venue.balances() if b.asset == asset)


def test_an_order_arrives_after_the_latency_and_the_answer_takes_as_long_again():
    desk = Desk()
    desk.order()
    assert desk.venue.query("a") is OrderState.NEW
    assert desk.told(119.0) == []
    assert desk.told(120.0) == [Acknowledged("a", "paper:a", 110.0)]
    assert desk.venue.query("a") is OrderState.ACKNOWLEDGED


def test_a_report_is_announced_only_if_market_data_reach_beyond_it():
    desk = Desk()
    desk.order()
    assert desk.venue.next_report_us() == math.inf
    desk.venue.feed(silence(120.0))
    assert desk.venue.next_report_us() == math.inf
    desk.venue.feed(silence(120.5))
    assert desk.venue.next_report_us() == 120.0


def test_a_market_order_walks_the_levels_and_pays_the_takers_fee():
    desk = Desk(balances={"USDT": D(1_000), "BTC": D(0)})
    desk.order(type=OrderType.MARKET, quantity=D(4))
    first, *fills = desk.told()
    assert isinstance(first, Acknowledged)
    assert [(f.price, f.quantity, f.fee, f.fee_asset) for f in fills] == [
        (D(101), D(1), D("0.002"), "BTC"),
        (D(102), D(2), D("0.004"), "BTC"),
        (D(103), D(1), D("0.002"), "BTC"),
    ]
    assert [f.execution_id for f in fills] == ["paper:a:1", "paper:a:2", "paper:a:3"]
    assert desk.balance("USDT") == (D(592), D(592))
    assert desk.balance("BTC") == (D("3.992"), D("3.992"))


def test_what_the_book_cannot_fill_of_a_market_order_expires():
    desk = Desk()
    desk.order(side=SELL, type=OrderType.MARKET, quantity=D(10))
    *_, last = desk.told()
    assert last == Expired("a", 110.0, "market order: the book shows no more")
    assert sum(r.quantity for r in desk.venue.history("a") if isinstance(r, Filled)) == 6


def test_without_any_market_a_market_order_expires_and_a_limit_order_waits():
    desk = Desk(book=False)
    desk.order("a", type=OrderType.MARKET)
    desk.order("b")
    reports = desk.told()
    assert Expired("a", 110.0, "market order: nothing is known of the market yet") in reports
    assert desk.venue.query("b") is OrderState.ACKNOWLEDGED


def test_a_marketable_limit_order_takes_up_to_its_price_and_rests():
    desk = Desk()
    desk.order(price=D(102), quantity=D(5))
    assert desk.fills() == [(D(101), D(1), False), (D(102), D(2), False)]
    assert desk.venue.query("a") is OrderState.PARTIALLY_FILLED


@pytest.mark.parametrize(
    ("tif", "quantity", "filled", "reason"),
    [
        (TimeInForce.IOC, D(3), D(3), None),
        (TimeInForce.IOC, D(5), D(3), "immediate or cancel: the rest found nobody"),
        (TimeInForce.FOK, D(3), D(3), None),
        (TimeInForce.FOK, D(5), D(0), "fill or kill: the book shows 3 of 5"),
    ],
)
def test_time_in_force_is_honoured(tif, quantity, filled, reason):
    desk = Desk()
    desk.order(price=D(102), quantity=quantity, tif=tif)
    reports = desk.told()
    assert sum(r.quantity for r in reports if isinstance(r, Filled)) == filled
    assert [r.reason for r in reports if isinstance(r, Expired)] == ([reason] if reason else [])
    assert desk.balance("USDT")[0] == desk.balance("USDT")[1]


def test_a_waiting_order_fills_after_what_was_displayed_before_it():
    desk = Desk()
    desk.order(price=D(99), quantity=D(1))
    desk.trade(200.0, 99, 1.5)
    assert desk.fills() == []
    desk = Desk()
    desk.order(price=D(99), quantity=D(1))
    desk.trade(200.0, 99, 1.5)
    desk.trade(201.0, 99, 0.9)
    assert desk.fills() == [(D(99), D("0.4"), True)]


def test_a_trade_beyond_its_price_fills_an_order_whole():
    desk = Desk()
    desk.order(price=D(99), quantity=D(7))
    desk.trade(200.0, 98.5, 0.1)
    assert desk.fills() == [(D(99), D(7), True)]


def test_a_trade_by_a_taker_of_the_same_side_does_not_fill():
    desk = Desk()
    desk.order(price=D("100.5"))
    desk.trade(200.0, 100.5, 50, taker=BUY)
    assert desk.fills() == []


def test_a_quote_that_comes_to_the_price_fills_what_it_shows():
    desk = Desk()
    desk.order(price=D(100), quantity=D(7))
    desk.ticker(200.0, 99, 100, quantity=5)
    assert desk.fills() == [(D(100), D(5), True)]


def test_a_newer_ticker_goes_before_the_book():
    desk = Desk()
    desk.ticker(50.0, 100.5, 101.5, quantity=1)
    desk.order(type=OrderType.MARKET, quantity=D(2))
    assert desk.fills() == [(D("101.5"), D(1), False), (D(102), D(1), False)]


def test_with_trades_alone_the_last_price_is_the_market():
    desk = Desk(book=False)
    desk.trade(50.0, 99.5, 0.1)
    desk.order(type=OrderType.MARKET, quantity=D(50))
    assert desk.fills() == [(D("99.5"), D(50), False)]


def test_what_was_taken_is_gone_until_the_next_quote():
    desk = Desk()
    desk.order("a", type=OrderType.MARKET)
    desk.order("b", type=OrderType.MARKET)
    assert desk.fills() == [(D(101), D(1), False), (D(102), D(1), False)]
    desk = Desk()
    desk.order("a", type=OrderType.MARKET)
    desk.quote(105.0)
    desk.order("b", type=OrderType.MARKET, now_us=101.0)
    desk.quote(110.5)
    assert desk.fills() == [(D(101), D(1), False), (D(101), D(1), False)]


def test_own_orders_never_meet():
    desk = Desk()
    desk.order("a", side=SELL, price=D(101))
    desk.order("b", side=BUY, price=D("100.5"))
    desk.order("c", side=SELL, price=D("100.5"))
    desk.told()
    assert {desk.venue.query(name) for name in "abc"} == {OrderState.ACKNOWLEDGED}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"symbol": "DOGE-USDT"}, "DOGE-USDT is not traded here; BTC-USDT is"),
        ({"price": D("100.25")}, "price 100.25 is not a multiple of the tick size 0.5"),
        ({"quantity": D("0.15")}, "quantity 0.15 is not a multiple of the lot size 0.1"),
        ({"quantity": D(0)}, "the quantity must be above zero"),
        ({"quantity": D("NaN")}, "the quantity is not a finite number"),
        ({"price": D("1E+30")}, "the price has more than 16 digits before the point"),
        ({"price": None}, "a limit order needs a price"),
        ({"quantity": D("0.1"), "price": D(50)}, "notional 5 is below the minimum of 10"),
        ({"type": OrderType.MARKET, "price": D(100)}, "a market order has no price"),
        ({"type": OrderType.MARKET, "quantity": D("0.1"), "side": SELL}, None),
        ({"quantity": D(5)}, "insufficient balance: needs 500 USDT, 400 is available"),
        ({"quantity": D(3), "side": SELL}, "insufficient balance: needs 3 BTC, 2 is available"),
        (
            {"quantity": D(4), "type": OrderType.MARKET},
            "insufficient balance: needs 408 USDT, 400 is available",
        ),
    ],
)
def test_what_breaks_a_rule_is_rejected_with_the_reason(changes, reason):
    desk = Desk(balances={"USDT": D(400), "BTC": D(2)}, min_notional=D(10))
    desk.order(**changes)
    first, *_ = desk.told()
    if reason is None:
        assert isinstance(first, Acknowledged)
    else:
        assert first == Rejected("a", 110.0, reason)
        assert desk.balance("USDT") == (D(400), D(400))


def test_open_orders_hold_what_they_may_need():
    desk = Desk(balances={"USDT": D(400), "BTC": D(2)})
    desk.order("a", price=D(90), quantity=D(2))
    desk.order("b", side=SELL, price=D(120), quantity=D("0.5"))
    desk.told(450.0)
    assert desk.balance("USDT") == (D(400), D(220))
    assert desk.balance("BTC") == (D(2), D("1.5"))
    desk.venue.cancel("a", 500.0)
    assert desk.told()[-1] == Cancelled("a", 510.0)
    assert desk.balance("USDT") == (D(400), D(400))


def test_requests_about_orders_that_are_not_open_fail():
    desk = Desk()
    desk.order("a", type=OrderType.MARKET)
    desk.venue.cancel("a", 200.0)
    desk.venue.cancel("b", 200.0)
    desk.venue.amend("a", D(90), None, 200.0)
    desk.order("a", now_us=201.0)
    assert [r.reason for r in desk.told() if isinstance(r, RequestFailed)] == [
        "the order is filled already",
        "the venue knows no such order",
        "the order is filled already",
        "an order with this client order id exists already",
    ]
    assert desk.venue.query("a") is OrderState.FILLED
    assert desk.venue.query("b") is None
    assert desk.venue.history("b") is None


def test_a_smaller_quantity_keeps_the_place_in_the_queue():
    desk = Desk()
    desk.order(price=D(99), quantity=D(2))
    desk.trade(150.0, 99, 1.5)
    desk.venue.amend("a", None, D(1), 160.0)
    desk.trade(200.0, 99, 1.0)
    reports = desk.told()
    assert reports[1] == Amended("a", D(99), D(1), 170.0)
    assert [(r.price, r.quantity) for r in reports if isinstance(r, Filled)] == [(D(99), D("0.5"))]
    assert desk.venue.query("a") is OrderState.PARTIALLY_FILLED


@pytest.mark.parametrize(("price", "quantity"), [(D(99), D(3)), (D("98.5"), None)])
def test_any_other_change_goes_to_the_back(price, quantity):
    desk = Desk()
    desk.order(price=D(99), quantity=D(2))
    desk.trade(150.0, 99, 1.5)
    desk.venue.amend("a", price, quantity, 160.0)
    desk.trade(200.0, 99, 1.0)
    assert desk.fills() == []


def test_an_amended_price_may_take():
    desk = Desk()
    desk.order(price=D(99), quantity=D(2))
    desk.venue.amend("a", D(102), None, 160.0)
    assert desk.fills() == [(D(101), D(1), False), (D(102), D(1), False)]
    assert desk.balance("USDT")[0] == desk.balance("USDT")[1]


@pytest.mark.parametrize(
    ("price", "quantity", "reason"),
    [
        (D("99.3"), None, "price 99.3 is not a multiple"),
        (None, D("0.05"), "quantity 0.05 is not a multiple"),
        (D(99), D(50), "insufficient balance: needs 4950 USDT, 400 is available"),
    ],
)
def test_an_amend_that_breaks_a_rule_leaves_the_order_as_it_was(price, quantity, reason):
    desk = Desk(balances={"USDT": D(400)})
    desk.order(price=D(99), quantity=D(2))
    desk.venue.amend("a", price, quantity, 160.0)
    (failed,) = [r for r in desk.told() if isinstance(r, RequestFailed)]
    assert failed.reason.startswith(reason)
    assert desk.balance("USDT") == (D(400), D(202))


def test_an_amend_below_what_is_filled_fails():
    desk = Desk()
    desk.order(price=D(101), quantity=D(3))
    desk.venue.amend("a", None, D(1), 160.0)
    (failed,) = [r for r in desk.told() if isinstance(r, RequestFailed)]
    assert failed.reason == "1 of the order is filled already"


def test_a_makers_rebate_is_paid_out():
    desk = Desk(fee_maker=D("-0.0001"), balances={"USDT": D(1_000)})
    desk.order(price=D(99), quantity=D(1))
    desk.trade(200.0, 98, 1)
    desk.told()
    assert desk.balance("BTC") == (D("1.0001"), D("1.0001"))


def test_steps_too_fine_for_an_amount_are_refused():
    with pytest.raises(ValueError, match="18 decimals together, more than the 16"):
        PaperSettings(tick_size=D("1e-9"), lot_size=D("1e-9"))
    with pytest.raises(ValueError, match="latency"):
        PaperSettings(latency_us=-1.0)


def test_the_venue_forgets_old_orders_and_old_market_data():
    desk = Desk(latency_us=0.0)
    for i in range(FINISHED_ORDERS_KEPT + 5):
        now_us = 100.0 + i
        desk.order(f"o{i}", type=OrderType.MARKET, quantity=D("0.1"), now_us=now_us)
        desk.quote(now_us + 0.5)
        desk.venue.advance(now_us + 0.5)
    assert desk.venue.query("o0") is None
    assert desk.venue.query("o5") is OrderState.FILLED
    assert len(desk.venue._history._segments) < 5
