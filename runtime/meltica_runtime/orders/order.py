"""Orders, fills and what venues report of them. Money is decimal; times are microseconds since the epoch."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum


class Side(Enum):
    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        return 1 if self is Side.BUY else -1


class OrderType(Enum):
    LIMIT = "limit"
    MARKET = "market"


class TimeInForce(Enum):
    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"


class OrderState(Enum):
    NEW = "NEW"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"

    @property
    def is_final(self) -> bool:
        return self in _FINAL


_FINAL = frozenset({OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED, OrderState.EXPIRED})


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What a strategy asks for. `price` is None for market orders. `placed_us` is the time of the
    event that the strategy acted on."""

    client_order_id: str
    instance: str
    provider: str
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    price: Decimal | None
    time_in_force: TimeInForce
    placed_us: float


@dataclass(frozen=True, slots=True)
class CancelRequest:
    client_order_id: str
    instance: str


@dataclass(frozen=True, slots=True)
class AmendRequest:
    """New price or quantity (the total, not the rest); None leaves it as it is."""

    client_order_id: str
    instance: str
    price: Decimal | None
    quantity: Decimal | None

    def may_add_risk(self, order: OrderRequest) -> bool:
        """Whether it does more than take quantity away from the order as it is."""
        is_more = self.quantity is not None and self.quantity > order.quantity
        return is_more or self.price not in (None, order.price)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    client_order_id: str
    exchange_order_id: str
    time_us: float


@dataclass(frozen=True, slots=True)
class Filled:
    """One fill. Whether the order is then partially or wholly filled follows from its quantity."""

    client_order_id: str
    execution_id: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str
    is_maker: bool
    time_us: float


@dataclass(frozen=True, slots=True)
class Cancelled:
    client_order_id: str
    time_us: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    client_order_id: str
    time_us: float
    reason: str


@dataclass(frozen=True, slots=True)
class Expired:
    client_order_id: str
    time_us: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Amended:
    client_order_id: str
    price: Decimal
    quantity: Decimal
    time_us: float


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """A cancel or an amend that the venue refused; the order itself is as it was."""

    client_order_id: str
    time_us: float
    reason: str


@dataclass(frozen=True, slots=True)
class BalanceChanged:
    provider: str
    asset: str
    total: Decimal
    available: Decimal
    time_us: float


OrderReport = Acknowledged | Filled | Cancelled | Rejected | Expired | Amended | RequestFailed
VenueReport = OrderReport | BalanceChanged
