"""Orders whose fate nobody here knows, and asking the venue until it says.

An unknown outcome is never taken for a no: the order stays as it is until the venue has told what
became of it, or has said often enough that it does not know the order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import anyio

from meltica_runtime.execution.engine import ExecutionEngine
from meltica_runtime.orders.lifecycle import Order
from meltica_runtime.orders.order import Expired, OrderReport, RequestFailed
from meltica_runtime.venues.venue import Venue


@dataclass(frozen=True, slots=True)
class ReconcilerLimits:
    """`not_found_answers`: how often in a row the venue must not know an order before it is taken as
    never received. With the pauses between, about four seconds after the request: longer than a
    request can be under way and still arrive."""

    query_timeout_s: float = 5.0
    not_found_answers: int = 4
    first_backoff_s: float = 0.5
    last_backoff_s: float = 10.0


class Cause(Enum):
    """Why the outcome of an order is unknown."""

    SUBMIT = "submit"
    CANCEL = "cancel"
    AMEND = "amend"
    RESTART = "restart"
    """It was open when an earlier run ended."""
    MISSED = "missed"
    """Reports of it may have been missed: a lost connection, a queue that was full."""


@dataclass(slots=True)
class _UnknownOutcome:
    """`cancels` and `amends` are the requests among what is unknown that nobody has answered."""

    cause: Cause
    cancels: int = 0
    amends: int = 0
    not_found: int = 0


@dataclass(frozen=True, slots=True)
class ReconcilerStatistics:
    unknown: int
    recovering: int
    queries: int
    unanswered: int
    expired: int
    last_error: str


class Reconciler:
    """The orders of one venue whose outcome is unknown. `settle` takes the reports that the answers consist
    of."""

    def __init__(
        self,
        venue: Venue,
        engine: ExecutionEngine,
        limits: ReconcilerLimits,
        clock: Callable[[], float],
        settle: Callable[[OrderReport], None],
        changed: Callable[[], None],
    ) -> None:
        self._venue = venue
        self._engine = engine
        self._limits = limits
        self._clock = clock
        self._settle = settle
        self._changed = changed
        self._unknown: dict[str, _UnknownOutcome] = {}
        self._restarting: set[str] = set()
        self._wake = anyio.Event()
        self._recovered = anyio.Event()
        self._queries = self._unanswered = self._expired = 0
        self._last_error = ""

    def use(self, venue: Venue) -> None:
        """Asks there from now on."""
        self._venue = venue

    def mark_unknown(self, client_order_id: str, cause: Cause) -> None:
        """The order is asked about until the venue says. One that is not open is left alone."""
        order = self._engine.mark_unknown(client_order_id, self._clock())
        if order is None:
            return
        known = self._unknown.get(client_order_id)
        if known is None:
            known = _UnknownOutcome(cause)
        elif cause is Cause.MISSED:
            cause = known.cause
        was_amending = cause is Cause.RESTART and order.amendment is not None
        self._unknown[client_order_id] = _UnknownOutcome(
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

    def statistics(self) -> ReconcilerStatistics:
        return ReconcilerStatistics(
            len(self._unknown),
            self.recovering,
            self._queries,
            self._unanswered,
            self._expired,
            self._last_error,
        )

    async def run(self) -> None:
        """Asks for ever. Cancelled, it leaves the orders as they are."""
        backoff_s = self._limits.first_backoff_s
        while True:
            if not self._unknown:
                backoff_s = self._limits.first_backoff_s
                self._wake = anyio.Event()
                await self._wake.wait()
            await self._round()
            self._changed()
            if not self.recovering:
                self._recovered.set()
            if self._unknown:
                await anyio.sleep(backoff_s)
                backoff_s = min(2 * backoff_s, self._limits.last_backoff_s)

    async def _round(self) -> None:
        """Asks once about each order, the oldest first; stops at the first that gets no answer,
        because then the venue cannot be reached."""
        for client_order_id, unknown in list(self._unknown.items()):
            order = self._engine.order(client_order_id)
            if order is None or order.state.is_final:
                self._drop(client_order_id, unknown)
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
                self._not_found(client_order_id, unknown)
            else:
                self._told(client_order_id, unknown, answer)

    def _told(self, client_order_id: str, unknown: _UnknownOutcome, answer: tuple[OrderReport, ...]) -> None:
        for report in answer:
            self._settle(report)
        if self._drop(client_order_id, unknown):
            order = self._engine.resolve(client_order_id, self._clock())
            if order is not None:
                self._say_what_failed(order, unknown)

    def _say_what_failed(self, order: Order, unknown: _UnknownOutcome) -> None:
        """The order is open after all: a cancel of unknown outcome did nothing, and so did an amend that the
        venue has not told of."""
        failed = unknown.cancels + (unknown.amends if order.amendment is not None else 0)
        reason = f"the outcome of the {unknown.cause.value} was unknown; the order is open as it was"
        for _ in range(failed):
            self._settle(RequestFailed(order.client_order_id, self._clock(), reason))

    def _not_found(self, client_order_id: str, unknown: _UnknownOutcome) -> None:
        order = self._engine.order(client_order_id)
        assert order is not None, "an order of unknown outcome is open, or ended lately"
        if unknown.cause is Cause.SUBMIT and not order.outcome_unknown:
            self._drop(client_order_id, unknown)
            return
        unknown.not_found += 1
        if unknown.not_found >= self._limits.not_found_answers and self._drop(client_order_id, unknown):
            self._expired += 1
            reason = "the venue does not know the order: it never arrived, or was forgotten"
            self._settle(Expired(client_order_id, self._clock(), reason))

    def _drop(self, client_order_id: str, unknown: _UnknownOutcome) -> bool:
        """Stops asking, unless a newer one about the same order has come since."""
        if self._unknown.get(client_order_id) is not unknown:
            return False
        del self._unknown[client_order_id]
        self._restarting.discard(client_order_id)
        return True
