"""Books from Binance's depth diffs and REST snapshots.

From Binance's rules: diffs are buffered until there is a snapshot; a diff whose `u` is not above the
snapshot's `lastUpdateId` is dropped; the first one applied has `U` <= `lastUpdateId` + 1 <= `u`; and from
then on each diff's `U` is the `u` before it, plus 1.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum

from meltica_runtime.venues.binance.messages import DepthSnapshot, DepthUpdate
from meltica_runtime.venues.order_book import OrderBook

MAX_WAITING_DIFFS = 1_000
"""Diffs kept for a snapshot that is on its way: 100 s of a stream of 10 a second. The oldest go first; a
snapshot that would need them does not fit, and another is asked for."""


class BookState(Enum):
    WAITING = "waiting"
    """For its first snapshot."""
    LIVE = "live"
    STALE = "stale"
    """Something was missed: nothing is applied until a new snapshot fits."""


@dataclass(frozen=True, slots=True)
class BookStatistics:
    """`gaps`: how often a live book became stale. `applied`, `dropped`: diffs."""

    state: BookState
    applied: int
    dropped: int
    gaps: int


class DepthBook:
    """The book of one symbol. It is shown to nobody unless it is live."""

    def __init__(self) -> None:
        self.book = OrderBook()
        self.state = BookState.WAITING
        self.last_update_id = -1
        self._waiting: deque[DepthUpdate] = deque(maxlen=MAX_WAITING_DIFFS)
        self._applied = 0
        self._dropped = 0
        self._gaps = 0

    def statistics(self) -> BookStatistics:
        return BookStatistics(self.state, self._applied, self._dropped, self._gaps)

    @property
    def needs_snapshot(self) -> bool:
        return self.state is not BookState.LIVE

    def update(self, diff: DepthUpdate) -> bool:
        """Takes the next diff; True if it changed a live book."""
        if self.state is not BookState.LIVE:
            self._dropped += len(self._waiting) == MAX_WAITING_DIFFS
            self._waiting.append(diff)
            return False
        if diff.u <= self.last_update_id:
            self._dropped += 1
            return False
        if self.last_update_id + 1 < diff.U:
            self.invalidate()
            self._waiting.append(diff)
            return False
        self._apply(diff)
        return self.state is BookState.LIVE

    def invalidate(self) -> None:
        """Something was missed, or cannot be trusted: the book waits for a new snapshot."""
        self._gaps += self.state is BookState.LIVE
        self.state = BookState.STALE
        self._waiting.clear()

    def apply_snapshot(self, snapshot: DepthSnapshot) -> bool:
        """Starts from a snapshot and the diffs that wait; True if the book is live then.

        A snapshot that is too old for the diffs that wait leaves the book as it was: ask for another.
        """
        if self.state is BookState.LIVE and snapshot.lastUpdateId <= self.last_update_id:
            return True
        first = next((diff for diff in self._waiting if diff.u > snapshot.lastUpdateId), None)
        if first is not None and snapshot.lastUpdateId + 1 < first.U:
            return False
        self.book.replace(snapshot.bids, snapshot.asks)
        self.last_update_id = snapshot.lastUpdateId
        self.state = BookState.LIVE
        waiting = list(self._waiting)
        self._waiting.clear()
        for diff in waiting:
            self.update(diff)
        return self.state is BookState.LIVE

    def _apply(self, diff: DepthUpdate) -> None:
        self.book.update(diff.b, diff.a)
        self.last_update_id = diff.u
        self._applied += 1
        if self.book.is_crossed:
            self.invalidate()
