"""One symbol at the paper venue: what its market shows, and the orders that wait in it."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from meltica_dsl.model.fields import SIDES
from meltica_dsl.model.values import Symbol
from meltica_runtime.orders.order import Side
from meltica_runtime.venues.increments import exact_decimal
from meltica_runtime.venues.paper.displayed_book import DisplayedBook, total_quantity
from meltica_runtime.venues.paper.market_history import TRADE, Event, MarketHistory
from meltica_runtime.venues.paper.orders import PaperOrder
from meltica_runtime.venues.paper.resting import Fill, Queue, RestingOrders

_TAKERS: dict[int, Side | None] = {
    SIDES.index("none"): None,
    SIDES.index("buy"): Side.BUY,
    SIDES.index("sell"): Side.SELL,
}


class _FillForecast(NamedTuple):
    """How far the fed data were searched for the first fill. `queue` is the state of the queue there."""

    place: int
    queue: Queue
    fill: Event | None


class SymbolMarket:
    """`base` and `quote` are its assets. Events with a place below the cursor have had their effect."""

    def __init__(
        self, history: MarketHistory, symbol: str, code: int, waiting: dict[SymbolMarket, None]
    ) -> None:
        """`waiting`: the markets with waiting orders, which this one enters and leaves."""
        pair = Symbol.parse(symbol)
        self.base, self.quote = pair.base, pair.quote
        self.displayed_book = DisplayedBook()
        self.resting = RestingOrders()
        self._history = history
        self._code = code
        self._waiting = waiting
        self._cursor = 0
        self._next: Event | None = None
        self._searched_to = -1
        self._fill_forecast: _FillForecast | None = None

    def arrive(self, time_us: float) -> None:
        """Brings what the market shows up to a time. Orders that wait have met everything before it."""
        latest, place = self._history.latest_at(self._code, time_us)
        self.displayed_book.update(latest)
        self._cursor = max(self._cursor, place)

    def orders_changed(self) -> None:
        """To be called after orders came or went: what was found out about the future no longer holds."""
        self._next = None
        self._searched_to = -1
        self._fill_forecast = None
        if self.resting:
            self._waiting[self] = None
        else:
            self._waiting.pop(self, None)

    def next_match(self) -> Event | None:
        """The next event at the price of a waiting order, if it was fed."""
        if self._next is None and self._searched_to < self._history.places:
            self._next = self._search(max(self._cursor, self._searched_to))
            self._searched_to = self._history.places
        return self._next

    def match_event(self, event: Event) -> list[Fill]:
        """Works the queue with the event that `next_match` gave; returns what it fills."""
        self._cursor = event.place + 1
        self._next = None
        self._searched_to = -1
        if event.kind == TRADE:
            return self._match_trade(event, self.resting.queue)
        self.displayed_book.update(self._history.latest_after(self._code, event.place))
        return self._match_quote(event)

    def first_fill(self, until_us: float) -> Event | None:
        """The first event, up to a time, that will fill a waiting order if nothing else comes before it."""
        forecast = self._fill_forecast or _FillForecast(self._cursor, dict(self.resting.queue), None)
        place, queue, fill = forecast
        while fill is None:
            event = self._search(place)
            if event is None:
                place = max(place, self._history.places)
                break
            if event.time_us > until_us:
                break
            place = event.place + 1
            if event.kind != TRADE or self._match_trade(event, queue):
                fill = event
        self._fill_forecast = _FillForecast(place, queue, fill)
        return fill if fill is not None and fill.time_us <= until_us else None

    def _search(self, place: int) -> Event | None:
        resting = self.resting
        return self._history.next_crossing(self._code, place, resting.best_buy, resting.best_sell)

    def _match_trade(self, event: Event, queue: Queue) -> list[Fill]:
        price, quantity = float(event.row["price"]), exact_decimal(event.row["quantity"])
        return self.resting.match_trade(price, quantity, _TAKERS[int(event.row["side"])], queue)

    def _match_quote(self, event: Event) -> list[Fill]:
        """A quote that has come to an order's price or beyond would have taken from it what it shows."""
        fills = []
        for side, price in ((Side.BUY, float(event.row["ask"])), (Side.SELL, float(event.row["bid"]))):
            if not price > 0:
                continue
            for order in self.resting.reached(side, price):
                quantity = self._taken_by(order)
                if quantity > 0:
                    fills.append((order, quantity))
        return fills

    def _taken_by(self, order: PaperOrder) -> Decimal:
        side = order.request.side
        takes = self.displayed_book.plan(side, order.level, order.remaining)
        self.displayed_book.take(side, takes)
        return total_quantity(takes)
