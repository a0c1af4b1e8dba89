"""The strategies that run can be read."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from meltica_runtime.api import instances
from meltica_runtime.cli.live_view import Header, render_view
from meltica_runtime.telemetry.node_metrics import node_points

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
    measured = {"events": 0, "latencyUs": 0, "waitingUs": 0, "overLatencyBudget": False}
    assert trader["health"] | measured == measured | {
        "state": "running",
        "dryRun": False,
        "tradeOn": "paper",
        "restarts": 0,
        "latencyBudgetUs": 2_000,
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


async def test_an_instance_that_is_too_slow_says_so_everywhere(api: Any) -> None:
    gateway = api.gateway
    node = gateway.graph.strategies[0]
    now = gateway.snapshot()
    slow = replace(now.strategies[node.name], latency_s=0.25)
    health = instances._health(gateway.graph, node, slow)
    assert (health.latency_us, health.latency_budget_us, health.over_latency_budget) == (250_000, 2_000, True)
    later = replace(now, strategies={**now.strategies, node.name: slow})
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(render_view(Header("p", "none"), gateway.graph, later, None))
    assert "250 ms, over the budget" in console.export_text()
    points = {(p.metric.name, p.attributes["node"]): p.value for p in node_points(gateway.graph, later)}
    assert points["meltica.node.latency", node.name] == 0.25
    assert points["meltica.node.latency.budget", node.name] == 0.002
