"""What the execution engine answers: closed unions of frozen records, each with the risk events it caused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from meltica_runtime.orders.lifecycle import Duplicate, IllegalTransition, Order
from meltica_runtime.orders.limits import RiskEvent, RiskLimit
from meltica_runtime.orders.order import (
    Acknowledged,
    Amended,
    AmendRequest,
    BalanceChanged,
    Cancelled,
    Expired,
    Filled,
    OrderReport,
    OrderState,
    Rejected,
    RequestFailed,
)


class Denial(Enum):
    """Why a request was refused."""

    INVALID = "invalid"
    """It makes no sense: an amount that is none, an unknown instance, a market it may not trade."""
    DUPLICATE = "duplicate"
    """Its client order id was used before. No new order exists: the record belongs to the first one."""
    UNKNOWN_ORDER = "unknown_order"
    """No open order of this instance has that id."""
    RISK = "risk"
    """A limit would be broken; `limit` says which."""
    FULL = "full"
    """A queue or table of the gateway is full."""
    NOT_READY = "not_ready"
    """The gateway is starting, stopping, or cannot write what it does."""

    @property
    def leaves_a_record(self) -> bool:
        """Whether the refused order is one to remember and to store, as a decision that was made on it.
        One that makes no sense may hold amounts that no store takes, a duplicate would overwrite the
        order that it repeats, and a gateway that is full has no room to store why."""
        return self is Denial.RISK


@dataclass(frozen=True, slots=True)
class OrderUpdate:
    """A report that changed an order, or an outcome of our own in the shape of a report."""

    order: Order
    report: OrderReport
    events: tuple[RiskEvent, ...] = ()

    @property
    def seen_as(self) -> OrderState | None:
        """The state that names the strategy's handler for this report; None when there is no handler
        for it (an amendment made or refused). An acknowledgement that comes after a fill is seen as
        ACKNOWLEDGED although the order is partially filled."""
        match self.report:
            case Acknowledged():
                return OrderState.ACKNOWLEDGED
            case Filled() | Cancelled() | Rejected() | Expired():
                return self.order.state
            case Amended() | RequestFailed():
                return None


@dataclass(frozen=True, slots=True)
class Placed:
    """The order passed every limit and is to be sent."""

    order: Order
    events: tuple[RiskEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class DryRun:
    """The order passed every limit and goes nowhere. The strategy sees it expire at once.

    EXPIRED and not REJECTED, because nothing is wrong with the order; and not left open, because
    nothing will ever become of it.
    """

    update: OrderUpdate
    events: tuple[RiskEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Denied:
    """The order goes nowhere. `update` is what the strategy sees: the order, REJECTED, and why."""

    update: OrderUpdate
    kind: Denial
    limit: RiskLimit | None = None
    events: tuple[RiskEvent, ...] = ()

    @property
    def reason(self) -> str:
        return self.update.order.reason


Placement = Placed | DryRun | Denied


@dataclass(frozen=True, slots=True)
class CancelAccepted:
    order: Order


@dataclass(frozen=True, slots=True)
class AmendAccepted:
    """`amendment` has both values filled in: those that did not change are the order's own."""

    order: Order
    amendment: AmendRequest
    events: tuple[RiskEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestDenied:
    """A cancel or an amend that goes nowhere; the order, if there is one, is as it was."""

    client_order_id: str
    instance: str
    kind: Denial
    reason: str
    limit: RiskLimit | None = None
    events: tuple[RiskEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class UnknownOrder:
    """A report of an order that is not open and was not lately."""

    report: OrderReport


Delivery = OrderUpdate | BalanceChanged | RiskEvent
"""What strategies hear of."""

Applied = OrderUpdate | Duplicate | IllegalTransition | UnknownOrder
