"""The risk engine: the limits of one `risk`, for one strategy instance or for the whole gateway.

What each limit measures, for an engine's own orders only (an instance's, or everybody's):

- `max_position`: for each provider and symbol, the position if every open order of the new order's
  side, and the new order itself, were filled. Each direction is measured by itself, so an order that
  brings a position back is never in its own way.
- `max_notional`: the sum, over all providers and symbols quoted in `notional_currency`, of the worst
  notional that the open orders of one side can lead to: the position at the last price known (the
  reference of the latest order in that symbol, or its latest fill), plus the open orders of the side
  at their limit price (market orders: at the reference price when they were placed). An order that
  does not raise the sum passes even above the limit. An order in a symbol of another quote asset is
  refused, because there is no price to convert it with. Without `notional_currency`, each quote asset
  has a sum of its own, and the limit holds for each.
- `price_band`: distance of a limit price from the reference, as a part of the reference.
- `order_throttle`, `symbol_throttle`: token buckets that both hold `order_burst` orders.
- `kill_switch`: after so many breaches in all since the last reset, no order passes until a reset.
- `circuit_breaker`: after so many breaches or rejections by the venue in a row, no order passes for
  the cooldown. An acknowledgement or a fill ends the row.

Nothing here ever cancels an order, and cancels are not even asked about.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import inf

from meltica_dsl.model.pipeline import Risk
from meltica_dsl.model.value_text import decimal_text
from meltica_dsl.model.values import Rate
from meltica_runtime.execution.exposure import Exposure, ExposureBook
from meltica_runtime.execution.token_bucket import TokenBucket
from meltica_runtime.money import ZERO, add, multiply, subtract
from meltica_runtime.orders.limits import PASSED, Breach, Decision, RiskEvent, RiskLimit, RiskStatus
from meltica_runtime.orders.order import OrderRequest, OrderType


@dataclass(frozen=True, slots=True)
class Proposal:
    """A new order, or an amend that asks for more, as the engine judges it.

    `request` is the order as it would be. `quantity` and `notional` are what it adds to the open
    orders of its side, `orders` how many orders it opens (1, or 0 for an amend).
    """

    request: OrderRequest
    reference: Decimal | None
    quantity: Decimal
    notional: Decimal
    orders: int


class RiskEngine:
    """Limits with the state that they need. Every check costs the same, whatever came before.

    `instance` is the one whose orders it sees, None for the engine that sees everybody's.
    """

    def __init__(self, risk: Risk, instance: str | None) -> None:
        self.instance = instance
        self.exposures = ExposureBook()
        self.kill_switch_engaged = False
        self.circuit_breaker_open = False
        self.breaches = 0
        """Breaches since the last reset."""
        self._in_a_row = 0
        self._closes_us = inf
        self._halt_reason = ""
        self._touched: set[RiskLimit] = set()
        self._events = 0
        self.risk = risk
        self._has_limits = _has_limits(risk)
        self._orders = _bucket(risk.order_throttle, risk.order_burst)
        self._by_symbol: dict[str, TokenBucket] = {}

    def check(self, proposal: Proposal, exposure: Exposure, now_us: float) -> Decision:
        """The first limit that the proposal breaks. Changes nothing."""
        risk = self.risk
        request = proposal.request
        if self.kill_switch_engaged:
            return Breach(RiskLimit.KILL_SWITCH, f"trading is halted: {self._halt_reason}")
        if self.circuit_breaker_open:
            wait_s = (self._closes_us - now_us) / 1e6
            return Breach(RiskLimit.CIRCUIT_BREAKER, f"trading pauses for another {wait_s:.3f} s")
        if not self._has_limits and proposal.reference is not None:
            return PASSED
        if risk.order_types and request.type.value not in risk.order_types:
            allowed = ", ".join(risk.order_types)
            return Breach(RiskLimit.ORDER_TYPES, f"{request.type.value} orders are not among [{allowed}]")
        return (
            self._price_breach(proposal)
            or self._open_orders_breach(proposal)
            or self._position_breach(proposal, exposure)
            or self._notional_breach(proposal, exposure)
            or self._throttle_breach(request.symbol, now_us)
            or PASSED
        )

    def admit(self, proposal: Proposal, exposure: Exposure, now_us: float) -> tuple[RiskEvent, ...]:
        """Takes what a passed proposal uses up: tokens, open quantity and notional, a place."""
        if self._orders is not None:
            self._orders.take(now_us)
        if self.risk.symbol_throttle is not None:
            self._bucket(proposal.request.symbol, self.risk.symbol_throttle).take(now_us)
        self.exposures.open_orders += proposal.orders
        self.exposures.open(exposure, proposal.request.side, proposal.quantity, proposal.notional)
        if not self._touched:
            return ()
        freed = sorted(self._touched, key=lambda limit: limit.value)
        self._touched.clear()
        return tuple(self._event(RiskStatus.CLEARED, limit, "an order passed", now_us) for limit in freed)

    def breached(self, breach: Breach, now_us: float) -> tuple[RiskEvent, ...]:
        """Counts a breach that `check` returned. An event comes once until an order passes again."""
        if not breach.limit.counts:
            return ()
        events: list[RiskEvent] = []
        if breach.limit not in self._touched:
            self._touched.add(breach.limit)
            events.append(self._event(RiskStatus.TRIGGERED, breach.limit, breach.reason, now_us))
        self.breaches += 1
        switch = self.risk.kill_switch
        if switch is not None and self.breaches >= switch.after:
            events += self.halt(f"{self.breaches} breaches, the last: {breach.reason}", now_us)
        events += self._one_more_in_a_row(breach.reason, now_us)
        return tuple(events)

    def rejected(self, reason: str, now_us: float) -> tuple[RiskEvent, ...]:
        """Counts a rejection by the venue towards the circuit breaker."""
        return tuple(self._one_more_in_a_row(f"rejected by the venue: {reason}", now_us))

    def accepted(self) -> None:
        """The venue took an order: breaches and rejections are no longer in a row."""
        self._in_a_row = 0

    def halt(self, reason: str, now_us: float) -> tuple[RiskEvent, ...]:
        """Engages the kill switch: no new order passes until `reset`. Nothing is cancelled."""
        if self.kill_switch_engaged:
            return ()
        self.kill_switch_engaged = True
        self._halt_reason = reason
        return (self._event(RiskStatus.TRIGGERED, RiskLimit.KILL_SWITCH, reason, now_us),)

    def restore_halt(self, reason: str) -> None:
        """Takes up a kill switch that was engaged before we started. It is nobody's news."""
        self.kill_switch_engaged = True
        self._halt_reason = reason

    def reset(self, now_us: float) -> tuple[RiskEvent, ...]:
        """Releases the kill switch, closes the breaker and forgets all breaches."""
        self.breaches = 0
        self._in_a_row = 0
        events = self._close("it was reset", now_us)
        if self.kill_switch_engaged:
            self.kill_switch_engaged = False
            events += (self._event(RiskStatus.CLEARED, RiskLimit.KILL_SWITCH, "it was reset", now_us),)
        return events

    def advance(self, now_us: float) -> tuple[RiskEvent, ...]:
        """Closes the circuit breaker if its cooldown is over."""
        if now_us < self._closes_us:
            return ()
        return self._close("its cooldown is over", now_us)

    @property
    def next_change_us(self) -> float:
        """When `advance` next has something to do; infinite if never."""
        return self._closes_us

    def use(self, risk: Risk, now_us: float) -> tuple[RiskEvent, ...]:
        """Replaces the limits. An engaged kill switch stays engaged until it is reset, and a throttle
        that stays as it was keeps its tokens."""
        before, self.risk = self.risk, risk
        self._has_limits = _has_limits(risk)
        if (before.order_throttle, before.order_burst) != (risk.order_throttle, risk.order_burst):
            self._orders = _bucket(risk.order_throttle, risk.order_burst)
        if (before.symbol_throttle, before.order_burst) != (risk.symbol_throttle, risk.order_burst):
            self._by_symbol = {}
        if risk.circuit_breaker is None:
            return self._close("the breaker was taken away", now_us)
        return ()

    def _price_breach(self, proposal: Proposal) -> Breach | None:
        band, price, reference = self.risk.price_band, proposal.request.price, proposal.reference
        if price is None:
            if reference is None:
                reason = "a market order needs a reference price, and none is known yet"
                return Breach(RiskLimit.REFERENCE_PRICE, reason)
            return None
        if band is None:
            return None
        if reference is None:
            reason = "the price band needs a reference price, and none is known yet"
            return Breach(RiskLimit.REFERENCE_PRICE, reason)
        distance = subtract(price, reference).copy_abs()
        if distance > multiply(reference, band.value):
            reason = (
                f"price {decimal_text(price)} is {distance / reference:.2%} from the reference"
                f" {decimal_text(reference)}, more than {_percent(band.value)}"
            )
            return Breach(RiskLimit.PRICE_BAND, reason)
        return None

    def _open_orders_breach(self, proposal: Proposal) -> Breach | None:
        most = self.risk.max_open_orders
        if most is None or not proposal.orders or self.exposures.open_orders < most:
            return None
        reason = f"{self.exposures.open_orders} orders are open, at most {most} may be"
        return Breach(RiskLimit.MAX_OPEN_ORDERS, reason)

    def _position_breach(self, proposal: Proposal, exposure: Exposure) -> Breach | None:
        most = self.risk.max_position
        if most is None:
            return None
        worst = exposure.worst_position(proposal.request.side, proposal.quantity)
        if worst <= most:
            return None
        direction = "long" if proposal.request.side.sign > 0 else "short"
        reason = (
            f"with its open orders the position in {exposure.symbol} could be"
            f" {decimal_text(worst)} {direction}, more than {decimal_text(most)}"
        )
        return Breach(RiskLimit.MAX_POSITION, reason)

    def _notional_breach(self, proposal: Proposal, exposure: Exposure) -> Breach | None:
        most, currency = self.risk.max_notional, self.risk.notional_currency
        if most is None:
            return None
        if currency is not None and exposure.quote != currency:
            reason = f"the limit is in {currency}, and {exposure.symbol} is quoted in {exposure.quote}"
            return Breach(RiskLimit.MAX_NOTIONAL, reason)
        total = self.exposures.total(exposure.quote)
        worst = exposure.worst_notional(proposal.request.side, proposal.notional)
        after = add(total, subtract(worst, exposure.counted))
        if after <= most or after <= total:
            return None
        reason = f"exposure could be {decimal_text(after)} {exposure.quote}, more than {decimal_text(most)}"
        return Breach(RiskLimit.MAX_NOTIONAL, reason)

    def _throttle_breach(self, symbol: str, now_us: float) -> Breach | None:
        if self._orders is not None and not self._orders.has_token(now_us):
            return _throttled(RiskLimit.ORDER_THROTTLE, self._orders, "orders", now_us)
        if self.risk.symbol_throttle is not None:
            bucket = self._bucket(symbol, self.risk.symbol_throttle)
            if not bucket.has_token(now_us):
                return _throttled(RiskLimit.SYMBOL_THROTTLE, bucket, f"orders in {symbol}", now_us)
        return None

    def _bucket(self, symbol: str, throttle: Rate) -> TokenBucket:
        bucket = self._by_symbol.get(symbol)
        if bucket is None:
            bucket = self._by_symbol[symbol] = TokenBucket(throttle, self.risk.order_burst)
        return bucket

    def _one_more_in_a_row(self, reason: str, now_us: float) -> list[RiskEvent]:
        breaker = self.risk.circuit_breaker
        if breaker is None or self.circuit_breaker_open:
            return []
        self._in_a_row += 1
        if self._in_a_row < breaker.threshold:
            return []
        self.circuit_breaker_open = True
        self._closes_us = now_us + breaker.cooldown.us
        words = f"{self._in_a_row} breaches or rejections in a row, the last: {reason}"
        return [self._event(RiskStatus.TRIGGERED, RiskLimit.CIRCUIT_BREAKER, words, now_us)]

    def _close(self, reason: str, now_us: float) -> tuple[RiskEvent, ...]:
        if not self.circuit_breaker_open:
            return ()
        self.circuit_breaker_open = False
        self._in_a_row = 0
        self._closes_us = inf
        return (self._event(RiskStatus.CLEARED, RiskLimit.CIRCUIT_BREAKER, reason, now_us),)

    def _event(self, status: RiskStatus, limit: RiskLimit, reason: str, now_us: float) -> RiskEvent:
        self._events += 1
        return RiskEvent(
            self.instance,
            self._events,
            now_us,
            status,
            limit,
            reason,
            self.kill_switch_engaged,
            self.circuit_breaker_open,
        )


def new_order_proposal(request: OrderRequest, reference: Decimal | None) -> Proposal:
    """A new order as engines judge it: at its limit price, or at the reference for a market order.

    Without either it is worth nothing here; `check` refuses it for want of a reference price.
    """
    value = reference if request.type is OrderType.MARKET else request.price
    notional = ZERO if value is None else multiply(request.quantity, value)
    return Proposal(request, reference, request.quantity, notional, orders=1)


def _has_limits(risk: Risk) -> bool:
    """Whether any of the limits that look at an order is set."""
    return any(
        (
            risk.max_position is not None,
            risk.max_notional is not None,
            risk.order_throttle is not None,
            risk.symbol_throttle is not None,
            risk.max_open_orders is not None,
            risk.price_band is not None,
            risk.order_types,
        )
    )


def _bucket(rate: Rate | None, burst: int) -> TokenBucket | None:
    return None if rate is None else TokenBucket(rate, burst)


def _throttled(limit: RiskLimit, bucket: TokenBucket, what: str, now_us: float) -> Breach:
    rate, wait_ms = bucket.rate, bucket.wait_us(now_us) / 1e3
    reason = (
        f"more than {decimal_text(rate.count)} {what} in {rate.per.seconds:g} s (bursts of {bucket.burst});"
        f" the next may go in {wait_ms:.1f} ms"
    )
    return Breach(limit, reason)


def _percent(value: Decimal) -> str:
    return f"{decimal_text(multiply(value, Decimal(100)))}%"
