"""What an execution session on virtual time is given: a clock that events move, steps that take effect at
once, and a way to venues that takes no time of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from meltica_runtime.dataplane.market_batch import MarketBatch
from meltica_runtime.execution.engine import ExecutionEngine
from meltica_runtime.execution.group_commit import Step
from meltica_runtime.execution.reconciler import Cause
from meltica_runtime.execution.venue_queue import PendingRequest
from meltica_runtime.orders.order import BalanceChanged, OrderRequest, VenueReport
from meltica_runtime.orders.outcomes import Denial
from meltica_runtime.orders.write_log import MemoryWriteLog

BETWEEN = 0.5
"""A cold event stands between the event that caused it and the next."""


@dataclass
class VirtualClock:
    """`place` is the number of the event in hand."""

    now_us: float
    place: int = 0

    def time_us(self) -> float:
        return self.now_us

    def cold_seq(self) -> float:
        """The number of a cold event that comes of the event in hand."""
        return self.place + BETWEEN


class SimulatedVenue(Protocol):
    """A paper venue, or one that something stands before; see `PaperVenue` for what each of these does."""

    def submit(self, order: OrderRequest, now_us: float) -> None: ...

    def cancel(self, client_order_id: str, now_us: float) -> None: ...

    def amend(
        self, client_order_id: str, price: Decimal | None, quantity: Decimal | None, now_us: float
    ) -> None: ...

    def balances(self) -> tuple[BalanceChanged, ...]: ...

    def feed(self, batch: MarketBatch) -> None: ...

    def next_report_us(self) -> float: ...

    def advance(self, until_us: float) -> Sequence[VenueReport]: ...

    def settle(self, now_us: float) -> None: ...


class ImmediateCommits:
    """A `CommitQueue` in which nothing waits. What is given a `write_log` keeps the entries there."""

    room = 1 << 30
    waiting = 0
    error = ""

    def __init__(self, write_log: MemoryWriteLog | None) -> None:
        self._write_log = write_log

    def put(self, step: Step) -> None:
        if self._write_log is not None:
            self._write_log.write(step.entries)
        step.then()


class ImmediateTransport:
    """A `Transport` to a venue on paper. Requests never wait, and none is lost on the way."""

    on_paper = True

    def __init__(self, engine: ExecutionEngine, venue: SimulatedVenue, clock: VirtualClock) -> None:
        self._engine = engine
        self._venue = venue
        self._clock = clock

    def unready(self) -> tuple[Denial, str] | None:
        return None

    def reserve(self) -> None:
        """There is always a place."""

    def release(self) -> None:
        """As if it had not been reserved."""

    def put(self, pending: PendingRequest) -> None:
        order = self._engine.order(pending.client_order_id)
        assert order is not None, "only open orders are sent, cancelled and amended"
        now_us = self._clock.now_us
        if pending.kind is Cause.SUBMIT:
            self._venue.submit(order.request, now_us)
        elif pending.kind is Cause.CANCEL:
            self._venue.cancel(order.client_order_id, now_us)
        else:
            assert order.amendment is not None, "the engine notes an amend that is on its way"
            amendment = order.amendment
            self._venue.amend(order.client_order_id, amendment.price, amendment.quantity, now_us)

    def mark_unknown(self, client_order_id: str, cause: Cause) -> None:
        raise AssertionError(f"{client_order_id}: nothing is unknown on virtual time ({cause.value})")
