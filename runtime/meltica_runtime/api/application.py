"""The application: every route of the control API over one gateway."""

from __future__ import annotations

from fastapi import FastAPI

from meltica_runtime.gateway.gateway import Gateway


def create_app(gateway: Gateway) -> FastAPI:
    """The API of a gateway, inert until it is served."""
    app = FastAPI(title="Meltica control API")

    @app.get("/healthz")
    async def health() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/pipeline")
    async def pipeline() -> dict[str, str]:
        return {"name": gateway.graph.pipeline, "hash": gateway.graph.hash}

    return app
