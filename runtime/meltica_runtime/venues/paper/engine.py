"""The paper venue's matching: what an arriving request or a market event does to orders and account."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from meltica_dsl.model.value_text import decimal_text
from meltica_runtime.money import ZERO, add, multiply, subtract
from meltica_runtime.orders.order import (
    Acknowledged,
    Amended,
    Cancelled,
    Expired,
    Filled,
    OrderReport,
    OrderState,
    OrderType,
    Rejected,
    RequestFailed,
    Side,
    TimeInForce,
    VenueReport,
)
from meltica_runtime.venues.paper.account import PaperAccount
from meltica_runtime.venues.paper.displayed_book import Take, total_notional, total_quantity
from meltica_runtime.venues.paper.market import SymbolMarket
from meltica_runtime.venues.paper.market_history import Event
from meltica_runtime.venues.paper.orders import Amendment, PaperOrder
from meltica_runtime.venues.paper.rules import TradingRules

_OPEN = frozenset({OrderState.ACKNOWLEDGED, OrderState.PARTIALLY_FILLED})


class MatchingEngine:
    """Every method is one step at one time of the venue; `take_reports` ends it."""

    def __init__(
        self, provider: str, rules: TradingRules, account: PaperAccount, markets: Mapping[str, SymbolMarket]
    ) -> None:
        self._provider = provider
        self._rules = rules
        self._account = account
        self._markets = markets
        self._reports: list[VenueReport] = []
        self._finished: list[PaperOrder] = []
        self._time_us = 0.0

    def take_reports(self) -> list[VenueReport]:
        """What the step has to report: of orders first, then the balances that it changed."""
        reports = self._reports + self._account.take_changes(self._time_us)
        self._reports = []
        return reports

    def take_finished(self) -> list[PaperOrder]:
        """Orders that came to their end since the last call."""
        finished, self._finished = self._finished, []
        return finished

    def submit(self, order: PaperOrder, time_us: float) -> None:
        self._time_us = time_us
        request = order.request
        market = self._markets.get(request.symbol)
        if market is None:
            known = ", ".join(self._markets)
            self._reject(order, f"{request.symbol} is not traded here; {known} {_is_are(self._markets)}")
            return
        fault = self._rules.quantity_fault(request.quantity) or self._rules.order_fault(request)
        if fault is not None:
            self._reject(order, fault)
            return
        market.arrive(time_us)
        if request.type is OrderType.MARKET:
            self._submit_market(order, market)
        else:
            self._submit_limit(order, market)

    def cancel(self, order: PaperOrder, time_us: float) -> None:
        self._time_us = time_us
        if order.state not in _OPEN:
            self._fail(order.request.client_order_id, f"the order is {order.state.value.lower()} already")
            return
        market = self._markets[order.request.symbol]
        market.resting.remove(order)
        market.orders_changed()
        self._end(order, OrderState.CANCELLED, Cancelled(order.request.client_order_id, time_us))

    def amend(self, order: PaperOrder, amendment: Amendment, time_us: float) -> None:
        """A smaller quantity keeps the order's place in the queue; any other change is a new arrival."""
        self._time_us = time_us
        price = order.price if amendment.price is None else amendment.price
        quantity = order.quantity if amendment.quantity is None else amendment.quantity
        fault = self._amend_fault(order, price, quantity)
        if fault is not None:
            self._fail(order.request.client_order_id, fault)
            return
        market = self._markets[order.request.symbol]
        moves = price != order.price or quantity > order.quantity
        self._account.release(self._held_asset(order), order.held)
        order.price, order.quantity = price, quantity
        self._hold(order)
        client_id = order.request.client_order_id
        self._report(order, Amended(client_id, price, quantity, self._time_us))
        if moves:
            market.resting.remove(order)
            market.orders_changed()
            market.arrive(time_us)
            self._match(order, market)

    def refuse(self, client_order_id: str, reason: str, time_us: float) -> None:
        """Answers a request that concerns no order that is known."""
        self._time_us = time_us
        self._fail(client_order_id, reason)

    def match_event(self, market: SymbolMarket, event: Event) -> None:
        """Lets a market event meet the orders that wait."""
        self._time_us = event.time_us
        fills = market.match_event(event)
        for order, quantity in fills:
            self._fill(order, order.price, quantity, is_maker=True)
            if not order.remaining:
                market.resting.remove(order)
                self._end(order, OrderState.FILLED, None)
        if fills:
            market.orders_changed()

    def _submit_market(self, order: PaperOrder, market: SymbolMarket) -> None:
        side = order.request.side
        takes = market.displayed_book.plan(side, None, order.quantity)
        needed = total_notional(takes) if side is Side.BUY else order.quantity
        asset = market.quote if side is Side.BUY else market.base
        short = self._shortage(asset, needed, ZERO)
        notional = self._rules.notional_fault(total_notional(takes)) if takes else None
        if short or notional:
            self._reject(order, short or notional or "")
            return
        self._acknowledge(order)
        if self._kills(order, takes):
            return
        self._take(order, market, takes)
        if order.remaining:
            nothing = "nothing is known of the market yet" if not takes else "the book shows no more"
            self._expire(order, f"market order: {nothing}")

    def _submit_limit(self, order: PaperOrder, market: SymbolMarket) -> None:
        needed = _hold_of(order.request.side, order.price, order.quantity)
        asset = market.quote if order.request.side is Side.BUY else market.base
        short = self._shortage(asset, needed, ZERO)
        if short:
            self._reject(order, short)
            return
        self._hold(order)
        self._acknowledge(order)
        self._match(order, market)

    def _match(self, order: PaperOrder, market: SymbolMarket) -> None:
        """Takes what the book offers at the order's price or better; the rest waits, if it may."""
        order.level = float(order.price)
        side = order.request.side
        takes = market.displayed_book.plan(side, order.level, order.remaining)
        if self._kills(order, takes):
            return
        self._take(order, market, takes)
        if not order.remaining:
            return
        if order.request.time_in_force is not TimeInForce.GTC:
            self._expire(order, "immediate or cancel: the rest found nobody")
            return
        market.resting.add(order, market.displayed_book.ahead(side, order.level))
        market.orders_changed()

    def _kills(self, order: PaperOrder, takes: list[Take]) -> bool:
        """Expires a fill-or-kill order that the book cannot fill whole."""
        if order.request.time_in_force is not TimeInForce.FOK:
            return False
        there = total_quantity(takes)
        if there >= order.remaining:
            return False
        self._expire(
            order, f"fill or kill: the book shows {decimal_text(there)} of {decimal_text(order.remaining)}"
        )
        return True

    def _take(self, order: PaperOrder, market: SymbolMarket, takes: list[Take]) -> None:
        market.displayed_book.take(order.request.side, takes)
        for price, quantity in takes:
            self._fill(order, price, quantity, is_maker=False)
        if not order.remaining:
            self._end(order, OrderState.FILLED, None)

    def _fill(self, order: PaperOrder, price: Decimal, quantity: Decimal, *, is_maker: bool) -> None:
        assert quantity <= order.remaining, "an order was filled beyond its quantity"
        market = self._markets[order.request.symbol]
        notional = multiply(price, quantity)
        if order.request.side is Side.BUY:
            paid, paid_asset, received, asset = notional, market.quote, quantity, market.base
        else:
            paid, paid_asset, received, asset = quantity, market.base, notional, market.quote
        fee = self._rules.maker_fee(received) if is_maker else self._rules.taker_fee(received)
        if order.held:
            part = _hold_of(order.request.side, order.price, quantity)
            self._account.release(paid_asset, part)
            order.held = subtract(order.held, part)
        self._account.pay(paid_asset, paid)
        self._account.receive(asset, subtract(received, fee))
        order.filled = add(order.filled, quantity)
        order.fills += 1
        order.state = OrderState.PARTIALLY_FILLED if order.remaining else OrderState.FILLED
        client_id = order.request.client_order_id
        execution_id = f"{self._provider}:{client_id}:{order.fills}"
        self._report(
            order,
            Filled(client_id, execution_id, quantity, price, fee, asset, is_maker, self._time_us),
        )

    def _hold(self, order: PaperOrder) -> None:
        order.held = _hold_of(order.request.side, order.price, order.remaining)
        self._account.hold(self._held_asset(order), order.held)

    def _held_asset(self, order: PaperOrder) -> str:
        market = self._markets[order.request.symbol]
        return market.quote if order.request.side is Side.BUY else market.base

    def _shortage(self, asset: str, needed: Decimal, held: Decimal) -> str | None:
        """Why `needed` cannot be held, in place of what is `held` already."""
        available = add(self._account.available(asset), held)
        if needed <= available:
            return None
        short = f"needs {decimal_text(needed)} {asset}, {decimal_text(available)} is available"
        return f"insufficient balance: {short}"

    def _amend_fault(self, order: PaperOrder, price: Decimal, quantity: Decimal) -> str | None:
        if order.state not in _OPEN:
            return f"the order is {order.state.value.lower()} already"
        fault = self._rules.quantity_fault(quantity) or self._rules.price_fault(price)
        if fault is not None:
            return fault
        if quantity <= order.filled:
            return f"{decimal_text(order.filled)} of the order is filled already"
        needed = _hold_of(order.request.side, price, subtract(quantity, order.filled))
        return self._rules.notional_fault(multiply(price, quantity)) or self._shortage(
            self._held_asset(order), needed, order.held
        )

    def _acknowledge(self, order: PaperOrder) -> None:
        order.state = OrderState.ACKNOWLEDGED
        client_id = order.request.client_order_id
        self._report(order, Acknowledged(client_id, f"{self._provider}:{client_id}", self._time_us))

    def _reject(self, order: PaperOrder, reason: str) -> None:
        report = Rejected(order.request.client_order_id, self._time_us, reason)
        self._end(order, OrderState.REJECTED, report)

    def _expire(self, order: PaperOrder, reason: str) -> None:
        self._end(order, OrderState.EXPIRED, Expired(order.request.client_order_id, self._time_us, reason))

    def _end(self, order: PaperOrder, state: OrderState, report: OrderReport | None) -> None:
        order.state = state
        if order.held:
            self._account.release(self._held_asset(order), order.held)
            order.held = ZERO
        self._finished.append(order)
        if report is not None:
            self._report(order, report)

    def _report(self, order: PaperOrder, report: OrderReport) -> None:
        order.reports.append(report)
        self._reports.append(report)

    def _fail(self, client_order_id: str, reason: str) -> None:
        self._reports.append(RequestFailed(client_order_id, self._time_us, reason))


def _hold_of(side: Side, price: Decimal, quantity: Decimal) -> Decimal:
    """What an order may come to need. Fees are no part of it: they come out of what is received."""
    return multiply(price, quantity) if side is Side.BUY else quantity


def _is_are(names: Mapping[str, SymbolMarket]) -> str:
    return "is" if len(names) == 1 else "are"
