"""The way to one venue: a bounded queue, sent in order, one request at a time.

Each venue has its own queue, so that one that is stuck holds up nobody else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import anyio

from meltica_runtime.execution.engine import ExecutionEngine
from meltica_runtime.execution.reconciler import Cause, Reconciler, ReconcilerStatistics
from meltica_runtime.orders.lifecycle import Order
from meltica_runtime.orders.order import Expired, OrderReport, Rejected, RequestFailed
from meltica_runtime.orders.outcomes import Denial
from meltica_runtime.venues.venue import OrderRefused, Venue


@dataclass(frozen=True, slots=True)
class VenueQueueLimits:
    """`orders`: new orders that may wait to be committed and sent; a venue that takes 50 requests a
    second works them off within `order_age_s`, and an order that waited longer is not sent, because
    the market it was meant for is gone. Cancels and amends wait beside them, at most one of each kind
    for an open order. `send_timeout_s`: after it the outcome of a request is unknown."""

    orders: int = 512
    order_age_s: float = 10.0
    send_timeout_s: float = 5.0


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """One request on its way to the venue: `kind` is SUBMIT, CANCEL or AMEND."""

    kind: Cause
    client_order_id: str


@dataclass(frozen=True, slots=True)
class VenueQueueStatistics:
    """Requests waiting, sent and answered so far, and the orders in doubt."""

    venue: str
    waiting: int
    sent: int
    refused: int
    unknown_outcomes: int
    reconciler: ReconcilerStatistics
    last_error: str


class VenueQueue:
    """`settle` takes the reports that follow from a refusal; `changed` hears of any progress."""

    def __init__(
        self,
        name: str,
        venue: Venue,
        engine: ExecutionEngine,
        reconciler: Reconciler,
        limits: VenueQueueLimits,
        clock: Callable[[], float],
        settle: Callable[[OrderReport], None],
        changed: Callable[[], None],
    ) -> None:
        self.name = name
        self.reconciler = reconciler
        self._venue = venue
        self._engine = engine
        self._limits = limits
        self._clock = clock
        self._settle = settle
        self._changed = changed
        self._queue: deque[PendingRequest] = deque()
        self._waiting: set[PendingRequest] = set()
        self._reserved = 0
        self._is_sending = False
        self._wake = anyio.Event()
        self._sent = self._refused = self._unknown = 0
        self._last_error = ""

    def use(self, venue: Venue) -> None:
        """Sends and asks there from now on: the venue's connection is another."""
        self._venue = venue
        self.reconciler.use(venue)

    @property
    def on_paper(self) -> bool:
        """Whether the account there is simulated."""
        return self._venue.on_paper

    def unready(self) -> tuple[Denial, str] | None:
        """Why a new order may not be reserved a place now, or None."""
        recovering = self.reconciler.recovering
        if recovering:
            reason = f"{self.name} is still asked about {recovering} orders of an earlier run"
            return Denial.NOT_READY, reason
        if not self._has_room:
            return Denial.FULL, f"too many orders wait for {self.name}"
        return None

    @property
    def is_idle(self) -> bool:
        """Nothing waits, is being sent, or is reserved a place."""
        return not self._queue and not self._is_sending and not self._reserved

    def reserve(self) -> None:
        """Keeps a place for a new order while it is committed."""
        assert self._has_room, "unready is asked first"
        self._reserved += 1

    def release(self) -> None:
        """Gives up the place of an order that will not be sent."""
        self._reserved -= 1

    def put(self, pending: PendingRequest) -> None:
        """Waits for its turn; an order in the place that was reserved for it. A request that already
        waits is not put twice, so that cancels and amends never outnumber the open orders."""
        if pending not in self._waiting:
            self._waiting.add(pending)
            self._queue.append(pending)
            self._wake.set()

    def mark_unknown(self, client_order_id: str, cause: Cause) -> None:
        """Has the venue asked what became of the order."""
        self.reconciler.mark_unknown(client_order_id, cause)

    def statistics(self) -> VenueQueueStatistics:
        return VenueQueueStatistics(
            self.name,
            len(self._queue),
            self._sent,
            self._refused,
            self._unknown,
            self.reconciler.statistics(),
            self._last_error,
        )

    async def run(self) -> None:
        """Sends for ever, once the orders of an earlier run are cleared up. Cancelled while a request
        is under way, its outcome is unknown; what waits was not sent."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.reconciler.run)
            await self.reconciler.recovered()
            while True:
                if not self._queue:
                    self._wake = anyio.Event()
                    await self._wake.wait()
                pending = self._queue.popleft()
                self._waiting.discard(pending)
                self._is_sending = True
                await self._send(pending)
                self._is_sending = False
                if pending.kind is Cause.SUBMIT:
                    self.release()
                self._changed()

    async def _send(self, pending: PendingRequest) -> None:
        order = self._engine.order(pending.client_order_id)
        if order is None or order.state.is_final:
            return
        is_new = pending.kind is Cause.SUBMIT
        too_late = self._too_late(order) if is_new else None
        if too_late is not None:
            self._settle(Expired(order.client_order_id, self._clock(), f"never sent: {too_late}"))
            return
        if pending.kind is Cause.AMEND and self._is_stopped_by_halt(order):
            reason = "never sent: trading was halted"
            self._settle(RequestFailed(order.client_order_id, self._clock(), reason))
            return
        try:
            with anyio.fail_after(self._limits.send_timeout_s):
                await self._call(pending.kind, order)
        except OrderRefused as refusal:
            self._refused += 1
            report = Rejected if is_new else RequestFailed
            self._settle(report(order.client_order_id, self._clock(), refusal.reason))
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the venue may have the request
            self._unknown += 1
            self._last_error = f"{type(error).__name__}: {error}"
            self.reconciler.mark_unknown(order.client_order_id, pending.kind)
        else:
            self._sent += 1

    @property
    def _has_room(self) -> bool:
        return self._reserved < self._limits.orders

    def _too_late(self, order: Order) -> str | None:
        """Why an order that passed its limits is not sent any more, or None."""
        if self._engine.accounts.is_halted(order.request.instance):
            return "trading was halted"
        waited_s = (self._clock() - order.updated_us) / 1e6
        return f"it waited {waited_s:.1f} s" if waited_s > self._limits.order_age_s else None

    def _is_stopped_by_halt(self, order: Order) -> bool:
        """Whether an amend that passed its limits is not sent any more: a halt stops what a new amend is
        judged for, and lets through one that only takes quantity away."""
        amendment = order.amendment
        return (
            amendment is not None
            and amendment.may_add_risk(order.request)
            and self._engine.accounts.is_halted(order.request.instance)
        )

    async def _call(self, kind: Cause, order: Order) -> None:
        if kind is Cause.SUBMIT:
            await self._venue.submit(order.request)
        elif kind is Cause.CANCEL:
            await self._venue.cancel(order.request)
        elif order.amendment is not None:
            price, quantity = order.amendment.price, order.amendment.quantity
            assert price is not None, "the engine fills in what an amend leaves out"
            assert quantity is not None, "the engine fills in what an amend leaves out"
            await self._venue.amend(order.request, price, quantity)
