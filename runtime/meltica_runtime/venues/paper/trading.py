"""The paper venue as the order router sees it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from meltica_runtime.orders.order import Expired, OrderReport, OrderRequest
from meltica_runtime.venues.paper.venue import PaperVenue
from meltica_runtime.venues.venue import OrderRefused

FORGOTTEN = "the venue on paper has forgotten its orders: it ended, with its provider or its gateway"


class PaperTrading:
    """A `Venue`. Requests never wait and their outcome is never in doubt: they are on their way when the call
    returns. Before `open` and after `close` there is nobody to send them to.
    """

    on_paper = True

    def __init__(self, paper: PaperVenue, now_us: Callable[[], float]) -> None:
        """`now_us` is the venue's time, which is the market's."""
        self._paper = paper
        self._now_us = now_us
        self._is_open = self._has_closed = False
        self.orders = 0

    def open(self) -> None:
        self._is_open = True

    def close(self) -> None:
        """For good: what is open is forgotten."""
        self._is_open, self._has_closed = False, True

    async def submit(self, order: OrderRequest) -> None:
        self._require_open()
        self.orders += 1
        self._paper.submit(order, self._now_us())

    async def cancel(self, order: OrderRequest) -> None:
        self._require_open()
        self._paper.cancel(order.client_order_id, self._now_us())

    async def amend(self, order: OrderRequest, price: Decimal, quantity: Decimal) -> None:
        self._require_open()
        self._paper.amend(order.client_order_id, price, quantity, self._now_us())

    async def query(self, order: OrderRequest) -> tuple[OrderReport, ...] | None:
        """Orders live as long as the venue: one of another is gone for good, and nothing that is still under
        way could bring it back."""
        known = self._paper.history(order.client_order_id)
        state = self._paper.query(order.client_order_id)
        if known is None or state is None:
            return (Expired(order.client_order_id, order.placed_us, FORGOTTEN),)
        if self._has_closed and not state.is_final:
            return (*known, Expired(order.client_order_id, self._now_us(), FORGOTTEN))
        return known

    def _require_open(self) -> None:
        if not self._is_open:
            raise OrderRefused("the paper venue is closed: its market is not running")
