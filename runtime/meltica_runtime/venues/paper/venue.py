"""The paper venue: takes orders, fills them against market data, and keeps the account. Deterministic."""

from __future__ import annotations

import math
from collections import deque
from decimal import Decimal
from typing import assert_never

from meltica_runtime.dataplane.market_batch import MarketBatch, MarketCodes
from meltica_runtime.money import ZERO
from meltica_runtime.orders.order import (
    BalanceChanged,
    OrderReport,
    OrderRequest,
    OrderState,
    VenueReport,
)
from meltica_runtime.venues.paper.account import PaperAccount
from meltica_runtime.venues.paper.engine import MatchingEngine
from meltica_runtime.venues.paper.market import SymbolMarket
from meltica_runtime.venues.paper.market_history import Event, MarketHistory
from meltica_runtime.venues.paper.orders import (
    Amendment,
    Arrival,
    Cancellation,
    DuplicateSubmission,
    PaperOrder,
    Submission,
)
from meltica_runtime.venues.paper.rules import PaperSettings, TradingRules

FINISHED_ORDERS_KEPT = 8_192
"""Orders that came to their end and can still be asked about: at about 1 KiB each, 8 MiB."""

_UNKNOWN = "the venue knows no such order"


class PaperVenue:
    """A venue with one account.

    Time: requests carry the time of whoever sends them, never descending, nor below what `advance` was called
    with. A request arrives `latency_us` later, after all market events up to then; a report is due
    `latency_us` after what it tells of, and carries the time of the latter. Whoever delivers it does so after
    the market events up to the time when it is due.

    `feed` may run ahead of the requests: nothing fed has an effect before `advance` has come to it. So the
    reports depend on requests and market data, and not on how the latter were cut into batches. Where no
    report is due for long, `settle` is to be called now and then, since it lets go of what was fed.
    """

    def __init__(self, provider: str, settings: PaperSettings, codes: MarketCodes) -> None:
        """`codes`: the symbols traded, with the numbers that market data carry for them."""
        self._latency_us = settings.latency_us
        self._history = MarketHistory()
        self._waiting: dict[SymbolMarket, None] = {}
        self._markets = {
            name: SymbolMarket(self._history, name, code, self._waiting)
            for name, code in codes.symbols.items()
        }
        assets = [asset for market in self._markets.values() for asset in (market.base, market.quote)]
        self._account = PaperAccount(provider, assets, settings.balances)
        self._engine = MatchingEngine(provider, TradingRules(settings), self._account, self._markets)
        self._orders: dict[str, PaperOrder] = {}
        self._finished: deque[str] = deque()
        self._arrivals: deque[Arrival] = deque()
        self._outbox: deque[tuple[float, VenueReport]] = deque()
        self._committed_us = -math.inf
        self._forecast_us: float | None = None

    def submit(self, order: OrderRequest, now_us: float) -> None:
        """Sends an order. Whatever is wrong with it is reported, never raised."""
        if order.client_order_id in self._orders:
            self._send(DuplicateSubmission(self._arrival_us(now_us), order.client_order_id))
            return
        sent = PaperOrder(order, OrderState.NEW, order.price or ZERO, order.quantity)
        self._orders[order.client_order_id] = sent
        self._send(Submission(self._arrival_us(now_us), sent))

    def cancel(self, client_order_id: str, now_us: float) -> None:
        self._send(Cancellation(self._arrival_us(now_us), client_order_id))

    def amend(
        self, client_order_id: str, price: Decimal | None, quantity: Decimal | None, now_us: float
    ) -> None:
        """New price or total quantity; None leaves it as it is."""
        self._send(Amendment(self._arrival_us(now_us), client_order_id, price, quantity))

    def query(self, client_order_id: str) -> OrderState | None:
        """The state of an order now, NEW while it is on its way; None if the venue knows no such order."""
        order = self._orders.get(client_order_id)
        return order.state if order else None

    def history(self, client_order_id: str) -> tuple[OrderReport, ...] | None:
        """All reports of an order so far, whether delivered or not; None if the venue knows no such order."""
        order = self._orders.get(client_order_id)
        return tuple(order.reports) if order else None

    def balances(self) -> tuple[BalanceChanged, ...]:
        """All balances as they are now."""
        return self._account.balances(max(self._committed_us, 0.0))

    def feed(self, batch: MarketBatch) -> None:
        """Takes market data up to `batch.end_us`; they are kept, and looked at only if an order needs it."""
        self._history.feed(batch)
        self._forecast_us = None

    def next_report_us(self) -> float:
        """When the next report is due, if nothing more is requested; infinite if not before the end of what
        was fed."""
        if self._forecast_us is None:
            due_us = self._outbox[0][0] if self._outbox else self._next_due_us()
            self._forecast_us = due_us if due_us < self._history.end_us else math.inf
        return self._forecast_us

    def advance(self, until_us: float) -> list[VenueReport]:
        """Everything due up to `until_us`, in the order of time, as far as market data were fed."""
        self.settle(until_us)
        due = []
        while self._outbox and self._outbox[0][0] <= until_us:
            due.append(self._outbox.popleft()[1])
        return due

    def settle(self, now_us: float) -> None:
        """Says that no request will come from before `now_us`. Reports nothing, and lets go of market data
        that no request can ask for any more."""
        while self._step(now_us):
            pass
        reached_us = min(now_us - self._latency_us, self._history.end_us)
        self._committed_us = max(self._committed_us, reached_us)
        self._history.forget(self._committed_us)
        self._forecast_us = None

    def _step(self, until_us: float) -> bool:
        """Does the earliest thing that happens at the venue, if its report is due by then."""
        arrival = self._next_arrival()
        next_match = self._next_match()
        if next_match is not None and (arrival is None or next_match[1].time_us <= arrival.time_us):
            market, event = next_match
            if self._due_us(event.time_us) > until_us:
                return False
            self._engine.match_event(market, event)
            self._collect(event.time_us)
            return True
        if arrival is None or self._due_us(arrival.time_us) > until_us:
            return False
        self._arrivals.popleft()
        self._receive(arrival)
        self._collect(arrival.time_us)
        return True

    def _receive(self, arrival: Arrival) -> None:
        time_us = arrival.time_us
        match arrival:
            case Submission(_, order):
                self._engine.submit(order, time_us)
            case DuplicateSubmission(_, client_id):
                self._engine.refuse(client_id, "an order with this client order id exists already", time_us)
            case Cancellation(_, client_id) | Amendment(_, client_id, _, _):
                known = self._orders.get(client_id)
                if known is None:
                    self._engine.refuse(client_id, _UNKNOWN, time_us)
                elif isinstance(arrival, Cancellation):
                    self._engine.cancel(known, time_us)
                else:
                    self._engine.amend(known, arrival, time_us)
            case _:
                assert_never(arrival)

    def _collect(self, time_us: float) -> None:
        due_us = self._due_us(time_us)
        self._outbox.extend((due_us, report) for report in self._engine.take_reports())
        for order in self._engine.take_finished():
            self._finished.append(order.request.client_order_id)
            if len(self._finished) > FINISHED_ORDERS_KEPT:
                del self._orders[self._finished.popleft()]

    def _next_arrival(self) -> Arrival | None:
        """The next request that arrives within what was fed: all market events before it are known."""
        if self._arrivals and self._arrivals[0].time_us < self._history.end_us:
            return self._arrivals[0]
        return None

    def _next_match(self) -> tuple[SymbolMarket, Event] | None:
        first: tuple[SymbolMarket, Event] | None = None
        for market in self._waiting:
            event = market.next_match()
            if event is not None and (first is None or event.place < first[1].place):
                first = (market, event)
        return first

    def _next_due_us(self) -> float:
        arrival = self._next_arrival()
        first_us = arrival.time_us if arrival else math.inf
        for market in self._waiting:
            event = market.first_fill(first_us)
            if event is not None:
                first_us = min(first_us, event.time_us)
        return self._due_us(first_us)

    def _due_us(self, time_us: float) -> float:
        return time_us + self._latency_us

    def _arrival_us(self, now_us: float) -> float:
        last_us = self._arrivals[-1].time_us if self._arrivals else self._committed_us
        return max(now_us + self._latency_us, last_us)

    def _send(self, arrival: Arrival) -> None:
        self._arrivals.append(arrival)
        self._forecast_us = None
