"""Orders whose fate nobody here knows, and asking the venue until it says.

An unknown outcome is never taken for a no: the order stays as it is until the venue has told what
became of it, or has said often enough that it does not know the order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import anyio

from meltica_runtime.execution.engine import OrderDesk
from meltica_runtime.orders.lifecycle import Order
from meltica_runtime.orders.order import Expired, OrderReport, RequestFailed
from meltica_runtime.venues.venue import Venue


@dataclass(frozen=True, slots=True)
class InquiryLimits:
    """`not_found_answers`: how often in a row the venue must not know an order before it is taken as
    never received. With the pauses between, about four seconds after the request: longer than a
    request can be under way and still arrive."""

    query_timeout_s: float = 5.0
    not_found_answers: int = 4
    first_backoff_s: float = 0.5
    last_backoff_s: float = 10.0


class Cause(Enum):
    """Why an order is in doubt."""

    SUBMIT = "submit"
    CANCEL = "cancel"
    AMEND = "amend"
    RESTART = "restart"
    """It was open when an earlier run ended."""
    MISSED = "missed"
    """Reports of it may have been missed: a lost connection, a queue that was full."""


@dataclass(slots=True)
class _Doubt:
    """`cancels` and `amends` are the requests among what is in doubt that nobody has answered."""

    cause: Cause
    cancels: int = 0
    amends: int = 0
    not_found: int = 0


@dataclass(frozen=True, slots=True)
class InquiryStatistics:
    in_doubt: int
    recovering: int
    queries: int
    unanswered: int
    expired: int
    last_error: str


class Inquiry:
    """The orders in doubt at one venue. `settle` takes the reports that the venue's answers consist of."""

    def __init__(
        self,
        venue: Venue,
        desk: OrderDesk,
        limits: InquiryLimits,
        clock: Callable[[], float],
        settle: Callable[[OrderReport], None],
        changed: Callable[[], None],
    ) -> None:
        self._venue = venue
        self._desk = desk
        self._limits = limits
        self._clock = clock
        self._settle = settle
        self._changed = changed
        self._doubts: dict[str, _Doubt] = {}
        self._restarting: set[str] = set()
        self._wake = anyio.Event()
        self._recovered = anyio.Event()
        self._queries = self._unanswered = self._expired = 0
        self._last_error = ""

    def use(self, venue: Venue) -> None:
        """Asks there from now on."""
        self._venue = venue

    def doubt(self, client_order_id: str, cause: Cause) -> None:
        """The order is asked about until the venue says. One that is not open is left alone."""
        order = self._desk.doubt(client_order_id, self._clock())
        if order is None:
            return
        known = self._doubts.get(client_order_id)
        if known is None:
            known = _Doubt(cause)
        elif cause is Cause.MISSED:
            cause = known.cause
        was_amending = cause is Cause.RESTART and order.amendment is not None
        self._doubts[client_order_id] = _Doubt(
            cause,
            known.cancels + (cause is Cause.CANCEL),
            known.amends + (cause is Cause.AMEND or was_amending),
        )
        if cause is Cause.RESTART:
            self._restarting.add(client_order_id)
            self._recovered = anyio.Event()
        self._wake.set()

    @property
    def recovering(self) -> int:
        """Orders of an earlier run that the venue has not answered for yet."""
        return len(self._restarting)

    async def recovered(self) -> None:
        """Waits until the venue has answered for every order of an earlier run."""
        while self.recovering:
            await self._recovered.wait()

    def statistics(self) -> InquiryStatistics:
        return InquiryStatistics(
            len(self._doubts),
            self.recovering,
            self._queries,
            self._unanswered,
            self._expired,
            self._last_error,
        )

    async def run(self) -> None:
        """Asks for ever. Cancelled, it leaves the orders in doubt as they are."""
        backoff_s = self._limits.first_backoff_s
        while True:
            if not self._doubts:
                backoff_s = self._limits.first_backoff_s
                self._wake = anyio.Event()
                await self._wake.wait()
            await self._round()
            self._changed()
            if not self.recovering:
                self._recovered.set()
            if self._doubts:
                await anyio.sleep(backoff_s)
                backoff_s = min(2 * backoff_s, self._limits.last_backoff_s)

    async def _round(self) -> None:
        """Asks once about each order, oldest doubt first; stops at the first that gets no answer,
        because then the venue cannot be reached."""
        for client_order_id, doubt in list(self._doubts.items()):
            order = self._desk.order(client_order_id)
            if order is None or order.state.is_final:
                self._drop(client_order_id, doubt)
                continue
            self._queries += 1
            try:
                with anyio.fail_after(self._limits.query_timeout_s):
                    answer = await self._venue.query(order.request)
            except Exception as error:  # noqa: BLE001 - shown in the statistics, and asked again
                self._unanswered += 1
                self._last_error = f"{type(error).__name__}: {error}"
                return
            if answer is None:
                self._not_found(client_order_id, doubt)
            else:
                self._told(client_order_id, doubt, answer)

    def _told(self, client_order_id: str, doubt: _Doubt, answer: tuple[OrderReport, ...]) -> None:
        for report in answer:
            self._settle(report)
        if self._drop(client_order_id, doubt):
            order = self._desk.resolve(client_order_id, self._clock())
            if order is not None:
                self._say_what_failed(order, doubt)

    def _say_what_failed(self, order: Order, doubt: _Doubt) -> None:
        """The order is open after all: a cancel in doubt did nothing, and so did an amend that the
        venue has not told of."""
        failed = doubt.cancels + (doubt.amends if order.amendment is not None else 0)
        reason = f"the outcome of the {doubt.cause.value} was unknown; the order is open as it was"
        for _ in range(failed):
            self._settle(RequestFailed(order.client_order_id, self._clock(), reason))

    def _not_found(self, client_order_id: str, doubt: _Doubt) -> None:
        order = self._desk.order(client_order_id)
        assert order is not None, "an order in doubt is open, or ended lately"
        if doubt.cause is Cause.SUBMIT and not order.outcome_unknown:
            self._drop(client_order_id, doubt)
            return
        doubt.not_found += 1
        if doubt.not_found >= self._limits.not_found_answers and self._drop(client_order_id, doubt):
            self._expired += 1
            reason = "the venue does not know the order: it never arrived, or was forgotten"
            self._settle(Expired(client_order_id, self._clock(), reason))

    def _drop(self, client_order_id: str, doubt: _Doubt) -> bool:
        """Ends a doubt, unless a newer one about the same order has come since."""
        if self._doubts.get(client_order_id) is not doubt:
            return False
        del self._doubts[client_order_id]
        self._restarting.discard(client_order_id)
        return True
