"""What an order or an amend must look like before any limit is asked about it."""

from __future__ import annotations

from decimal import Decimal

from meltica_dsl.model.value_text import decimal_text
from meltica_runtime.execution.account import Account
from meltica_runtime.money import amount_fault
from meltica_runtime.orders.lifecycle import Order
from meltica_runtime.orders.order import AmendRequest, OrderRequest, OrderType

MAX_CLIENT_ORDER_ID = 64
"""Characters. Binance allows 36 and OKX 32, so an id that venues take is always shorter."""


def order_fault(request: OrderRequest, account: Account | None) -> str | None:
    """What is wrong with a new order, in words, or None."""
    if account is None or not account.is_open:
        return f"no strategy instance {request.instance!r} is running"
    if not 0 < len(request.client_order_id) <= MAX_CLIENT_ORDER_ID:
        return f"a client order id has 1 to {MAX_CLIENT_ORDER_ID} characters"
    if (request.provider, request.symbol) not in account.markets:
        return f"{request.instance} may not trade {request.symbol} on {request.provider}"
    fault = amount_fault(request.quantity)
    return f"the quantity, {request.quantity}, {fault}" if fault else _price_fault(request)


def _price_fault(request: OrderRequest) -> str | None:
    if request.type is OrderType.MARKET:
        return None if request.price is None else "a market order has no price"
    if request.price is None:
        return "a limit order needs a price"
    fault = amount_fault(request.price)
    return f"the price, {request.price}, {fault}" if fault else None


def amend_fault(amend: AmendRequest, order: Order) -> str | None:
    """What is wrong with an amend of an open order, in words, or None."""
    if order.request.type is OrderType.MARKET:
        return "a market order cannot be amended"
    for name, amount in (("price", amend.price), ("quantity", amend.quantity)):
        fault = None if amount is None else amount_fault(amount)
        if fault:
            return f"the new {name}, {amount}, {fault}"
    if amend.quantity is not None and amend.quantity <= order.filled:
        return f"{decimal_text(order.filled)} are filled already; to stop there, cancel the order"
    if (amend.price or order.request.price, amend.quantity or order.quantity) == (
        order.request.price,
        order.quantity,
    ):
        return "the amend changes nothing"
    return None


def usable_reference(reference: Decimal | None) -> Decimal | None:
    """A reference price that can be reckoned with: None for anything that is no price."""
    return None if reference is None or amount_fault(reference) else reference
