"""What runs can be read node by node and edge by edge."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio


async def test_the_pipeline_says_what_it_is_and_what_it_may_use(api: Any) -> None:
    view = await api.json("/pipeline")
    graph = api.gateway.graph
    assert (view["name"], view["file"], view["hash"]) == ("desk", "pipelines/desk.mel", graph.hash)
    assert view["imports"] == []
    assert view["phase"] == "running"
    assert view["symbols"] == ["BTC-USDT", "ETH-USDT"]
    assert view["budgets"] == {
        "memoryBytes": graph.total_bytes,
        "memoryBudgetBytes": 64 * 1024 * 1024,
        "latencyBudgetUs": 2_000.0,
    }


async def test_nodes_stand_in_the_order_of_flow_with_state_place_and_counts(api: Any) -> None:
    nodes = (await api.json("/pipeline"))["nodes"]
    assert [(one["kind"], one["name"]) for one in nodes] == [
        ("provider", "paper"),
        ("route", "trades"),
        ("strategy", "trader"),
        ("strategy", "watcher"),
    ]
    assert {one["state"] for one in nodes} == {"running"}
    provider, route, trader, _ = nodes
    assert provider["place"] == "pipelines/desk.mel:4"
    assert provider["counts"]["tradeEvents"] > 0
    assert route["counts"]["eventsIn"] >= route["counts"]["eventsOut"] > 0
    assert trader["counts"]["effects"] == 3


async def test_edges_show_their_policy_and_how_full_they_are(api: Any) -> None:
    edges = (await api.json("/pipeline"))["edges"]
    assert [(one["route"], one["target"], one["policy"]) for one in edges] == [
        ("trades", "trader", "drop_oldest"),
        ("trades", "watcher", "drop_oldest"),
    ]
    for edge in edges:
        assert edge["capacity"] == 1_024
        assert edge["fill"] == edge["waiting"] / 1_024
        assert edge["offered"] > 0


async def test_counts_only_grow(api: Any) -> None:
    first = await api.json("/pipeline")
    second = await api.json("/pipeline")
    assert second["events"] >= first["events"]
    assert second["uptimeSeconds"] > first["uptimeSeconds"]
