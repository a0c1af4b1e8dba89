"""The strategies that run can be read."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio


async def test_every_instance_says_what_it_runs_and_on_which_markets(api: Any) -> None:
    instances = {one["id"]: one for one in (await api.json("/strategy/instances"))["instances"]}
    trader, watcher = instances["trader"], instances["watcher"]
    assert (trader["strategyIdentifier"], trader["strategySelector"]) == ("trader", "trader:latest")
    assert (watcher["strategyTag"], watcher["running"]) == ("latest", True)
    assert trader["strategyHash"].startswith("sha256:")
    assert trader["providers"] == ["paper"]
    assert trader["aggregatedSymbols"] == ["BTC-USDT", "ETH-USDT"]
    assert trader["usage"]["instances"] == ["trader"]
    assert trader["health"] | {"events": 0} == {
        "state": "running",
        "dryRun": False,
        "tradeOn": "paper",
        "events": 0,
        "restarts": 0,
    }


async def test_links_lead_to_the_instance_itself(api: Any) -> None:
    summary = (await api.json("/strategy/instances"))["instances"][0]
    detail = await api.json(summary["links"]["self"])
    assert detail["id"] == summary["id"]


async def test_one_instance_shows_its_module_config_and_scope(api: Any) -> None:
    detail = await api.json("/strategy/instances/trader")
    assert detail["strategy"]["identifier"] == "trader"
    assert detail["strategy"]["config"] == {}
    assert detail["scope"] == {"paper": {"symbols": ["BTC-USDT", "ETH-USDT"]}}


@pytest.mark.parametrize("tail", ["", "/orders", "/executions"])
async def test_an_unknown_instance_is_404_with_the_nearest(api: Any, tail: str) -> None:
    response = await api.get(f"/strategy/instances/trade{tail}")
    assert response.status_code == 404
    assert response.json() == {
        "error": "there is no strategy instance `trade`; did you mean `trader`?",
        "details": {"name": "trade", "known": ["trader", "watcher"]},
    }
