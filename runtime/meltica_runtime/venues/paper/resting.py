"""Own orders that wait in the book, and where in the queue."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from meltica_runtime.money import ZERO, add, subtract
from meltica_runtime.orders.order import Side
from meltica_runtime.venues.paper.orders import PaperOrder

Queue = dict[PaperOrder, Decimal]
"""How much waits ahead of each order at its price, in displayed quantity; own orders are not counted."""

Fill = tuple[PaperOrder, Decimal]


class RestingOrders:
    """The waiting orders of one symbol, in price-time order.

    Displayed quantity leaves the queue by trades only: whether what is cancelled stood ahead of us or behind,
    market data does not say, and we assume the worse. Own orders never meet each other.
    """

    def __init__(self) -> None:
        self._sides: dict[Side, dict[float, list[PaperOrder]]] = {Side.BUY: {}, Side.SELL: {}}
        self.queue: Queue = {}
        self.best_buy = float("-inf")
        self.best_sell = float("inf")

    def __bool__(self) -> bool:
        return bool(self.queue)

    def add(self, order: PaperOrder, ahead: Decimal) -> None:
        """Puts an order behind all others of its price, and behind `ahead` of displayed quantity."""
        self._sides[order.request.side].setdefault(order.level, []).append(order)
        self.queue[order] = ahead
        self._note_best()

    def remove(self, order: PaperOrder) -> None:
        levels = self._sides[order.request.side]
        levels[order.level].remove(order)
        if not levels[order.level]:
            del levels[order.level]
        del self.queue[order]
        self._note_best()

    def match_trade(self, price: float, quantity: Decimal, taker: Side | None, queue: Queue) -> list[Fill]:
        """Fills by a trade, best price first; moves `queue`, which may be a copy of the own one.

        A trade beyond an order's price would have had to fill it first, so it fills it whole. A trade at the
        price, by a taker of the other side, works through the queue.
        """
        fills: list[Fill] = []
        for side in (Side.BUY, Side.SELL):
            for order in self.reached(side, price):
                if order.level != price:
                    fills.append((order, order.remaining))
            if taker is not side and price in self._sides[side]:
                fills += self._match_queue(self._sides[side][price], quantity, queue)
        return fills

    def _match_queue(self, orders: list[PaperOrder], quantity: Decimal, queue: Queue) -> list[Fill]:
        fills: list[Fill] = []
        passed = ZERO
        for order in orders:
            ahead = subtract(queue[order], passed)
            if ahead > 0:
                step = min(ahead, quantity)
                passed = add(passed, step)
                quantity = subtract(quantity, step)
            queue[order] = max(ZERO, subtract(queue[order], passed))
            part = min(quantity, order.remaining)
            if part > 0:
                fills.append((order, part))
                quantity = subtract(quantity, part)
        return fills

    def reached(self, side: Side, price: float) -> Iterator[PaperOrder]:
        """A side's orders at `price` or better for whoever comes, in price-time order."""
        levels = self._sides[side]
        reached = [level for level in levels if (level - price) * side.sign >= 0]
        reached.sort(reverse=side is Side.BUY)
        for level in reached:
            yield from list(levels[level])

    def _note_best(self) -> None:
        self.best_buy = max(self._sides[Side.BUY], default=float("-inf"))
        self.best_sell = min(self._sides[Side.SELL], default=float("inf"))
