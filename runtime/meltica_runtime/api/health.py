"""`/healthz` says that the process answers; `/readyz` that the gateway does its work."""

from __future__ import annotations

import anyio
from fastapi import APIRouter, Response

from meltica_runtime.api.dependencies import GatewayDep
from meltica_runtime.api.errors import ApiErrorPayload
from meltica_runtime.api.models import ApiModel, NoParameters, json_response
from meltica_runtime.store.faults import DatabaseUnreachable
from meltica_runtime.store.pool import Database
from meltica_runtime.strategies.instance import InstanceState
from meltica_runtime.topology.snapshot import GatewaySnapshot, Phase
from meltica_runtime.venues.live_provider import ProviderState

STORE_SECONDS = 2.0
"""How long the store may take to answer; shorter than the patience of what asks for readiness."""

router = APIRouter(tags=["Health"])


class Health(ApiModel):
    status: str


class Readiness(ApiModel):
    status: str
    phase: str


@router.get("/healthz", response_model=Health)
async def healthz(_: NoParameters) -> Response:
    """The process is alive and its event loop turns."""
    return json_response(Health(status="alive"))


@router.get("/readyz", response_model=Readiness, responses={503: {"model": ApiErrorPayload}})
async def readyz(gateway: GatewayDep, _: NoParameters) -> Response:
    """The store answers, events flow, every provider runs and no strategy has failed. Otherwise 503, and
    `details.reasons` says what is missing."""
    now = gateway.snapshot()
    reasons = [*unready_reasons(now), *await _store_reasons(gateway.database)]
    if not reasons:
        return json_response(Readiness(status="ready", phase=now.phase.value))
    details = ApiErrorPayload(
        error="the gateway is not ready: " + "; ".join(reasons), details={"reasons": [*reasons]}
    )
    return json_response(details, 503)


def unready_reasons(now: GatewaySnapshot) -> tuple[str, ...]:
    """What keeps the gateway's own nodes from being ready."""
    reasons = [] if now.phase is Phase.RUNNING else [f"it is {now.phase.value}"]
    for name, provider in now.providers.items():
        if provider.state is not ProviderState.RUNNING:
            why = f": {provider.error}" if provider.error else ""
            reasons.append(f"provider {name} is {provider.state.value}{why}")
    for name, strategy in now.strategies.items():
        if strategy.state is InstanceState.FAILED:
            reasons.append(f"strategy {name} has failed: {strategy.fault}")
    if now.orders.commit.error:
        reasons.append(f"orders are not stored: {now.orders.commit.error}")
    return tuple(reasons)


async def _store_reasons(database: Database) -> tuple[str, ...]:
    try:
        with anyio.fail_after(STORE_SECONDS):
            async with database.connection() as connection:
                await connection.fetchval("SELECT 1")
    except DatabaseUnreachable as fault:
        return (f"the store is gone: {fault.message}",)
    except TimeoutError:
        return (f"the store did not answer within {STORE_SECONDS:g} s",)
    return ()
