"""The limits by name, what touching one says, and the events that follow."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from meltica_dsl.model.pipeline import Risk
from meltica_dsl.text.source import Span


class RiskLimit(Enum):
    """The limit that refused an order, spelled as in a pipeline's `risk`."""

    KILL_SWITCH = "kill_switch"
    CIRCUIT_BREAKER = "circuit_breaker"
    ORDER_TYPES = "order_types"
    REFERENCE_PRICE = "reference_price"
    PRICE_BAND = "price_band"
    MAX_OPEN_ORDERS = "max_open_orders"
    MAX_POSITION = "max_position"
    MAX_NOTIONAL = "max_notional"
    ORDER_THROTTLE = "order_throttle"
    SYMBOL_THROTTLE = "symbol_throttle"

    @property
    def counts(self) -> bool:
        """Whether touching it counts towards the kill switch and the circuit breaker.

        A missing price is the market's doing, and an order that a switch or breaker stops has
        broken no limit: if it counted, a breaker would never close.
        """
        return self not in _UNCOUNTED


_STATEFUL = frozenset({RiskLimit.KILL_SWITCH, RiskLimit.CIRCUIT_BREAKER})

_UNCOUNTED = _STATEFUL | {RiskLimit.REFERENCE_PRICE}


@dataclass(frozen=True, slots=True)
class Passed:
    """No limit is touched."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that an order would break. `reason` says how far, in words."""

    limit: RiskLimit
    reason: str


Decision = Passed | Breach

PASSED = Passed()


class RiskStatus(Enum):
    TRIGGERED = "triggered"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class RiskEvent:
    """A limit was touched or is free again, a switch or breaker changed state.

    `instance` is None when a limit that all instances share is concerned. `number` counts the events
    of one instance, or of the gateway.
    """

    instance: str | None
    number: int
    time_us: float
    status: RiskStatus
    limit: RiskLimit
    reason: str
    kill_switch_engaged: bool
    circuit_breaker_open: bool

    @property
    def changes_state(self) -> bool:
        """Whether a kill switch or a circuit breaker is not what it was before."""
        return self.limit in _STATEFUL


def unlimited(name: str) -> Risk:
    """A risk without any limit."""
    nowhere = Span("", 0, 0)
    return Risk(
        name=name,
        max_position=None,
        max_notional=None,
        notional_currency=None,
        order_throttle=None,
        symbol_throttle=None,
        order_burst=1,
        max_open_orders=None,
        price_band=None,
        order_types=(),
        kill_switch=None,
        circuit_breaker=None,
        span=nowhere,
        name_span=nowhere,
    )
