"""The trading side of a live venue: the rules of its instruments, and its order entry."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from meltica_runtime.orders.order import OrderReport, OrderRequest


@dataclass(frozen=True, slots=True)
class Instrument:
    """Prices are multiples of `tick_size`, quantities of `lot_size`; price times quantity is at least
    `min_notional`, in the quote asset."""

    symbol: str
    tick_size: Decimal
    lot_size: Decimal
    min_notional: Decimal


class OrderRefused(Exception):
    """The venue, or its adapter before anything was sent, said no for certain."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OutcomeUnknown(Exception):
    """The request may or may not have reached the venue: a timeout, a lost connection."""


class Venue(Protocol):
    """Sends requests, one at a time and in order.

    A request returns once the venue has it, which may be before the venue has said what it makes of
    it: that comes as a report, through the router's `on_report`. It raises `OrderRefused` for a
    definite no, and `OutcomeUnknown` when nobody can know; any other exception is taken for the
    latter. The router limits the time of each call by cancelling it, and then takes the outcome for
    unknown.
    """

    @property
    def on_paper(self) -> bool:
        """Whether its account is simulated, and begins anew with each life of the venue."""
        ...

    async def submit(self, order: OrderRequest) -> None: ...

    async def cancel(self, order: OrderRequest) -> None: ...

    async def amend(self, order: OrderRequest, price: Decimal, quantity: Decimal) -> None: ...

    async def query(self, order: OrderRequest) -> tuple[OrderReport, ...] | None:
        """Everything that became of an order so far, as the reports that tell it: its
        acknowledgement, all its fills with the execution ids that they always have, its present price
        and quantity if it was amended, its end. None if the venue does not know the order. Reports
        that are known already do no harm. Raises `OutcomeUnknown` when the venue cannot be asked.
        """
        ...
