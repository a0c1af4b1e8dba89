"""Books from level changes, as Tardis records them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meltica_compiler.records.layout import record_layout
from meltica_runtime.dataplane.market_batch import Rows
from meltica_runtime.venues.order_book import OrderBook


class Change(NamedTuple):
    """One row: an amount of 0 takes the level away."""

    symbol: int
    time_us: float
    local_us: float
    is_snapshot: bool
    is_bid: bool
    price: float
    amount: float


class BookAssembly:
    """Gives the book after each message of the venue. The rows of one message have the same symbol and the
    same times; a snapshot row after other rows starts the symbol's book anew."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._dtype = record_layout("book", depth).dtype
        self._books: dict[int, OrderBook] = {}
        self._in_snapshot: set[int] = set()
        self._last: Change | None = None
        self._rows = 0

    def add(self, change: Change) -> Rows | None:
        """Takes a row; returns the book record of the message before, an array of one, if it ended there."""
        ended = None
        if self._last is not None and self._last[:3] != change[:3]:
            ended = self.finish()
        book = self._books.setdefault(change.symbol, OrderBook())
        if not change.is_snapshot:
            self._in_snapshot.discard(change.symbol)
        elif change.symbol not in self._in_snapshot:
            self._in_snapshot.add(change.symbol)
            book.replace((), ())
        (book.bids if change.is_bid else book.asks).set(change.price, change.amount)
        self._last = change
        self._rows += 1
        return ended

    def finish(self) -> Rows | None:
        """The book after the message that is being read, if there is one; numbered by its last row."""
        if self._last is None:
            return None
        record = np.zeros(1, self._dtype)
        record["symbol"], record["time"], record["ingest"] = self._last[:3]
        record["venue_seq"] = self._rows - 1
        self._books[self._last.symbol].write_levels(record, self._depth)
        self._last = None
        return record
