"""The rows of the tables, typed, and the domain's records that they stand for.

Times are whole microseconds since the Unix epoch. A row encodes to the JSON object that Postgres takes as a
record (`json_to_recordset`), amounts as decimal strings.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

import asyncpg
import msgspec

from meltica_dsl.model.value_text import decimal_text
from meltica_runtime.orders.executions import Executions
from meltica_runtime.orders.lifecycle import Order
from meltica_runtime.orders.limits import RiskEvent, RiskLimit, RiskStatus
from meltica_runtime.orders.order import (
    AmendRequest,
    BalanceChanged,
    Filled,
    OrderRequest,
    OrderState,
    OrderType,
    Side,
    TimeInForce,
)
from meltica_runtime.orders.write_log import PositionClosed


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the table `orders` keeps it."""

    client_order_id: str
    instance: str
    provider: str
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    price: Decimal | None
    state: OrderState
    exchange_order_id: str
    filled: Decimal
    notional: Decimal
    average_price: Decimal | None
    fees: dict[str, Decimal]
    reason: str
    amendment: AmendRequest | None
    outcome_unknown: bool
    on_paper: bool
    version: int
    placed_us: int
    acknowledged_us: int | None
    completed_us: int | None
    updated_us: int


class StoredOrder(OrderRow, frozen=True, kw_only=True):
    """`created_us`: when it was stored."""

    created_us: int


class ExecutionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A fill as the table `executions` keeps it."""

    client_order_id: str
    execution_id: str
    instance: str
    provider: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str
    is_maker: bool
    on_paper: bool
    traded_us: int


class StoredExecution(ExecutionRow, frozen=True, kw_only=True):
    """`created_us`: when it was stored."""

    created_us: int


class BalanceRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue said of an asset at a time."""

    provider: str
    asset: str
    snapshot_us: int
    total: Decimal
    available: Decimal


class StoredPosition(msgspec.Struct, frozen=True, kw_only=True):
    """What all executions of an instance in a market add up to, and the price of the last one."""

    instance: str
    provider: str
    symbol: str
    quantity: Decimal
    last_price: Decimal


class ClosedPositionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A position that went with its account, as the table `closed_positions` keeps it."""

    instance: str
    provider: str
    symbol: str
    quantity: Decimal
    closed_us: int


class RiskEventRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a risk limit did; `instance` is "" for limits that all instances share."""

    instance: str
    number: int
    status: RiskStatus
    limit_name: RiskLimit
    reason: str
    kill_switch_engaged: bool
    circuit_breaker_open: bool
    occurred_us: int


class HaltRow(msgspec.Struct, frozen=True, kw_only=True):
    """An engaged kill switch; `instance` is "" for the one that all instances share."""

    instance: str
    reason: str
    engaged_us: int


COLUMN_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "quantity": "numeric",
        "price": "numeric",
        "filled": "numeric",
        "notional": "numeric",
        "average_price": "numeric",
        "fee": "numeric",
        "total": "numeric",
        "available": "numeric",
        "fees": "jsonb",
        "amendment": "jsonb",
        "outcome_unknown": "boolean",
        "is_maker": "boolean",
        "on_paper": "boolean",
        "kill_switch_engaged": "boolean",
        "circuit_breaker_open": "boolean",
        "version": "integer",
        "number": "integer",
        "placed_us": "bigint",
        "acknowledged_us": "bigint",
        "completed_us": "bigint",
        "updated_us": "bigint",
        "traded_us": "bigint",
        "snapshot_us": "bigint",
        "closed_us": "bigint",
        "occurred_us": "bigint",
        "engaged_us": "bigint",
    }
)
"""The columns that are not text."""


def order_row(order: Order) -> OrderRow:
    request = order.request
    return OrderRow(
        client_order_id=request.client_order_id,
        instance=request.instance,
        provider=request.provider,
        symbol=request.symbol,
        side=request.side,
        type=request.type,
        time_in_force=request.time_in_force,
        quantity=request.quantity,
        price=request.price,
        state=order.state,
        exchange_order_id=order.exchange_order_id,
        filled=order.filled,
        notional=order.notional,
        average_price=order.average_price,
        fees=dict(order.fees),
        reason=storable(order.reason),
        amendment=order.amendment,
        outcome_unknown=order.outcome_unknown,
        on_paper=order.on_paper,
        version=order.version,
        placed_us=round(request.placed_us),
        acknowledged_us=_rounded(order.acknowledged_us),
        completed_us=_rounded(order.completed_us),
        updated_us=round(order.updated_us),
    )


def execution_row(order: Order, fill: Filled) -> ExecutionRow:
    request = order.request
    return ExecutionRow(
        client_order_id=fill.client_order_id,
        execution_id=fill.execution_id,
        instance=request.instance,
        provider=request.provider,
        symbol=request.symbol,
        side=request.side,
        quantity=fill.quantity,
        price=fill.price,
        fee=fill.fee,
        fee_asset=fill.fee_asset,
        is_maker=fill.is_maker,
        on_paper=order.on_paper,
        traded_us=round(fill.time_us),
    )


def balance_row(change: BalanceChanged) -> BalanceRow:
    return BalanceRow(
        provider=change.provider,
        asset=change.asset,
        snapshot_us=round(change.time_us),
        total=change.total,
        available=change.available,
    )


def closed_position_row(closed: PositionClosed) -> ClosedPositionRow:
    return ClosedPositionRow(
        instance=closed.instance,
        provider=closed.provider,
        symbol=closed.symbol,
        quantity=closed.quantity,
        closed_us=round(closed.time_us),
    )


def risk_event_row(event: RiskEvent) -> RiskEventRow:
    return RiskEventRow(
        instance=event.instance or "",
        number=event.number,
        status=event.status,
        limit_name=event.limit,
        reason=storable(event.reason),
        kill_switch_engaged=event.kill_switch_engaged,
        circuit_breaker_open=event.circuit_breaker_open,
        occurred_us=round(event.time_us),
    )


def halt_row(event: RiskEvent) -> HaltRow:
    return HaltRow(
        instance=event.instance or "",
        reason=storable(event.reason),
        engaged_us=round(event.time_us),
    )


def order_of(row: OrderRow, execution_ids: tuple[str, ...]) -> Order:
    """The order that a row stands for, as it was when it was stored."""
    request = OrderRequest(
        client_order_id=row.client_order_id,
        instance=row.instance,
        provider=row.provider,
        symbol=row.symbol,
        side=row.side,
        type=row.type,
        quantity=row.quantity,
        price=row.price,
        time_in_force=row.time_in_force,
        placed_us=float(row.placed_us),
    )
    return Order(
        request,
        state=row.state,
        exchange_order_id=row.exchange_order_id,
        filled=row.filled,
        notional=row.notional,
        fees=tuple(row.fees.items()),
        executions=Executions(execution_ids),
        acknowledged_us=_as_float(row.acknowledged_us),
        completed_us=_as_float(row.completed_us),
        updated_us=float(row.updated_us),
        reason=row.reason,
        amendment=row.amendment,
        outcome_unknown=row.outcome_unknown,
        on_paper=row.on_paper,
        version=row.version,
    )


def stored_order(record: asyncpg.Record) -> StoredOrder:
    return msgspec.convert(_values(record, StoredOrder), StoredOrder)


def stored_execution(record: asyncpg.Record) -> StoredExecution:
    return msgspec.convert(_values(record, StoredExecution), StoredExecution)


def stored_position(record: asyncpg.Record) -> StoredPosition:
    return msgspec.convert(_values(record, StoredPosition), StoredPosition)


def storable(text: str) -> str:
    """The text without the one character that Postgres cannot keep."""
    return text.replace("\0", "")


def _values(record: asyncpg.Record, row: type[msgspec.Struct]) -> dict[str, object]:
    return {name: _value(name, record[name]) for name in row.__struct_fields__}


def _value(column: str, value: object) -> object:
    """Postgres pads amounts to the scale of their column; the padding is taken off again."""
    if isinstance(value, Decimal):
        return Decimal(decimal_text(value))
    if isinstance(value, str) and COLUMN_TYPES.get(column) == "jsonb":
        return msgspec.json.decode(value)
    return value


def _rounded(time_us: float | None) -> int | None:
    return None if time_us is None else round(time_us)


def _as_float(time_us: int | None) -> float | None:
    return None if time_us is None else float(time_us)
