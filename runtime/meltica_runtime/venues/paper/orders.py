"""Orders as the paper venue has them, and requests on their way to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from meltica_runtime.money import ZERO, subtract
from meltica_runtime.orders.order import OrderReport, OrderRequest, OrderState


@dataclass(slots=True, eq=False)
class PaperOrder:
    """An order as the venue has it. `held` is what the account still holds for it, `level` its price as the
    market data would write it."""

    request: OrderRequest
    state: OrderState
    price: Decimal
    quantity: Decimal
    filled: Decimal = ZERO
    held: Decimal = ZERO
    fills: int = 0
    level: float = 0.0
    reports: list[OrderReport] = field(default_factory=list)

    @property
    def remaining(self) -> Decimal:
        return subtract(self.quantity, self.filled)


@dataclass(frozen=True, slots=True)
class Submission:
    time_us: float
    order: PaperOrder


@dataclass(frozen=True, slots=True)
class DuplicateSubmission:
    """A submission under a client order id that is in use."""

    time_us: float
    client_order_id: str


@dataclass(frozen=True, slots=True)
class Cancellation:
    time_us: float
    client_order_id: str


@dataclass(frozen=True, slots=True)
class Amendment:
    """New price or total quantity; None leaves it as it is."""

    time_us: float
    client_order_id: str
    price: Decimal | None
    quantity: Decimal | None


Arrival = Submission | DuplicateSubmission | Cancellation | Amendment
"""`time_us`: when it reaches the venue."""
