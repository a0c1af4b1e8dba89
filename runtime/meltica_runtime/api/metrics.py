"""`/metrics`: the measurements of the gateway for Prometheus."""

from __future__ import annotations

import anyio.to_thread
from fastapi import APIRouter, Request, Response

from meltica_runtime.api.dependencies import GatewayDep
from meltica_runtime.api.models import NoParameters
from meltica_runtime.telemetry.prometheus import prometheus_text

router = APIRouter(tags=["Telemetry"])


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request, gateway: GatewayDep, _: NoParameters) -> Response:
    """All measurements at this moment, in the text format or, if asked for, OpenMetrics."""
    now = gateway.snapshot()
    accept = request.headers.get("accept", "")
    text, media_type = await anyio.to_thread.run_sync(prometheus_text, gateway.graph, now, accept)
    return Response(text, headers={"Content-Type": media_type, "Cache-Control": "no-store"})
