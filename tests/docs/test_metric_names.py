"""The metrics that the page on operations names are those that a gateway gives."""

from __future__ import annotations

import re
from pathlib import Path

from meltica_runtime.telemetry import edge_metrics, node_metrics, order_metrics
from meltica_runtime.telemetry.metric import Metric
from meltica_runtime.telemetry.prometheus import prometheus_name

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


def test_each_metric_on_the_page_is_there() -> None:
    modules = (edge_metrics, node_metrics, order_metrics)
    metrics = [one for module in modules for one in vars(module).values() if isinstance(one, Metric)]
    given = {prometheus_name(one) for one in metrics}
    named = set(re.findall(r"`(meltica_[a-z_]+[a-z])`", PAGE.read_text("utf-8")))
    assert len(named) > 5
    assert {name for name in named if name.removesuffix("_total") not in given} == set()
