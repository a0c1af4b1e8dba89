"""`/openapi.json`: the API's description of itself."""

from __future__ import annotations

import anyio.to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from meltica_runtime.api.models import NoParameters

router = APIRouter(tags=["Description"], include_in_schema=False)


@router.get("/openapi.json")
async def description(request: Request, _: NoParameters) -> Response:
    """The OpenAPI document. It is built once, off the loop."""
    return JSONResponse(await anyio.to_thread.run_sync(request.app.openapi))
