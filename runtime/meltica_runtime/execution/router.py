"""The order router: intents into the write log, then to the venue; reports into the write log, then to
the strategy.

An order is committed before it is sent, so that after a crash every order that may have reached a
venue is known, and nothing is sent twice: orders of an earlier run are only ever asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from math import inf

import anyio
from anyio.abc import TaskGroup, TaskStatus

from meltica_dsl.model.pipeline import Risk
from meltica_runtime.execution.denials import DenialRecords
from meltica_runtime.execution.engine import ExecutionEngine
from meltica_runtime.execution.group_commit import GroupCommit, Step
from meltica_runtime.execution.reconciler import Cause, Reconciler
from meltica_runtime.execution.router_records import (
    Delivery,
    EntriesRefused,
    Fault,
    RouterLimits,
    RouterStatistics,
    Stopped,
)
from meltica_runtime.execution.venue_queue import PendingRequest, VenueQueue
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
    WriteLog,
    WriteLogEntry,
)
from meltica_runtime.venues.venue import Venue


class OrderRouter:
    """Everything but `run`, `recovered` and `stop` is synchronous and returns at once.

    `deliver` hands what happened to the strategy concerned (a `RiskEvent` of the gateway: to all), in
    order and after it is durable; it must not call back into the router. `clock` gives microseconds
    since the epoch.
    """

    def __init__(
        self,
        engine: ExecutionEngine,
        write_log: WriteLog,
        venues: Mapping[str, Venue],
        deliver: Callable[[Delivery], None],
        report_fault: Callable[[Fault], None],
        clock: Callable[[], float],
        limits: RouterLimits | None = None,
    ) -> None:
        self.engine = engine
        self._deliver = deliver
        self._report_fault = report_fault
        self._clock = clock
        self._limits = limits or RouterLimits()
        self._commit = GroupCommit(write_log, self._limits.commit, self._note_change)
        self._queues = {name: self._new_queue(name, venue) for name, venue in venues.items()}
        self._denials = DenialRecords(self._limits.denials, self._fault)
        self._uncommitted: dict[str, bool] = {}
        """Orders that wait for the write log; True when a cancel is to follow the order."""
        self._changed = anyio.Event()
        self._look_for_paper()
        self._is_stopping = False
        self._missed = self._faults = 0
        self._tasks: TaskGroup | None = None

    def restore(self, orders: Iterable[Order]) -> None:
        """Takes up the open orders of an earlier run. Once running, each venue is asked about its own
        before anything is sent to it. Orders at a venue that is not there any more stay in doubt."""
        for order in orders:
            self.engine.restore(order)
            self._mark_unknown(order, Cause.RESTART)

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Commits, sends and asks until `stop`. Cancelled, it leaves the write log in order: whatever may
        have been sent is in it."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            tasks.start_soon(self._commit.run)
            tasks.start_soon(self._watch_cooldowns)
            for queue in self._queues.values():
                tasks.start_soon(queue.run)
            task_status.started()

    async def recovered(self) -> None:
        """Waits until every venue has answered for every order of an earlier run."""
        for queue in self._queues.values():
            await queue.reconciler.recovered()

    async def stop(self) -> Stopped:
        """Takes no more orders, lets what waits be stored and sent, then ends `run`. Open orders stay
        open: nothing is cancelled."""
        self._is_stopping = True
        with anyio.move_on_after(self._limits.stop_s):
            while not self._is_idle:
                self._changed = anyio.Event()
                await self._changed.wait()
        self._denials.tell(inf)
        statistics = self.statistics()
        if self._tasks is not None:
            self._tasks.cancel_scope.cancel()
        return Stopped(
            open_orders=statistics.engine.open_orders,
            unknown_outcomes=sum(order.outcome_unknown for order in self.engine.open_orders()),
            unsaved=statistics.commit.waiting,
            unsent=sum(queue.waiting for queue in statistics.venues),
        )

    def statistics(self) -> RouterStatistics:
        return RouterStatistics(
            self.engine.statistics(),
            self._commit.statistics(),
            tuple(queue.statistics() for queue in self._queues.values()),
            self._missed,
            self._faults,
            self._denials.unrecorded(),
        )

    def submit(self, request: OrderRequest, reference: Decimal | None) -> Placement:
        """Checks an order, and sends it once it is committed. The strategy hears of it through
        `deliver`, of a refusal too; one that leaves no record is delivered before this returns."""
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
        """Sends a cancel, whatever the limits and whether or not the write log can be written."""
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
        """Applies a report at once, and hands it on when it is durable. If the write log's queue is
        full, the report is left, and the venue is asked about the order later."""
        if self._commit.room <= 0:
            self._miss(report)
        elif isinstance(report, BalanceChanged):
            self._hand_on((BalanceRecorded(report),), (report,))
        else:
            self._apply(report)

    def reconnected(self, provider: str) -> None:
        """Asks about all open orders of a venue whose connection was lost: reports may be missing."""
        for order in self.engine.open_orders():
            if order.request.provider == provider and order.client_order_id not in self._uncommitted:
                self._mark_unknown(order, Cause.MISSED)

    def use_venue(self, name: str, venue: Venue) -> None:
        """Sends to this venue from now on, in the place of one of the same name if there is one: that is then
        asked about all orders which are open there. Orders at venues that are gone stay known; what was held
        on paper is gone with its account."""
        assert self._tasks is not None, "venues come and go while the router runs"
        queue = self._queues.get(name)
        if queue is not None:
            if queue.on_paper:
                self._close_positions(name)
            queue.use(venue)
            self._look_for_paper()
            self.reconnected(name)
            return
        self._queues[name] = queue = self._new_queue(name, venue)
        self._look_for_paper()
        self._tasks.start_soon(queue.run)

    def register(
        self, instance: str, risk: Risk | None, markets: Collection[tuple[str, str]], *, dry_run: bool
    ) -> None:
        """See `Accounts.register`; what follows is handed on."""
        self._hand_on(
            (), self.engine.accounts.register(instance, risk, markets, self._clock(), dry_run=dry_run)
        )

    def halt(self, instance: str | None, reason: str) -> None:
        """Engages the kill switch of an instance, or of all (None): no new order is sent, not even one
        that waits already. Nothing is cancelled."""
        self._hand_on((), self.engine.accounts.halt(instance, reason, self._clock()))

    def reset(self, instance: str | None) -> None:
        """Releases the kill switch and closes the circuit breaker."""
        self._hand_on((), self.engine.accounts.reset(instance, self._clock()))

    def use_limits(self, instance: str | None, risk: Risk) -> None:
        self._hand_on((), self.engine.accounts.use_limits(instance, risk, self._clock()))

    def _not_taking(self) -> tuple[Denial, str] | None:
        if self._is_stopping:
            return Denial.NOT_READY, "the gateway is stopping"
        if self._commit.error:
            return Denial.NOT_READY, f"the journal cannot be written: {self._commit.error}"
        if self._commit.room <= self._limits.report_room:
            return Denial.FULL, f"{self._commit.statistics().waiting} steps wait for the journal"
        return None

    def _unready(self, request: OrderRequest) -> tuple[Denial, str] | None:
        unready = self._not_taking()
        account = self.engine.accounts.get(request.instance)
        if unready is not None or account is None or account.dry_run:
            return unready
        queue = self._queues.get(request.provider)
        if queue is None:
            return Denial.NOT_READY, f"{request.provider} takes no orders"
        return queue.unready()

    def _commit_intent(self, placed: Placed) -> None:
        order = placed.order
        queue = self._queues[order.request.provider]
        entries: tuple[WriteLogEntry, ...] = (OrderPlaced(order), *map(RiskRecorded, placed.events))
        queue.reserve()
        self._uncommitted[order.client_order_id] = False

        def send() -> None:
            self._deliver_all(placed.events)
            cancel = self._uncommitted.pop(order.client_order_id)
            queue.put(PendingRequest(Cause.SUBMIT, order.client_order_id))
            if cancel:
                queue.put(PendingRequest(Cause.CANCEL, order.client_order_id))

        def refused(reason: str) -> None:
            del self._uncommitted[order.client_order_id]
            queue.release()
            self._fault(EntriesRefused(entries, reason))
            self.on_report(Rejected(order.client_order_id, self._clock(), f"never sent: {reason}"))

        self._commit.put(Step(entries, send, refused))

    def _commit_amend(self, accepted: AmendAccepted) -> None:
        order = accepted.order
        entries: tuple[WriteLogEntry, ...] = (OrderChanged(order), *map(RiskRecorded, accepted.events))

        def send() -> None:
            self._deliver_all(accepted.events)
            self._send(order, Cause.AMEND)

        def refused(reason: str) -> None:
            self._fault(EntriesRefused(entries, reason))
            self.on_report(RequestFailed(order.client_order_id, self._clock(), f"never sent: {reason}"))

        self._commit.put(Step(entries, send, refused))

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
        """Delivers once the records, and those of the risk events among the deliveries, are stored."""
        events = tuple(RiskRecorded(event) for event in deliveries if isinstance(event, RiskEvent))
        entries = records + events
        if not entries:
            self._deliver_all(deliveries)
            return

        def refused(reason: str) -> None:
            self._fault(EntriesRefused(entries, reason))
            self._deliver_all(deliveries)

        self._commit.put(Step(entries, lambda: self._deliver_all(deliveries), refused))

    def _deliver_all(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in deliveries:
            self._deliver(delivery)

    def _send(self, order: Order, kind: Cause) -> None:
        queue = self._queues.get(order.request.provider)
        if queue is None:
            reason = f"{order.request.provider} takes no orders"
            self.on_report(RequestFailed(order.client_order_id, self._clock(), reason))
        else:
            queue.put(PendingRequest(kind, order.client_order_id))

    def _close_positions(self, venue: str) -> None:
        now_us = self._clock()
        held = self.engine.accounts.close_positions(venue)
        self._hand_on(tuple(PositionClosed(p.instance, venue, p.symbol, p.net, now_us) for p in held), ())

    def _look_for_paper(self) -> None:
        self.engine.on_paper = frozenset(name for name, queue in self._queues.items() if queue.on_paper)

    def _miss(self, report: VenueReport) -> None:
        self._missed += 1
        order = None if isinstance(report, BalanceChanged) else self.engine.order(report.client_order_id)
        if order is not None:
            self._mark_unknown(order, Cause.MISSED)

    def _mark_unknown(self, order: Order, cause: Cause) -> None:
        queue = self._queues.get(order.request.provider)
        if queue is None:
            self.engine.mark_unknown(order.client_order_id, self._clock())
        else:
            queue.reconciler.mark_unknown(order.client_order_id, cause)

    def _fault(self, fault: Fault) -> None:
        self._faults += 1
        self._report_fault(fault)

    async def _watch_cooldowns(self) -> None:
        while True:
            await anyio.sleep(self._limits.risk_tick_s)
            self._denials.tell(self._clock())
            if self._commit.room > 0:
                self._hand_on((), self.engine.accounts.advance(self._clock()))

    @property
    def _is_idle(self) -> bool:
        return self._commit.is_idle and all(queue.is_idle for queue in self._queues.values())

    def _note_change(self) -> None:
        self._changed.set()

    def _new_queue(self, name: str, venue: Venue) -> VenueQueue:
        limits, clock = self._limits, self._clock
        reconciler = Reconciler(
            venue, self.engine, limits.reconciler, clock, self.on_report, self._note_change
        )
        return VenueQueue(
            name, venue, self.engine, reconciler, limits.venue_queue, clock, self.on_report, self._note_change
        )
