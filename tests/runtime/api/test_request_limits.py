"""One request can cost only so much."""

from __future__ import annotations

from typing import Any

import anyio
import httpx
import pytest
from fastapi import FastAPI

from meltica_runtime.api import request_limits
from meltica_runtime.api.request_limits import MAX_BODY_BYTES, RequestLimits

pytestmark = pytest.mark.anyio


async def test_a_body_that_is_too_large_is_refused(api: Any) -> None:
    response = await api.client.request("GET", "/healthz", content=b"x" * (MAX_BODY_BYTES + 1))
    assert response.status_code == 413
    assert response.json()["error"] == "a request's body has at most 65536 bytes"


async def test_a_body_within_the_limit_does_no_harm(api: Any) -> None:
    response = await api.client.request("GET", "/healthz", content=b"x" * 1_000)
    assert response.status_code == 200


async def test_a_slow_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_limits, "REQUEST_SECONDS", 0.05)
    app = FastAPI()
    app.add_middleware(RequestLimits)
    was_cancelled = False

    @app.get("/slow")
    async def slow() -> None:
        nonlocal was_cancelled
        try:
            await anyio.sleep_forever()
        finally:
            was_cancelled = True

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        response = await client.get("/slow")
    assert response.status_code == 504
    assert response.json()["error"] == "there was no answer within 0.05 s; try again"
    assert was_cancelled
