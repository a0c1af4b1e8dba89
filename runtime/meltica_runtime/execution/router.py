"""The order router: intents into the journal, then to the venue; reports into the journal, then to
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
from meltica_runtime.execution.denials import RefusalRecords
from meltica_runtime.execution.engine import OrderDesk
from meltica_runtime.execution.group_commit import GroupCommit, Step
from meltica_runtime.execution.reconciler import Cause, Inquiry
from meltica_runtime.execution.router_records import (
    Delivery,
    Fault,
    JournalRefusal,
    RouterLimits,
    RouterStatistics,
    Stopped,
)
from meltica_runtime.execution.venue_queue import Sending, VenueLane
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
    DryRun,
    OrderUpdate,
    Placed,
    Placement,
    Refusal,
    Refused,
    RequestRefused,
    UnknownOrder,
)
from meltica_runtime.orders.write_log import (
    BalanceRecorded,
    ExecutionRecorded,
    JournalEntry,
    OrderChanged,
    OrderJournal,
    OrderPlaced,
    PositionClosed,
    RiskRecorded,
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
        desk: OrderDesk,
        journal: OrderJournal,
        venues: Mapping[str, Venue],
        deliver: Callable[[Delivery], None],
        report_fault: Callable[[Fault], None],
        clock: Callable[[], float],
        limits: RouterLimits | None = None,
    ) -> None:
        self.desk = desk
        self._deliver = deliver
        self._report_fault = report_fault
        self._clock = clock
        self._limits = limits or RouterLimits()
        self._commit = GroupCommit(journal, self._limits.commit, self._note_change)
        self._lanes = {name: self._new_lane(name, venue) for name, venue in venues.items()}
        self._refusals = RefusalRecords(self._limits.refusals, self._fault)
        self._uncommitted: dict[str, bool] = {}
        """Orders that wait for the journal; True when a cancel is to follow the order."""
        self._changed = anyio.Event()
        self._look_for_paper()
        self._is_stopping = False
        self._missed = self._faults = 0
        self._tasks: TaskGroup | None = None

    # --- life --------------------------------------------------------------------------------

    def restore(self, orders: Iterable[Order]) -> None:
        """Takes up the open orders of an earlier run. Once running, each venue is asked about its own
        before anything is sent to it. Orders at a venue that is not there any more stay in doubt."""
        for order in orders:
            self.desk.restore(order)
            self._doubt(order, Cause.RESTART)

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Commits, sends and asks until `stop`. Cancelled, it leaves the journal in order: whatever may
        have been sent is in it."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            tasks.start_soon(self._commit.run)
            tasks.start_soon(self._watch_cooldowns)
            for lane in self._lanes.values():
                tasks.start_soon(lane.run)
            task_status.started()

    async def recovered(self) -> None:
        """Waits until every venue has answered for every order of an earlier run."""
        for lane in self._lanes.values():
            await lane.inquiry.recovered()

    async def stop(self) -> Stopped:
        """Takes no more orders, lets what waits be stored and sent, then ends `run`. Open orders stay
        open: nothing is cancelled."""
        self._is_stopping = True
        with anyio.move_on_after(self._limits.stop_s):
            while not self._is_idle:
                self._changed = anyio.Event()
                await self._changed.wait()
        self._refusals.tell(inf)
        statistics = self.statistics()
        if self._tasks is not None:
            self._tasks.cancel_scope.cancel()
        return Stopped(
            open_orders=statistics.desk.open_orders,
            in_doubt=sum(order.outcome_unknown for order in self.desk.open_orders()),
            unsaved=statistics.commit.waiting,
            unsent=sum(lane.waiting for lane in statistics.lanes),
        )

    def statistics(self) -> RouterStatistics:
        return RouterStatistics(
            self.desk.statistics(),
            self._commit.statistics(),
            tuple(lane.statistics() for lane in self._lanes.values()),
            self._missed,
            self._faults,
            self._refusals.unrecorded(),
        )

    # --- what strategies ask -----------------------------------------------------------------

    def submit(self, request: OrderRequest, reference: Decimal | None) -> Placement:
        """Checks an order, and sends it once it is committed. The strategy hears of it through
        `deliver`, of a refusal too; one that leaves no record is delivered before this returns."""
        now_us = self._clock()
        unready = self._unready(request)
        if unready is not None:
            placement: Placement = self.desk.refuse(request, *unready, now_us)
        else:
            placement = self.desk.place(request, reference, now_us)
        match placement:
            case Placed():
                self._commit_intent(placement)
            case Refused() if not self._refusals.keeps(placement, now_us):
                self._deliver_all((placement.update, *placement.events))
            case DryRun() | Refused():
                self._hand_on((OrderPlaced(placement.update.order),), (placement.update, *placement.events))
        return placement

    def cancel(self, request: CancelRequest) -> CancelAccepted | RequestRefused:
        """Sends a cancel, whatever the limits and whether or not the journal can be written."""
        answer = self.desk.cancel(request)
        if isinstance(answer, CancelAccepted):
            if request.client_order_id in self._uncommitted:
                self._uncommitted[request.client_order_id] = True
            else:
                self._send(answer.order, Cause.CANCEL)
        return answer

    def amend(self, request: AmendRequest, reference: Decimal | None) -> AmendAccepted | RequestRefused:
        """Checks an amend, and sends it once it is committed."""
        unready = self._not_taking()
        if unready is not None:
            return RequestRefused(request.client_order_id, request.instance, *unready)
        answer = self.desk.amend(request, reference, self._clock())
        if isinstance(answer, AmendAccepted):
            self._commit_amend(answer)
        else:
            self._hand_on((), answer.events)
        return answer

    # --- what venues say ---------------------------------------------------------------------

    def on_report(self, report: VenueReport) -> None:
        """Applies a report at once, and hands it on when it is durable. If the journal's queue is
        full, the report is left, and the venue is asked about the order later."""
        if self._commit.room <= 0:
            self._miss(report)
        elif isinstance(report, BalanceChanged):
            self._hand_on((BalanceRecorded(report),), (report,))
        else:
            self._apply(report)

    def reconnected(self, provider: str) -> None:
        """Asks about all open orders of a venue whose connection was lost: reports may be missing."""
        for order in self.desk.open_orders():
            if order.request.provider == provider and order.client_order_id not in self._uncommitted:
                self._doubt(order, Cause.MISSED)

    # --- what changes while it runs ------------------------------------------------------------

    def use_venue(self, name: str, venue: Venue) -> None:
        """Sends to this venue from now on, in the place of one of the same name if there is one: that is then
        asked about all orders which are open there. Orders at venues that are gone stay known; what was held
        on paper is gone with its account."""
        assert self._tasks is not None, "venues come and go while the router runs"
        lane = self._lanes.get(name)
        if lane is not None:
            if lane.on_paper:
                self._close_positions(name)
            lane.use(venue)
            self._look_for_paper()
            self.reconnected(name)
            return
        self._lanes[name] = lane = self._new_lane(name, venue)
        self._look_for_paper()
        self._tasks.start_soon(lane.run)

    def enroll(
        self, instance: str, risk: Risk | None, markets: Collection[tuple[str, str]], *, dry_run: bool
    ) -> None:
        """See `Accounts.enroll`; what follows is handed on."""
        self._hand_on((), self.desk.accounts.enroll(instance, risk, markets, self._clock(), dry_run=dry_run))

    # --- limits at run time ------------------------------------------------------------------

    def halt(self, instance: str | None, reason: str) -> None:
        """Engages the kill switch of an instance, or of all (None): no new order is sent, not even one
        that waits already. Nothing is cancelled."""
        self._hand_on((), self.desk.accounts.halt(instance, reason, self._clock()))

    def reset(self, instance: str | None) -> None:
        """Releases the kill switch and closes the circuit breaker."""
        self._hand_on((), self.desk.accounts.reset(instance, self._clock()))

    def use_limits(self, instance: str | None, risk: Risk) -> None:
        self._hand_on((), self.desk.accounts.use_limits(instance, risk, self._clock()))

    # --- the steps ---------------------------------------------------------------------------

    def _not_taking(self) -> tuple[Refusal, str] | None:
        if self._is_stopping:
            return Refusal.NOT_READY, "the gateway is stopping"
        if self._commit.error:
            return Refusal.NOT_READY, f"the journal cannot be written: {self._commit.error}"
        if self._commit.room <= self._limits.report_room:
            return Refusal.FULL, f"{self._commit.statistics().waiting} steps wait for the journal"
        return None

    def _unready(self, request: OrderRequest) -> tuple[Refusal, str] | None:
        unready = self._not_taking()
        account = self.desk.accounts.get(request.instance)
        if unready is not None or account is None or account.dry_run:
            return unready
        lane = self._lanes.get(request.provider)
        if lane is None:
            return Refusal.NOT_READY, f"{request.provider} takes no orders"
        return lane.unready()

    def _commit_intent(self, placed: Placed) -> None:
        order = placed.order
        lane = self._lanes[order.request.provider]
        entries: tuple[JournalEntry, ...] = (OrderPlaced(order), *map(RiskRecorded, placed.events))
        lane.reserve()
        self._uncommitted[order.client_order_id] = False

        def send() -> None:
            self._deliver_all(placed.events)
            cancel = self._uncommitted.pop(order.client_order_id)
            lane.put(Sending(Cause.SUBMIT, order.client_order_id))
            if cancel:
                lane.put(Sending(Cause.CANCEL, order.client_order_id))

        def refused(reason: str) -> None:
            del self._uncommitted[order.client_order_id]
            lane.release()
            self._fault(JournalRefusal(entries, reason))
            self.on_report(Rejected(order.client_order_id, self._clock(), f"never sent: {reason}"))

        self._commit.put(Step(entries, send, refused))

    def _commit_amend(self, accepted: AmendAccepted) -> None:
        order = accepted.order
        entries: tuple[JournalEntry, ...] = (OrderChanged(order), *map(RiskRecorded, accepted.events))

        def send() -> None:
            self._deliver_all(accepted.events)
            self._send(order, Cause.AMEND)

        def refused(reason: str) -> None:
            self._fault(JournalRefusal(entries, reason))
            self.on_report(RequestFailed(order.client_order_id, self._clock(), f"never sent: {reason}"))

        self._commit.put(Step(entries, send, refused))

    def _apply(self, report: OrderReport) -> None:
        applied = self.desk.apply(report)
        match applied:
            case OrderUpdate():
                record: JournalEntry = (
                    ExecutionRecorded(applied.order, report)
                    if isinstance(report, Filled)
                    else OrderChanged(applied.order)
                )
                self._hand_on((record,), (applied, *applied.events))
            case IllegalTransition() | UnknownOrder():
                self._fault(applied)
            case Duplicate():
                pass

    def _hand_on(self, records: tuple[JournalEntry, ...], deliveries: tuple[Delivery, ...]) -> None:
        """Delivers once the records, and those of the risk events among the deliveries, are stored."""
        events = tuple(RiskRecorded(event) for event in deliveries if isinstance(event, RiskEvent))
        entries = records + events
        if not entries:
            self._deliver_all(deliveries)
            return

        def refused(reason: str) -> None:
            self._fault(JournalRefusal(entries, reason))
            self._deliver_all(deliveries)

        self._commit.put(Step(entries, lambda: self._deliver_all(deliveries), refused))

    def _deliver_all(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in deliveries:
            self._deliver(delivery)

    def _send(self, order: Order, kind: Cause) -> None:
        lane = self._lanes.get(order.request.provider)
        if lane is None:
            reason = f"{order.request.provider} takes no orders"
            self.on_report(RequestFailed(order.client_order_id, self._clock(), reason))
        else:
            lane.put(Sending(kind, order.client_order_id))

    def _close_positions(self, venue: str) -> None:
        now_us = self._clock()
        held = self.desk.accounts.close_positions(venue)
        self._hand_on(tuple(PositionClosed(p.instance, venue, p.symbol, p.net, now_us) for p in held), ())

    def _look_for_paper(self) -> None:
        self.desk.on_paper = frozenset(name for name, lane in self._lanes.items() if lane.on_paper)

    def _miss(self, report: VenueReport) -> None:
        self._missed += 1
        order = None if isinstance(report, BalanceChanged) else self.desk.order(report.client_order_id)
        if order is not None:
            self._doubt(order, Cause.MISSED)

    def _doubt(self, order: Order, cause: Cause) -> None:
        lane = self._lanes.get(order.request.provider)
        if lane is None:
            self.desk.doubt(order.client_order_id, self._clock())
        else:
            lane.inquiry.doubt(order.client_order_id, cause)

    def _fault(self, fault: Fault) -> None:
        self._faults += 1
        self._report_fault(fault)

    async def _watch_cooldowns(self) -> None:
        while True:
            await anyio.sleep(self._limits.risk_tick_s)
            self._refusals.tell(self._clock())
            if self._commit.room > 0:
                self._hand_on((), self.desk.accounts.advance(self._clock()))

    @property
    def _is_idle(self) -> bool:
        return self._commit.is_idle and all(lane.is_idle for lane in self._lanes.values())

    def _note_change(self) -> None:
        self._changed.set()

    def _new_lane(self, name: str, venue: Venue) -> VenueLane:
        limits, clock = self._limits, self._clock
        inquiry = Inquiry(venue, self.desk, limits.inquiry, clock, self.on_report, self._note_change)
        return VenueLane(
            name, venue, self.desk, inquiry, limits.lane, clock, self.on_report, self._note_change
        )
