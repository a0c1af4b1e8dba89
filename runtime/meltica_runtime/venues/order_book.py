"""An order book by price level, kept in order, best level first."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from meltica_runtime.dataplane.market_batch import Rows

Level = tuple[float, float]
"""Price and quantity. A quantity of 0 takes the level away."""


class BookSide:
    """The levels of one side. Bids have `sign` 1: the greatest is the best; asks -1."""

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._keys: list[float] = []
        """Prices times -sign, ascending, so that the best is the first on both sides."""
        self._quantities: dict[float, float] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def set(self, price: float, quantity: float) -> None:
        key = -self._sign * price
        if quantity == 0:
            if self._quantities.pop(key, None) is not None:
                del self._keys[bisect_left(self._keys, key)]
            return
        if key not in self._quantities:
            self._keys.insert(bisect_left(self._keys, key), key)
        self._quantities[key] = quantity

    def clear(self) -> None:
        self._keys.clear()
        self._quantities.clear()

    def best(self, depth: int) -> list[Level]:
        """The best levels, at most `depth` of them."""
        return [(-self._sign * key, self._quantities[key]) for key in self._keys[:depth]]


class OrderBook:
    """Both sides of a book."""

    def __init__(self) -> None:
        self.bids = BookSide(1)
        self.asks = BookSide(-1)

    def replace(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Starts anew from a snapshot."""
        self.bids.clear()
        self.asks.clear()
        self.update(bids, asks)

    def update(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        for price, quantity in bids:
            self.bids.set(price, quantity)
        for price, quantity in asks:
            self.asks.set(price, quantity)

    @property
    def is_crossed(self) -> bool:
        """The best bid is not below the best ask: something was lost."""
        best_bid, best_ask = self.bids.best(1), self.asks.best(1)
        return bool(best_bid and best_ask and best_bid[0][0] >= best_ask[0][0])

    def write_levels(self, record: Rows, depth: int) -> None:
        """Fills the level fields of one book record, an array of one; levels that are not there are 0."""
        for levels, touch, count, side in (
            ("bids", "bid", "bid_levels", self.bids),
            ("asks", "ask", "ask_levels", self.asks),
        ):
            best = side.best(depth)
            record[levels] = 0.0
            record[levels][0, : len(best)] = best or 0.0
            record[touch] = best[0][0] if best else 0.0
            record[count] = len(best)
