"""Requests on their way to the paper venue."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from meltica_runtime.venues.paper.resting import PaperOrder


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
