"""What the paper venue takes and what it charges."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from meltica_dsl.model.value_text import decimal_text
from meltica_runtime.money import AMOUNT_DECIMALS, ZERO, amount_fault, multiply
from meltica_runtime.orders.order import OrderRequest, OrderType
from meltica_runtime.venues.increments import Increment

_FEE_STEP = Decimal(1).scaleb(-AMOUNT_DECIMALS)
_FEE_CONTEXT = Context(prec=100, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation])


@dataclass(frozen=True, slots=True)
class PaperSettings:
    """`latency_us` each way: an order arrives so much after it was sent, a report as much after it happened.

    Fees are parts of what a fill brings in: of the base asset for a buyer, of the quote asset for a seller;
    below zero they are rebates. `balances`: what the account begins with, by asset; None for plenty of all.
    """

    tick_size: Decimal = Decimal("0.01")
    lot_size: Decimal = Decimal("0.00001")
    min_notional: Decimal = ZERO
    fee_maker: Decimal = Decimal("0.0002")
    fee_taker: Decimal = Decimal("0.0005")
    latency_us: float = 5_000.0
    balances: dict[str, Decimal] | None = None

    def __post_init__(self) -> None:
        places = Increment(self.tick_size).places + Increment(self.lot_size).places
        if places > AMOUNT_DECIMALS:
            raise ValueError(
                f"tick_size {decimal_text(self.tick_size)} and lot_size {decimal_text(self.lot_size)} "
                f"have {places} decimals together, more than the {AMOUNT_DECIMALS} that an amount can have"
            )
        if not self.latency_us >= 0:
            raise ValueError(f"latency cannot be negative: {self.latency_us} us")


class TradingRules:
    """Judges orders, and works out fees."""

    def __init__(self, settings: PaperSettings) -> None:
        self._tick = Increment(settings.tick_size)
        self._lot = Increment(settings.lot_size)
        self._min_notional = settings.min_notional
        self._fee_maker = settings.fee_maker
        self._fee_taker = settings.fee_taker

    def order_fault(self, order: OrderRequest) -> str | None:
        """Why the venue does not take an order like this, or None."""
        if order.type is OrderType.MARKET:
            return None if order.price is None else "a market order has no price"
        if order.price is None:
            return "a limit order needs a price"
        return self.price_fault(order.price) or self.notional_fault(multiply(order.price, order.quantity))

    def quantity_fault(self, quantity: Decimal) -> str | None:
        fault = amount_fault(quantity)
        if fault is not None:
            return f"the quantity {fault}"
        if not self._lot.holds(quantity):
            lot = decimal_text(self._lot.step)
            return f"quantity {decimal_text(quantity)} is not a multiple of the lot size {lot}"
        return None

    def price_fault(self, price: Decimal) -> str | None:
        fault = amount_fault(price)
        if fault is not None:
            return f"the price {fault}"
        if not self._tick.holds(price):
            tick = decimal_text(self._tick.step)
            return f"price {decimal_text(price)} is not a multiple of the tick size {tick}"
        return None

    def notional_fault(self, notional: Decimal) -> str | None:
        if notional < self._min_notional:
            least = decimal_text(self._min_notional)
            return f"notional {decimal_text(notional)} is below the minimum of {least}"
        return None

    def maker_fee(self, received: Decimal) -> Decimal:
        return _rounded(multiply(received, self._fee_maker))

    def taker_fee(self, received: Decimal) -> Decimal:
        return _rounded(multiply(received, self._fee_taker))


def _rounded(fee: Decimal) -> Decimal:
    """At most the 16 decimals that amounts are kept with."""
    exponent = fee.as_tuple().exponent
    assert isinstance(exponent, int)
    return fee if exponent >= -AMOUNT_DECIMALS else _FEE_CONTEXT.quantize(fee, _FEE_STEP)
