"""The application: every endpoint of the control API over one gateway."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI

from meltica_compiler.passes.options import CompileOptions
from meltica_runtime.api import (
    apply,
    description,
    drawing,
    executions,
    health,
    instances,
    metrics,
    orders,
    pipeline,
    providers,
    risk,
)
from meltica_runtime.api.dependencies import attach_gateway
from meltica_runtime.api.drawing import Drawings
from meltica_runtime.api.errors import ApiErrorPayload, add_error_responses
from meltica_runtime.api.request_limits import RequestLimits
from meltica_runtime.topology.gateway import Gateway

_ENDPOINTS = (
    health,
    pipeline,
    apply,
    drawing,
    providers,
    instances,
    orders,
    executions,
    risk,
    metrics,
    description,
)


def create_app(gateway: Gateway, options: CompileOptions) -> FastAPI:
    """The API of a gateway, inert until it is served. `options` are those of its file, for files to come.
    Every endpoint is a coroutine that leaves the loop whatever takes longer than a few milliseconds."""
    app = FastAPI(
        title="Meltica control API",
        version=version("meltica"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses={"default": {"model": ApiErrorPayload, "description": "What is wrong, and what helps"}},
    )
    attach_gateway(app, gateway, options)
    app.state.drawings = Drawings()
    for endpoint in _ENDPOINTS:
        app.include_router(endpoint.router)
    add_error_responses(app)
    app.add_middleware(RequestLimits)
    return app
