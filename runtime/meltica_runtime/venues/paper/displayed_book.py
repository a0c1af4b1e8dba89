"""The book as the market data shows it: what an order can take, and how much waits ahead of it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import reduce

from meltica_runtime.money import ZERO, add, multiply, subtract
from meltica_runtime.orders.order import Side
from meltica_runtime.venues.increments import exact_decimal
from meltica_runtime.venues.paper.market_history import Event, LatestEvents

Take = tuple[Decimal, Decimal]
"""Price and quantity of one level taken."""


class DisplayedBook:
    """The levels of one symbol.

    The newest book, with a newer ticker's touch in front of the levels that are worse than it; without any
    quote the price of the last trade, on both sides and without end. What own orders have taken stays taken
    until the next quote.
    """

    def __init__(self) -> None:
        self._latest = LatestEvents(None, None, None)
        self._version = (-1, -1)
        self._taken: dict[tuple[Side, float], Decimal] = {}

    def update(self, latest: LatestEvents) -> None:
        """Takes up a newer state of the market."""
        version = (latest.ticker.place if latest.ticker else -1, latest.book.place if latest.book else -1)
        if version != self._version:
            self._taken.clear()
        self._version = version
        self._latest = latest

    def plan(self, side: Side, limit: float | None, quantity: Decimal) -> list[Take]:
        """What a taker on `side` gets, best level first, at `limit` or better."""
        takes: list[Take] = []
        opposite = Side.SELL if side is Side.BUY else Side.BUY
        for price, size in self._levels(opposite):
            if limit is not None and (price - limit) * side.sign > 0:
                break
            taken = self._taken.get((opposite, price), ZERO)
            there = quantity if size is None else subtract(exact_decimal(size), taken)
            part = min(there, quantity)
            if part > 0:
                takes.append((exact_decimal(price), part))
                quantity = subtract(quantity, part)
                if not quantity:
                    # The next level is not looked at: it may have to be read first.
                    break
        return takes

    def take(self, side: Side, takes: list[Take]) -> None:
        """Marks what a taker on `side` has taken."""
        if self._version == (-1, -1):
            return
        opposite = Side.SELL if side is Side.BUY else Side.BUY
        for price, quantity in takes:
            key = (opposite, float(price))
            self._taken[key] = add(self._taken.get(key, ZERO), quantity)

    def ahead(self, side: Side, price: float) -> Decimal:
        """Quantity displayed at a price: it was there before. Beyond the levels shown nothing is known, and
        nothing is assumed."""
        if self._version == (-1, -1):
            return ZERO
        for level, size in self._levels(side):
            if level == price and size is not None:
                return exact_decimal(size)
            if (price - level) * side.sign > 0:
                break
        return ZERO

    def _levels(self, side: Side) -> Iterator[tuple[float, float | None]]:
        """(price, quantity), best first; a quantity of None has no end."""
        trade, ticker, book = self._latest
        touch = None
        if ticker is not None and (book is None or ticker.place > book.place):
            touch = _touch(ticker, side)
            yield touch
        if book is not None:
            for price, size in _book_side(book, side):
                if touch is None or (touch[0] - price) * side.sign > 0:
                    yield price, size
        elif ticker is None and trade is not None:
            yield float(trade.row["price"]), None


def total_quantity(takes: list[Take]) -> Decimal:
    return reduce(add, (quantity for _, quantity in takes), ZERO)


def total_notional(takes: list[Take]) -> Decimal:
    return reduce(add, (multiply(price, quantity) for price, quantity in takes), ZERO)


def _touch(ticker: Event, side: Side) -> tuple[float, float]:
    names = ("bid", "bid_quantity") if side is Side.BUY else ("ask", "ask_quantity")
    return float(ticker.row[names[0]]), float(ticker.row[names[1]])


def _book_side(book: Event, side: Side) -> list[tuple[float, float]]:
    levels, count = ("bids", "bid_levels") if side is Side.BUY else ("asks", "ask_levels")
    return [(price, size) for price, size in book.row[levels][: int(book.row[count])].tolist()]
