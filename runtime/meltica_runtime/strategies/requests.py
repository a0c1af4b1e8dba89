"""What a strategy did, as requests to the execution engine."""

from __future__ import annotations

from decimal import Decimal

from meltica_runtime.orders.order import (
    AmendRequest,
    CancelRequest,
    OrderRequest,
    OrderType,
    Side,
    TimeInForce,
)
from meltica_runtime.strategies.isolate import Effect

TradeRequest = OrderRequest | CancelRequest | AmendRequest


def trade_request(instance: str, effect: Effect) -> TradeRequest:
    """The request behind an effect. The isolate has checked its form, so that every effect is one."""
    match effect.kind:
        case "submit":
            return OrderRequest(
                client_order_id=effect.id,
                instance=instance,
                provider=effect.provider,
                symbol=effect.symbol,
                side=Side(effect.side),
                type=OrderType(effect.type),
                quantity=_amount(effect.quantity),
                price=None if effect.price is None else Decimal(effect.price),
                time_in_force=TimeInForce(effect.timeInForce),
                placed_us=effect.timeMs * 1000,
            )
        case "cancel":
            return CancelRequest(effect.id, instance)
        case "amend":
            price = None if effect.price is None else Decimal(effect.price)
            quantity = None if effect.quantity is None else Decimal(effect.quantity)
            return AmendRequest(effect.id, instance, price, quantity)
    raise AssertionError(f"the isolate made an effect of kind {effect.kind!r}")


def reference_price(effect: Effect) -> Decimal | None:
    """The price that limits are judged by: the mid the strategy saw, else the last trade's, else none."""
    if effect.bid is not None and effect.ask is not None:
        return (Decimal(effect.bid) + Decimal(effect.ask)) / 2
    return None if effect.last is None else Decimal(effect.last)


def _amount(text: str | None) -> Decimal:
    assert text is not None, "a submitted order has a quantity"
    return Decimal(text)
