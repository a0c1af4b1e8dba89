"""`/strategy/instances/{id}/orders`: what became of the orders of a strategy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Query, Response
from pydantic import BeforeValidator, JsonValue

from meltica_dsl.model.value_text import decimal_text
from meltica_runtime.api.dependencies import GatewayDep, InstanceDep
from meltica_runtime.api.history import HistoryParameters, milliseconds, milliseconds_or_none
from meltica_runtime.api.models import ApiModel, json_response
from meltica_runtime.orders.order import OrderState
from meltica_runtime.store.rows import StoredOrder

router = APIRouter(tags=["Instances"])


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


State = Annotated[OrderState, BeforeValidator(_upper)]


class OrderParameters(HistoryParameters):
    """`state` may be repeated; an order in any of the states is listed."""

    state: tuple[State, ...] = ()


class OrderRecord(ApiModel):
    """Amounts are decimal strings, times milliseconds since the epoch. `quantity` and `price` are those
    that hold now; `metadata` says what was filled, at which average price and for which fees."""

    id: str
    provider: str
    strategy_instance: str
    client_order_id: str
    symbol: str
    side: str
    type: str
    quantity: str
    price: str | None = None
    state: str
    external_reference: str | None = None
    placed_at: int
    metadata: dict[str, JsonValue]
    acknowledged_at: int | None = None
    completed_at: int | None = None
    created_at: int
    updated_at: int


class OrderHistoryResponse(ApiModel):
    orders: list[OrderRecord]
    count: int


@router.get("/strategy/instances/{id}/orders", response_model=OrderHistoryResponse)
async def instance_orders(
    gateway: GatewayDep, instance: InstanceDep, parameters: Annotated[OrderParameters, Query()]
) -> Response:
    """Orders of a strategy instance, newest first, those of earlier runs included."""
    stored = await gateway.orders.list_orders(
        instance.name, parameters.limit, parameters.provider, parameters.state or None
    )
    return await anyio.to_thread.run_sync(_history, stored)


def _history(stored: Sequence[StoredOrder]) -> Response:
    """Made in a thread: the largest page takes some 40 ms."""
    records = [order_record(order) for order in stored]
    return json_response(OrderHistoryResponse(orders=records, count=len(records)))


def order_record(order: StoredOrder) -> OrderRecord:
    return OrderRecord(
        id=order.client_order_id,
        provider=order.provider,
        strategy_instance=order.instance,
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side.value,
        type=order.type.value,
        quantity=decimal_text(order.quantity),
        price=None if order.price is None else decimal_text(order.price),
        state=order.state.value,
        external_reference=order.exchange_order_id or None,
        placed_at=milliseconds(order.placed_us),
        metadata=_metadata(order),
        acknowledged_at=milliseconds_or_none(order.acknowledged_us),
        completed_at=milliseconds_or_none(order.completed_us),
        created_at=milliseconds(order.created_us),
        updated_at=milliseconds(order.updated_us),
    )


def _metadata(order: StoredOrder) -> dict[str, JsonValue]:
    metadata: dict[str, JsonValue] = {
        "timeInForce": order.time_in_force.value,
        "filledQuantity": decimal_text(order.filled),
        "fees": {asset: decimal_text(fee) for asset, fee in order.fees.items()},
        "outcomeUnknown": order.outcome_unknown,
    }
    if order.average_price is not None:
        metadata["averagePrice"] = decimal_text(order.average_price)
    if order.reason:
        metadata["reason"] = order.reason
    return metadata
