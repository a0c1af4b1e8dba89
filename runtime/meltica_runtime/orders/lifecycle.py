"""The order record and its state machine: what each report of a venue makes of an order.

    NEW → ACKNOWLEDGED → PARTIALLY_FILLED → FILLED
    any of the first three → CANCELLED, EXPIRED; the first two → REJECTED

Reports may come in an order that venues cannot help: a fill before the acknowledgement, a fill after
a cancel was asked for. `apply` never raises on what a venue says; what cannot be is returned as data.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from meltica_dsl.model.value_text import decimal_text
from meltica_runtime.money import ZERO, add, amount_fault, multiply, quotient, subtract
from meltica_runtime.orders.executions import NO_EXECUTIONS, Executions
from meltica_runtime.orders.order import (
    Acknowledged,
    Amended,
    AmendRequest,
    Cancelled,
    Expired,
    Filled,
    OrderReport,
    OrderRequest,
    OrderState,
    OrderType,
    Rejected,
    RequestFailed,
    Side,
)


@dataclass(frozen=True, slots=True)
class Order:
    """One order as far as we know. Times are microseconds since the epoch.

    `request` carries the price and quantity that hold now: those of the last amendment, if any.
    `notional` is the exact sum of quantity times price over all fills, `fees` their fees by asset.
    `amendment` is the amend that is on its way. `outcome_unknown` says that a request to the venue
    was not answered and that its state here may be behind. `on_paper` says that its venue simulates it,
    and forgets it when the run ends. `version` counts the changes.
    """

    request: OrderRequest
    state: OrderState = OrderState.NEW
    exchange_order_id: str = ""
    filled: Decimal = ZERO
    notional: Decimal = ZERO
    fees: tuple[tuple[str, Decimal], ...] = ()
    executions: Executions = NO_EXECUTIONS
    acknowledged_us: float | None = None
    completed_us: float | None = None
    updated_us: float = 0.0
    reason: str = ""
    amendment: AmendRequest | None = None
    outcome_unknown: bool = False
    on_paper: bool = False
    version: int = field(default=0, compare=False)

    @property
    def client_order_id(self) -> str:
        return self.request.client_order_id

    @property
    def side(self) -> Side:
        return self.request.side

    @property
    def quantity(self) -> Decimal:
        return self.request.quantity

    @property
    def remaining(self) -> Decimal:
        return subtract(self.request.quantity, self.filled)

    @property
    def average_price(self) -> Decimal | None:
        """Average price of the fills, at most 16 decimals; None while there is none."""
        return quotient(self.notional, self.filled) if self.filled else None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A report that says again what is known: a repeated execution, acknowledgement or end."""

    order: Order
    report: OrderReport


@dataclass(frozen=True, slots=True)
class IllegalTransition:
    """A report that cannot be true of this order. The order is as it was."""

    order: Order
    report: OrderReport
    reason: str


_END = {
    Cancelled: OrderState.CANCELLED,
    Rejected: OrderState.REJECTED,
    Expired: OrderState.EXPIRED,
}

Transition = Order | Duplicate | IllegalTransition


def new_order(request: OrderRequest, now_us: float, *, on_paper: bool = False) -> Order:
    return Order(request, updated_us=now_us, on_paper=on_paper)


def apply(order: Order, report: OrderReport) -> Transition:
    """What `report` makes of `order`. The report must be one of this order."""
    assert report.client_order_id == order.request.client_order_id, "reports are routed by client order id"
    match report:
        case Filled():
            return _filled(order, report)
        case Acknowledged():
            return _acknowledged(order, report)
        case Cancelled() | Rejected() | Expired():
            return _ended(order, report)
        case Amended():
            return _amended(order, report)
        case RequestFailed():
            return _request_failed(order, report)


def mark_unknown(order: Order, now_us: float) -> Order:
    """The same order, with a request to the venue whose outcome nobody knows."""
    return replace(order, outcome_unknown=True, updated_us=now_us, version=order.version + 1)


def mark_resolved(order: Order, now_us: float) -> Order:
    """The same order, after the venue has said what became of it."""
    return replace(order, outcome_unknown=False, updated_us=now_us, version=order.version + 1)


def amending(order: Order, amendment: AmendRequest | None, now_us: float) -> Order:
    """The same order, with this amend on its way (None: with none any more)."""
    return replace(order, amendment=amendment, updated_us=now_us, version=order.version + 1)


def _acknowledged(order: Order, report: Acknowledged) -> Transition:
    known = order.exchange_order_id
    if known and known != report.exchange_order_id:
        reason = f"the venue called it {known}, now {report.exchange_order_id}"
        return IllegalTransition(order, report, reason)
    if order.state is OrderState.REJECTED:
        return IllegalTransition(order, report, "acknowledged after it was rejected")
    if order.acknowledged_us is not None or order.state.is_final:
        return Duplicate(order, report)
    return Order(
        request=order.request,
        state=OrderState.ACKNOWLEDGED if order.state is OrderState.NEW else order.state,
        exchange_order_id=report.exchange_order_id,
        filled=order.filled,
        notional=order.notional,
        fees=order.fees,
        executions=order.executions,
        acknowledged_us=report.time_us,
        updated_us=max(order.updated_us, report.time_us),
        amendment=order.amendment,
        on_paper=order.on_paper,
        version=order.version + 1,
    )


def _filled(order: Order, report: Filled) -> Transition:
    if report.execution_id in order.executions:
        return Duplicate(order, report)
    fault = _fill_fault(order, report)
    if fault:
        return IllegalTransition(order, report, fault)
    filled = add(order.filled, report.quantity)
    whole = filled == order.request.quantity
    updated_us = max(order.updated_us, report.time_us)
    return Order(
        request=order.request,
        state=OrderState.FILLED if whole else OrderState.PARTIALLY_FILLED,
        exchange_order_id=order.exchange_order_id,
        filled=filled,
        notional=add(order.notional, multiply(report.quantity, report.price)),
        fees=_with_fee(order.fees, report.fee_asset, report.fee),
        executions=order.executions.with_id(report.execution_id),
        acknowledged_us=order.acknowledged_us,
        completed_us=updated_us if whole else None,
        updated_us=updated_us,
        reason=order.reason,
        amendment=None if whole else order.amendment,
        on_paper=order.on_paper,
        version=order.version + 1,
    )


def _fill_fault(order: Order, report: Filled) -> str | None:
    if order.state.is_final:
        return f"filled after it was {order.state.value.lower()}"
    for name, amount in (("quantity", report.quantity), ("price", report.price)):
        fault = amount_fault(amount)
        if fault:
            return f"the {name} of the fill, {amount}, {fault}"
    if not report.fee.is_finite():
        return f"the fee of the fill, {report.fee}, is not a finite number"
    if report.quantity > order.remaining:
        filled, remaining = decimal_text(report.quantity), decimal_text(order.remaining)
        return f"overfilled: {filled} of the {remaining} that were open"
    return None


def _with_fee(
    fees: tuple[tuple[str, Decimal], ...], asset: str, fee: Decimal
) -> tuple[tuple[str, Decimal], ...]:
    if not fees:
        return ((asset, fee),)
    by_asset = dict(fees)
    by_asset[asset] = add(by_asset.get(asset, ZERO), fee)
    return tuple(by_asset.items())


def _ended(order: Order, report: Cancelled | Rejected | Expired) -> Transition:
    state = _END[type(report)]
    if order.state is state:
        return Duplicate(order, report)
    if order.state.is_final:
        return IllegalTransition(order, report, f"{state.value.lower()} after {order.state.value.lower()}")
    if state is OrderState.REJECTED and order.filled:
        return IllegalTransition(order, report, "rejected after a part of it was filled")
    updated_us = max(order.updated_us, report.time_us)
    return replace(
        order,
        state=state,
        completed_us=updated_us,
        updated_us=updated_us,
        reason=report.reason,
        amendment=None,
        outcome_unknown=False,
        version=order.version + 1,
    )


def _amended(order: Order, report: Amended) -> Transition:
    fault = _amend_fault(order, report)
    if fault:
        return IllegalTransition(order, report, fault)
    if order.amendment is None and (report.price, report.quantity) == (
        order.request.price,
        order.request.quantity,
    ):
        return Duplicate(order, report)
    whole = report.quantity == order.filled
    updated_us = max(order.updated_us, report.time_us)
    return replace(
        order,
        request=replace(order.request, price=report.price, quantity=report.quantity),
        state=OrderState.FILLED if whole else order.state,
        completed_us=updated_us if whole else None,
        updated_us=updated_us,
        amendment=None,
        outcome_unknown=False,
        version=order.version + 1,
    )


def _amend_fault(order: Order, report: Amended) -> str | None:
    if order.state.is_final:
        return f"amended after it was {order.state.value.lower()}"
    if order.request.type is OrderType.MARKET:
        return "a market order has no price to amend"
    for name, amount in (("quantity", report.quantity), ("price", report.price)):
        fault = amount_fault(amount)
        if fault:
            return f"the amended {name}, {amount}, {fault}"
    if report.quantity < order.filled:
        return f"amended to {decimal_text(report.quantity)} when {decimal_text(order.filled)} were filled"
    return None


def _request_failed(order: Order, report: RequestFailed) -> Transition:
    if order.state.is_final:
        return Duplicate(order, report)
    updated_us = max(order.updated_us, report.time_us)
    return replace(order, updated_us=updated_us, version=order.version + 1)
