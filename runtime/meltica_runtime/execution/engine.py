"""The execution engine: checks orders, follows them to their end, and knows what is open and held.

It is synchronous, does no I/O and its clock is an argument, so that the live router and the
deterministic simulation share it. Only open orders are kept, so that every step costs the same, from
the first order to the last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from meltica_dsl.model.pipeline import Risk
from meltica_runtime.execution.account import Account, OpenOrder
from meltica_runtime.execution.accounts import Accounts, check_limits
from meltica_runtime.execution.engine_statistics import EngineCounts, EngineStatistics
from meltica_runtime.execution.recently_closed import RecentlyClosed
from meltica_runtime.execution.risk import Proposal, new_order_proposal
from meltica_runtime.execution.validation import amend_fault, order_fault, usable_reference
from meltica_runtime.money import ZERO
from meltica_runtime.orders import lifecycle
from meltica_runtime.orders.lifecycle import Duplicate, IllegalTransition, Order, new_order
from meltica_runtime.orders.limits import RiskEvent, RiskLimit
from meltica_runtime.orders.order import (
    Acknowledged,
    Amended,
    AmendRequest,
    CancelRequest,
    Expired,
    Filled,
    OrderReport,
    OrderRequest,
    OrderState,
    Rejected,
    RequestFailed,
)
from meltica_runtime.orders.outcomes import (
    AmendAccepted,
    Applied,
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

DRY_RUN_REASON = "dry run: the order passed every limit and was sent nowhere"


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """`open_orders`: most orders open at once, over all instances; at 2 KiB each, 32 MiB.
    `recently_closed`: how many orders that came to their end are remembered, to recognise late reports and
    used client order ids; at 1 KiB each, 8 MiB."""

    open_orders: int = 16_384
    recently_closed: int = 8_192


class ExecutionEngine:
    """All orders of a gateway. `accounts` says who may trade, within which limits, and what is held;
    `gateway` are limits that all instances share, on top of their own."""

    def __init__(self, limits: EngineLimits | None = None, gateway: Risk | None = None) -> None:
        self._limits = limits or EngineLimits()
        self.accounts = Accounts(gateway)
        self.on_paper: frozenset[str] = frozenset()
        """The venues that simulate their orders."""
        self._open: dict[str, OpenOrder] = {}
        self._recently_closed = RecentlyClosed(self._limits.recently_closed)
        self._counts = EngineCounts()

    def restore(self, order: Order) -> None:
        """Takes up an open order from an earlier run, whoever placed it, without asking limits."""
        assert not order.state.is_final, "only open orders are restored"
        assert order.client_order_id not in self._open, "an order is restored once"
        value = order.request.price or order.average_price or ZERO
        taken_up = OpenOrder(
            order, self.accounts.take_up(order.request.instance), self.accounts.gateway, value
        )
        taken_up.occupy()
        self._open[order.client_order_id] = taken_up

    def place(self, request: OrderRequest, reference: Decimal | None, now_us: float) -> Placement:
        """Checks a new order. `reference` is the mid or last price of its symbol, None if unknown."""
        account = self.accounts.get(request.instance)
        denied = self._not_taken(request, account, now_us)
        if denied is not None or account is None:
            assert denied is not None, "an order without an account is not taken"
            return denied
        reference = usable_reference(reference)
        proposal = new_order_proposal(request, reference)
        value = request.price or reference or ZERO
        opened = OpenOrder(self._new(request, now_us), account, self.accounts.gateway, value)
        breach, events = check_limits(opened.limit_scopes, proposal, now_us)
        if breach is not None:
            return self.deny(request, Denial.RISK, breach.reason, now_us, breach.limit, events)
        if account.dry_run:
            return self._dry_run(opened, now_us, events)
        self._open[request.client_order_id] = opened
        self._counts.placed += 1
        return Placed(opened.order, events)

    def deny(
        self,
        request: OrderRequest,
        kind: Denial,
        reason: str,
        now_us: float,
        limit: RiskLimit | None = None,
        events: tuple[RiskEvent, ...] = (),
    ) -> Denied:
        """Denies a new order, for a reason of the caller's or of our own. Nothing is used up."""
        report = Rejected(request.client_order_id, now_us, reason)
        order = lifecycle.apply(self._new(request, now_us), report)
        assert isinstance(order, Order), "a new order can always be rejected"
        if kind.leaves_a_record:
            self._recently_closed.put(order)
        self._counts.denied += 1
        return Denied(OrderUpdate(order, report), kind, limit, events)

    def cancel(self, request: CancelRequest) -> CancelAccepted | RequestDenied:
        """Cancels pass whatever the limits, a halt included."""
        opened = self._open_order(request)
        if isinstance(opened, RequestDenied):
            return opened
        opened.cancelling()
        self._counts.cancels += 1
        return CancelAccepted(opened.order)

    def amend(
        self, request: AmendRequest, reference: Decimal | None, now_us: float
    ) -> AmendAccepted | RequestDenied:
        """Checks an amend. One that only takes quantity away passes whatever the limits; any other is
        judged by what it adds. One request at a time: while an amend or a cancel is on its way, an
        order takes no amend."""
        opened = self._open_order(request)
        if isinstance(opened, RequestDenied):
            return opened
        fault = amend_fault(request, opened.order)
        if fault is None and opened.requests:
            fault = "another request for this order is on its way"
        if fault is not None:
            return self._deny_request(request, Denial.INVALID, fault)
        order = opened.order
        price, quantity = request.price or order.request.price, request.quantity or order.quantity
        assert price is not None, "market orders are not amended"
        events: tuple[RiskEvent, ...] = ()
        amendment = replace(request, price=price, quantity=quantity)
        if amendment.may_add_risk(order.request):
            more, worth = opened.amendment_adds(price, quantity)
            as_amended = replace(order.request, price=price, quantity=quantity)
            proposal = Proposal(as_amended, usable_reference(reference), more, worth, orders=0)
            breach, events = check_limits(opened.limit_scopes, proposal, now_us)
            if breach is not None:
                return self._deny_request(request, Denial.RISK, breach.reason, breach.limit, events)
            opened.reserve(more, worth)
        opened.order = lifecycle.amending(order, amendment, now_us)
        opened.requests += 1
        self._counts.amends += 1
        return AmendAccepted(opened.order, amendment, events)

    def apply(self, report: OrderReport) -> Applied:
        """Follows a report. Those that change nothing are counted and returned as data."""
        opened = self._open.get(report.client_order_id)
        if opened is None:
            return self._late(report)
        before = opened.order
        after = lifecycle.apply(before, report)
        if isinstance(after, Duplicate):
            self._counts.duplicates += 1
            return after
        if isinstance(after, IllegalTransition):
            self._counts.illegal += 1
            return after
        events = self._follow(opened, after, report)
        return OrderUpdate(opened.order, report, events)

    def mark_unknown(self, client_order_id: str, now_us: float) -> Order | None:
        """Notes that nobody knows the outcome of a request for an open order; its state stays."""
        return self._replaced(client_order_id, lifecycle.mark_unknown, now_us)

    def resolve(self, client_order_id: str, now_us: float) -> Order | None:
        """Notes that the venue has said what became of an order; None if it is not open any more."""
        return self._replaced(client_order_id, lifecycle.mark_resolved, now_us)

    def order(self, client_order_id: str) -> Order | None:
        """An open order, or one that ended lately."""
        opened = self._open.get(client_order_id)
        return opened.order if opened else self._recently_closed.get(client_order_id)

    def open_orders(self) -> tuple[Order, ...]:
        """All open orders, oldest first."""
        return tuple(opened.order for opened in self._open.values())

    def statistics(self) -> EngineStatistics:
        return self._counts.read(open_orders=len(self._open), remembered=len(self._recently_closed))

    def _new(self, request: OrderRequest, now_us: float) -> Order:
        return new_order(request, now_us, on_paper=request.provider in self.on_paper)

    def _not_taken(self, request: OrderRequest, account: Account | None, now_us: float) -> Denied | None:
        if request.client_order_id in self._open or request.client_order_id in self._recently_closed:
            reason = f"client order id {request.client_order_id!r} was used before"
            return self.deny(request, Denial.DUPLICATE, reason, now_us)
        fault = order_fault(request, account)
        if fault is not None:
            return self.deny(request, Denial.INVALID, fault, now_us)
        if len(self._open) >= self._limits.open_orders:
            reason = f"{len(self._open)} orders are open, as many as this gateway follows"
            return self.deny(request, Denial.FULL, reason, now_us)
        return None

    def _dry_run(self, opened: OpenOrder, now_us: float, events: tuple[RiskEvent, ...]) -> DryRun:
        report = Expired(opened.order.client_order_id, now_us, DRY_RUN_REASON)
        opened.leave()
        for engine, _ in opened.limit_scopes:
            engine.accepted()
        order = lifecycle.apply(opened.order, report)
        assert isinstance(order, Order), "a new order can always expire"
        self._recently_closed.put(order)
        self._counts.dry_runs += 1
        return DryRun(OrderUpdate(order, report), events)

    def _open_order(self, request: CancelRequest | AmendRequest) -> OpenOrder | RequestDenied:
        opened = self._open.get(request.client_order_id)
        if opened is None or opened.account.instance != request.instance:
            reason = f"{request.instance} has no open order {request.client_order_id!r}"
            return self._deny_request(request, Denial.UNKNOWN_ORDER, reason)
        return opened

    def _deny_request(
        self,
        request: CancelRequest | AmendRequest,
        kind: Denial,
        reason: str,
        limit: RiskLimit | None = None,
        events: tuple[RiskEvent, ...] = (),
    ) -> RequestDenied:
        self._counts.requests_denied += 1
        return RequestDenied(request.client_order_id, request.instance, kind, reason, limit, events)

    def _follow(self, opened: OpenOrder, after: Order, report: OrderReport) -> tuple[RiskEvent, ...]:
        """Brings exposures, limits and counts in line with an order that a report has changed."""
        events: tuple[RiskEvent, ...] = ()
        match report:
            case Filled():
                opened.fill(report)
                self._counts.fills += 1
                self._accepted(opened)
            case Acknowledged():
                self._counts.acknowledged += 1
                self._accepted(opened)
            case Amended():
                opened.amended(after)
                opened.answered()
            case RequestFailed():
                opened.answered()
                if not opened.requests and after.amendment is not None:
                    opened.free_reserve()
                    after = lifecycle.amending(after, None, after.updated_us)
            case Rejected():
                for engine, _ in opened.limit_scopes:
                    events += engine.rejected(report.reason, report.time_us)
        opened.order = after
        if after.state.is_final:
            self._close(opened)
        return events

    def _accepted(self, opened: OpenOrder) -> None:
        for engine, _ in opened.limit_scopes:
            engine.accepted()

    def _close(self, opened: OpenOrder) -> None:
        order, account = opened.order, opened.account
        opened.leave()
        del self._open[order.client_order_id]
        self._recently_closed.put(order)
        match order.state:
            case OrderState.FILLED:
                self._counts.filled += 1
            case OrderState.CANCELLED:
                self._counts.cancelled += 1
            case OrderState.REJECTED:
                self._counts.rejected += 1
            case OrderState.EXPIRED:
                self._counts.expired += 1
        self.accounts.forget_if_done(account)

    def _late(self, report: OrderReport) -> Duplicate | IllegalTransition | UnknownOrder:
        """A report of an order that is not open: one that ended lately, or one nobody knows."""
        order = self._recently_closed.get(report.client_order_id)
        if order is None:
            self._counts.unknown += 1
            return UnknownOrder(report)
        late = lifecycle.apply(order, report)
        assert not isinstance(late, Order), "final states are final"
        if isinstance(late, Duplicate):
            self._counts.duplicates += 1
        else:
            self._counts.illegal += 1
        return late

    def _replaced(
        self, client_order_id: str, change: Callable[[Order, float], Order], now_us: float
    ) -> Order | None:
        opened = self._open.get(client_order_id)
        if opened is None:
            return None
        opened.order = change(opened.order, now_us)
        return opened.order
