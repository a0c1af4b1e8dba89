"""Prometheus can read the gateway."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as text_format

pytestmark = pytest.mark.anyio


async def test_the_text_is_what_prometheus_parses(api: Any) -> None:
    response = await api.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    families = {family.name: family for family in text_format(response.text)}
    (trader,) = [
        one
        for one in families["meltica_node_up"].samples
        if one.labels
        == {"pipeline": "desk", "node": "trader", "kind": "strategy", "place": "pipelines/desk.mel:10"}
    ]
    assert trader.value == 1
    placed = [one for one in families["meltica_orders"].samples if one.labels["outcome"] == "placed"]
    assert [(one.name, one.value) for one in placed] == [("meltica_orders_total", 2)]


async def test_open_metrics_come_when_asked_for(api: Any) -> None:
    response = await api.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert response.headers["content-type"].startswith("application/openmetrics-text")
    assert "meltica_pipeline" in {family.name for family in open_metrics(response.text)}
