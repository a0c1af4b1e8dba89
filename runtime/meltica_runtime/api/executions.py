"""`/strategy/instances/{id}/executions`: the fills of a strategy's orders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Query, Response
from pydantic import JsonValue

from meltica_dsl.model.value_text import decimal_text
from meltica_runtime.api.dependencies import GatewayDep, InstanceDep
from meltica_runtime.api.history import HistoryParameters, Name, milliseconds
from meltica_runtime.api.models import ApiModel, json_response
from meltica_runtime.store.rows import StoredExecution

router = APIRouter(tags=["Instances"])


class ExecutionParameters(HistoryParameters):
    """`orderId` is the client order id."""

    order_id: Name | None = None


class ExecutionRecord(ApiModel):
    """Amounts are decimal strings, times milliseconds since the epoch. `liquidity` is `maker` for a fill
    whose order waited in the book, otherwise `taker`."""

    order_id: str
    provider: str
    strategy_instance: str
    execution_id: str
    quantity: str
    price: str
    fee: str
    fee_asset: str | None = None
    liquidity: str
    traded_at: int
    metadata: dict[str, JsonValue]
    created_at: int


class ExecutionHistoryResponse(ApiModel):
    executions: list[ExecutionRecord]
    count: int


@router.get("/strategy/instances/{id}/executions", response_model=ExecutionHistoryResponse)
async def instance_executions(
    gateway: GatewayDep, instance: InstanceDep, parameters: Annotated[ExecutionParameters, Query()]
) -> Response:
    """Fills of a strategy instance's orders, newest first, those of earlier runs included."""
    stored = await gateway.orders.list_executions(
        instance.name, parameters.limit, parameters.provider, parameters.order_id
    )
    return await anyio.to_thread.run_sync(_history, stored)


def _history(stored: Sequence[StoredExecution]) -> Response:
    """Made in a thread: the largest page takes some 30 ms."""
    records = [execution_record(execution) for execution in stored]
    return json_response(ExecutionHistoryResponse(executions=records, count=len(records)))


def execution_record(execution: StoredExecution) -> ExecutionRecord:
    return ExecutionRecord(
        order_id=execution.client_order_id,
        provider=execution.provider,
        strategy_instance=execution.instance,
        execution_id=execution.execution_id,
        quantity=decimal_text(execution.quantity),
        price=decimal_text(execution.price),
        fee=decimal_text(execution.fee),
        fee_asset=execution.fee_asset or None,
        liquidity="maker" if execution.is_maker else "taker",
        traded_at=milliseconds(execution.traded_us),
        metadata={"symbol": execution.symbol, "side": execution.side.value},
        created_at=milliseconds(execution.created_us),
    )
