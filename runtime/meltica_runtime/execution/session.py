"""One execution session: what strategies ask goes through limits to venues, and what venues report comes
back to strategies.

It is the same code in a live gateway, on paper, in tests and in simulations. What differs is passed in: where
steps wait until they are stored (`CommitQueue`), the way to each venue (`Transport`), the clock, and where
deliveries go. It is synchronous, so nothing happens between a check and the act that relies on it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from typing import Protocol, assert_never

from meltica_dsl.model.pipeline import Risk
from meltica_runtime.execution.denials import DenialLimits, DenialRecords
from meltica_runtime.execution.engine import ExecutionEngine
from meltica_runtime.execution.faults import EntriesRefused, Fault
from meltica_runtime.execution.group_commit import Step
from meltica_runtime.execution.reconciler import Cause
from meltica_runtime.execution.venue_queue import PendingRequest
from meltica_runtime.orders.lifecycle import Duplicate, IllegalTransition, Order
from meltica_runtime.orders.limits import RiskEvent
from meltica_runtime.orders.order import (
    AmendRequest,
    BalanceChanged,
    CancelRequest,
    Filled,
    OrderReport,
    OrderRequest,
    Rejected,
    RequestFailed,
    VenueReport,
)
from meltica_runtime.orders.outcomes import (
    AmendAccepted,
    CancelAccepted,
    Delivery,
    Denial,
    Denied,
    DryRun,
    OrderUpdate,
    Placed,
    Placement,
    RequestDenied,
    UnknownOrder,
)
from meltica_runtime.orders.write_log import (
    BalanceRecorded,
    ExecutionRecorded,
    OrderChanged,
    OrderPlaced,
    PositionClosed,
    RiskRecorded,
    WriteLogEntry,
)
from meltica_runtime.strategies.isolate import Effect
from meltica_runtime.strategies.requests import reference_price, trade_request

Answer = Placement | CancelAccepted | AmendAccepted | RequestDenied


class CommitQueue(Protocol):
    """Steps that take effect, in the order they were put, once they are stored."""

    @property
    def room(self) -> int:
        """How many more steps may wait."""
        ...

    @property
    def waiting(self) -> int: ...

    @property
    def error(self) -> str:
        """Why nothing is stored now, empty while it is."""
        ...

    def put(self, step: Step) -> None: ...


class Transport(Protocol):
    """The way to one venue. What the venue says comes back through `ExecutionSession.on_report`."""

    @property
    def on_paper(self) -> bool: ...

    def unready(self) -> tuple[Denial, str] | None:
        """Why a new order may not be reserved a place now, or None."""
        ...

    def reserve(self) -> None: ...

    def release(self) -> None: ...

    def put(self, pending: PendingRequest) -> None: ...

    def mark_unknown(self, client_order_id: str, cause: Cause) -> None: ...


class ExecutionSession:
    """`deliver` hands what happened to the strategy concerned (a `RiskEvent` of the gateway: to all), in
    order and after it is durable; it must not call back into the session. `clock` gives microseconds since
    the epoch. `report_room`: places of the commit queue that are kept for reports, which unlike new orders
    cannot be refused.
    """

    def __init__(
        self,
        engine: ExecutionEngine,
        commits: CommitQueue,
        deliver: Callable[[Delivery], None],
        report_fault: Callable[[Fault], None],
        clock: Callable[[], float],
        report_room: int,
        denials: DenialLimits,
    ) -> None:
        self.engine = engine
        self._commits = commits
        self._deliver = deliver
        self._report_fault = report_fault
        self._clock = clock
        self._report_room = report_room
        self._transports: dict[str, Transport] = {}
        self._denials = DenialRecords(denials, self._fault)
        self._uncommitted: dict[str, bool] = {}
        """Orders that wait to be stored; True when a cancel is to follow the order."""
        self._is_stopping = False
        self._missed = self._faults = 0

    def connect(self, venue: str, transport: Transport) -> None:
        """Sends the venue's requests this way from now on."""
        self._transports[venue] = transport
        self.engine.on_paper = frozenset(name for name, one in self._transports.items() if one.on_paper)

    def act(self, instance: str, effect: Effect) -> Answer:
        """Takes what a strategy did."""
        request = trade_request(instance, effect)
        match request:
            case OrderRequest():
                return self.submit(request, reference_price(effect))
            case CancelRequest():
                return self.cancel(request)
            case AmendRequest():
                return self.amend(request, reference_price(effect))
            case _:
                assert_never(request)

    def submit(self, request: OrderRequest, reference: Decimal | None) -> Placement:
        """Checks an order, and sends it once it is committed. The strategy hears of it through
        `deliver`, of a denial too; one that leaves no record is delivered before this returns."""
        now_us = self._clock()
        unready = self._unready(request)
        if unready is not None:
            placement: Placement = self.engine.deny(request, *unready, now_us)
        else:
            placement = self.engine.place(request, reference, now_us)
        match placement:
            case Placed():
                self._commit_intent(placement)
            case Denied() if not self._denials.keeps(placement, now_us):
                self._deliver_all((placement.update, *placement.events))
            case DryRun() | Denied():
                self._hand_on((OrderPlaced(placement.update.order),), (placement.update, *placement.events))
        return placement

    def cancel(self, request: CancelRequest) -> CancelAccepted | RequestDenied:
        """Sends a cancel at once, whatever the limits and whether or not anything can be stored: it only
        takes risk away, and the order that it is for is stored already. One for an order that still waits to
        be stored follows right behind it."""
        answer = self.engine.cancel(request)
        if isinstance(answer, CancelAccepted):
            if request.client_order_id in self._uncommitted:
                self._uncommitted[request.client_order_id] = True
            else:
                self._send(answer.order, Cause.CANCEL)
        return answer

    def amend(self, request: AmendRequest, reference: Decimal | None) -> AmendAccepted | RequestDenied:
        """Checks an amend, and sends it once it is committed."""
        unready = self._not_taking()
        if unready is not None:
            return RequestDenied(request.client_order_id, request.instance, *unready)
        answer = self.engine.amend(request, reference, self._clock())
        if isinstance(answer, AmendAccepted):
            self._commit_amend(answer)
        else:
            self._hand_on((), answer.events)
        return answer

    def on_report(self, report: VenueReport) -> None:
        """Applies a report at once, and hands it on when it is durable. If the commit queue is full, the
        report is left, and the venue is asked about the order later."""
        if self._commits.room <= 0:
            self._miss(report)
        elif isinstance(report, BalanceChanged):
            self._hand_on((BalanceRecorded(report),), (report,))
        else:
            self._apply(report)

    def register(
        self, instance: str, risk: Risk | None, markets: Collection[tuple[str, str]], *, dry_run: bool
    ) -> None:
        """See `Accounts.register`; what follows is handed on."""
        events = self.engine.accounts.register(instance, risk, markets, self._clock(), dry_run=dry_run)
        self._hand_on((), events)

    def halt(self, instance: str | None, reason: str) -> None:
        """Engages the kill switch of an instance, or of all (None): no new order is sent, not even one
        that waits already. Nothing is cancelled."""
        self._hand_on((), self.engine.accounts.halt(instance, reason, self._clock()))

    def reset(self, instance: str | None) -> None:
        """Releases the kill switch and closes the circuit breaker."""
        self._hand_on((), self.engine.accounts.reset(instance, self._clock()))

    def use_limits(self, instance: str | None, risk: Risk) -> None:
        self._hand_on((), self.engine.accounts.use_limits(instance, risk, self._clock()))

    def advance(self) -> None:
        """Closes the circuit breakers whose cooldown is over, and tells of denials that were not stored."""
        now_us = self._clock()
        self._denials.tell(now_us)
        if self._commits.room > 0:
            self._hand_on((), self.engine.accounts.advance(now_us))

    def close_positions(self, venue: str) -> None:
        """Takes what is held at a venue out of the books: its account is gone."""
        now_us = self._clock()
        held = self.engine.accounts.close_positions(venue)
        self._hand_on(tuple(PositionClosed(p.instance, venue, p.symbol, p.net, now_us) for p in held), ())

    def mark_unknown(self, order: Order, cause: Cause) -> None:
        """Has the venue asked about an order; where there is no way to it, the order is only marked."""
        transport = self._transports.get(order.request.provider)
        if transport is None:
            self.engine.mark_unknown(order.client_order_id, self._clock())
        else:
            transport.mark_unknown(order.client_order_id, cause)

    def _not_taking(self) -> tuple[Denial, str] | None:
        if self._is_stopping:
            return Denial.NOT_READY, "the gateway is stopping"
        if self._commits.error:
            return Denial.NOT_READY, f"the journal cannot be written: {self._commits.error}"
        if self._commits.room <= self._report_room:
            return Denial.FULL, f"{self._commits.waiting} steps wait for the journal"
        return None

    def _unready(self, request: OrderRequest) -> tuple[Denial, str] | None:
        unready = self._not_taking()
        account = self.engine.accounts.get(request.instance)
        if unready is not None or account is None or account.dry_run:
            return unready
        transport = self._transports.get(request.provider)
        if transport is None:
            return Denial.NOT_READY, f"{request.provider} takes no orders"
        return transport.unready()

    def _commit_intent(self, placed: Placed) -> None:
        """Intent before wire: the order is stored before it is sent, so that after a crash every order that
        may have reached a venue is known, and none is sent twice."""
        order = placed.order
        transport = self._transports[order.request.provider]
        entries: tuple[WriteLogEntry, ...] = (OrderPlaced(order), *map(RiskRecorded, placed.events))
        transport.reserve()
        self._uncommitted[order.client_order_id] = False

        def send() -> None:
            self._deliver_all(placed.events)
            cancel = self._uncommitted.pop(order.client_order_id)
            transport.put(PendingRequest(Cause.SUBMIT, order.client_order_id))
            if cancel:
                transport.put(PendingRequest(Cause.CANCEL, order.client_order_id))

        def refused(reason: str) -> None:
            del self._uncommitted[order.client_order_id]
            transport.release()
            self._fault(EntriesRefused(entries, reason))
            self.on_report(Rejected(order.client_order_id, self._clock(), f"never sent: {reason}"))

        self._commits.put(Step(entries, send, refused))

    def _commit_amend(self, accepted: AmendAccepted) -> None:
        order = accepted.order
        entries: tuple[WriteLogEntry, ...] = (OrderChanged(order), *map(RiskRecorded, accepted.events))

        def send() -> None:
            self._deliver_all(accepted.events)
            self._send(order, Cause.AMEND)

        def refused(reason: str) -> None:
            self._fault(EntriesRefused(entries, reason))
            self.on_report(RequestFailed(order.client_order_id, self._clock(), f"never sent: {reason}"))

        self._commits.put(Step(entries, send, refused))

    def _apply(self, report: OrderReport) -> None:
        applied = self.engine.apply(report)
        match applied:
            case OrderUpdate():
                record: WriteLogEntry = (
                    ExecutionRecorded(applied.order, report)
                    if isinstance(report, Filled)
                    else OrderChanged(applied.order)
                )
                self._hand_on((record,), (applied, *applied.events))
            case IllegalTransition() | UnknownOrder():
                self._fault(applied)
            case Duplicate():
                pass

    def _hand_on(self, records: tuple[WriteLogEntry, ...], deliveries: tuple[Delivery, ...]) -> None:
        """Delivers once the records, and those of the risk events among the deliveries, are stored: a
        strategy acts on nothing that a crash could undo."""
        events = tuple(RiskRecorded(event) for event in deliveries if isinstance(event, RiskEvent))
        entries = records + events
        if not entries:
            self._deliver_all(deliveries)
            return

        def refused(reason: str) -> None:
            self._fault(EntriesRefused(entries, reason))
            self._deliver_all(deliveries)

        self._commits.put(Step(entries, lambda: self._deliver_all(deliveries), refused))

    def _deliver_all(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in deliveries:
            self._deliver(delivery)

    def _send(self, order: Order, kind: Cause) -> None:
        transport = self._transports.get(order.request.provider)
        if transport is None:
            reason = f"{order.request.provider} takes no orders"
            self.on_report(RequestFailed(order.client_order_id, self._clock(), reason))
        else:
            transport.put(PendingRequest(kind, order.client_order_id))

    def _miss(self, report: VenueReport) -> None:
        self._missed += 1
        order = None if isinstance(report, BalanceChanged) else self.engine.order(report.client_order_id)
        if order is not None:
            self.mark_unknown(order, Cause.MISSED)

    def _fault(self, fault: Fault) -> None:
        self._faults += 1
        self._report_fault(fault)
