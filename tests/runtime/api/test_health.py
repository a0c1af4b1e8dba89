"""Liveness and readiness say what they mean."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

pytestmark = pytest.mark.anyio

LOOKING_ON = """
pipeline looking_on
provider paper { adapter = fake, symbols = [BTC-USDT], seed = 7, rate = 1_000/s }
pool market { events = 64, on_full = drop_oldest }
route trades via market = paper.trade -> watcher
strategy watcher = "watcher:latest"
"""
FAILING = LOOKING_ON.replace('"watcher:latest"', '"broken:latest" { restarts = 0 }')


async def test_a_gateway_that_does_its_work_is_alive_and_ready(api: Any) -> None:
    assert await api.json("/healthz") == {"status": "alive"}
    assert await api.json("/readyz") == {"status": "ready", "phase": "running"}


async def test_a_failed_strategy_makes_the_gateway_unready_and_says_why(
    serve: Any, migrated_dsn: str, until: Any
) -> None:
    async with serve(migrated_dsn, FAILING) as api:

        async def is_unready() -> bool:
            return (await api.get("/readyz")).status_code == 503

        await until(is_unready)
        answer = (await api.get("/readyz")).json()
        (reason,) = answer["details"]["reasons"]
        assert reason.startswith("strategy watcher has failed: ")
        assert "out of luck" in reason
        assert reason in answer["error"]
        assert (await api.get("/healthz")).status_code == 200
        detail = await api.json("/strategy/instances/watcher")
        assert detail["running"] is False
        assert "out of luck" in detail["health"]["fault"]


async def test_without_its_store_the_gateway_is_alive_but_not_ready(
    serve: Any, migrated_dsn: str, postgres_server: Any
) -> None:
    async with serve(migrated_dsn, LOOKING_ON) as api:
        administration = await asyncpg.connect(postgres_server.dsn)
        await administration.execute(f"DROP DATABASE {urlsplit(migrated_dsn).path[1:]} WITH (FORCE)")
        await administration.close()
        ready = await api.get("/readyz")
        assert ready.status_code == 503
        assert any("the store is gone" in reason for reason in ready.json()["details"]["reasons"])
        orders = await api.get("/strategy/instances/watcher/orders")
        assert orders.status_code == 503
        assert orders.json()["details"]["help"]
        assert (await api.get("/healthz")).status_code == 200


async def test_a_gateway_that_stops_is_not_ready(serve: Any, migrated_dsn: str, until: Any) -> None:
    async with serve(migrated_dsn, LOOKING_ON) as api:
        api.gateway.stop()

        async def is_stopped() -> bool:
            answer = (await api.get("/readyz")).json()
            return "it is stopped" in answer.get("details", {}).get("reasons", [])

        await until(is_stopped)
