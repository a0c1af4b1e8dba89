"""A request that cannot be answered is told what is wrong, in one shape."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from meltica_runtime.api.errors import add_error_responses, not_found

pytestmark = pytest.mark.anyio


async def test_an_unknown_path_is_404_with_the_nearest(api: Any) -> None:
    response = await api.get("/pipelin")
    assert response.status_code == 404
    assert response.json()["error"] == "there is nothing at `/pipelin`; did you mean `/pipeline`?"
    assert "/risk/limits" in response.json()["details"]["known"]


@pytest.mark.parametrize("path", ["/", "/docs", "/pipeline/", "//", "/%00", "/strategy/instances/trader/x"])
async def test_every_path_without_an_answer_is_an_error_payload(api: Any, path: str) -> None:
    response = await api.get(path)
    assert response.status_code == 404
    assert set(response.json()) == {"error", "details"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_an_unknown_method_is_405_with_those_there_are(api: Any, method: str) -> None:
    response = await api.client.request(method, "/risk/limits")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET"
    assert response.json()["error"] == f"`/risk/limits` takes no {method}, only GET"


async def test_an_address_without_parameters_says_so(api: Any) -> None:
    response = await api.get("/pipeline?verbose=1")
    assert response.status_code == 400
    assert response.json()["error"] == "there is no parameter `verbose`; this address takes none"


async def test_several_mistakes_are_told_at_once(api: Any) -> None:
    response = await api.get("/strategy/instances/trader/orders?limit=0&foo=1")
    assert [fault["parameter"] for fault in response.json()["details"]["faults"]] == ["limit", "foo"]


async def test_long_values_are_not_repeated_whole(api: Any) -> None:
    response = await api.get("/strategy/instances/" + "x" * 5_000)
    assert response.status_code == 404
    assert len(response.text) < 1_000


async def test_a_mistake_of_ours_is_500_and_its_words_stay_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = FastAPI()
    add_error_responses(app)

    @app.get("/wrong")
    async def wrong() -> None:
        raise RuntimeError("password=hunter2")

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    with caplog.at_level(logging.ERROR, "meltica.api"):
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            response = await client.get("/wrong")
    assert response.status_code == 500
    assert response.json() == {"error": "the gateway made a mistake; its log says which", "details": {}}
    assert "GET /wrong failed" in caplog.text


def test_a_name_nothing_has_suggests_the_nearest() -> None:
    refused = not_found("provider", "binanc", ["okx", "binance"])
    assert refused.payload.error == "there is no provider `binanc`; did you mean `binance`?"
    assert refused.payload.details["known"] == ["binance", "okx"]
