"""What is measured is what the gateway counts, under names that hold everywhere."""

from __future__ import annotations

import re
from typing import Any

import pytest

from meltica_runtime.telemetry.metric import MetricKind
from meltica_runtime.telemetry.metrics import by_metric, points, resident_bytes
from meltica_runtime.telemetry.prometheus import prometheus_name, prometheus_text

pytestmark = pytest.mark.anyio


async def test_points_have_the_values_of_the_snapshot(gateway: Any) -> None:
    now = gateway.snapshot()
    found = {(one.metric.name, *one.attributes.values()): one.value for one in points(gateway.graph, now)}
    place = f"{gateway.graph.file}:31"
    maker = ("quickstart", "maker", "strategy", place)
    assert found["meltica.events", "quickstart"] == now.events
    assert found["meltica.node.events.in", *maker] == now.strategies["maker"].events
    assert found["meltica.node.v8.time", *maker] == now.strategies["maker"].v8_seconds
    assert found["meltica.orders", "quickstart", "placed"] == now.orders.engine.placed
    assert found["meltica.orders.unrecorded", "quickstart", "maker"] == 0
    assert found["meltica.journal.entries", "quickstart"] == now.orders.commit.entries
    assert found["meltica.venue.requests", "quickstart", "paper", "sent"] == now.orders.venues[0].sent


async def test_of_each_edge_nothing_is_lost_from_the_count(gateway: Any) -> None:
    found = by_metric(points(gateway.graph, gateway.snapshot()))
    sums: dict[str, float] = {}
    for metric, own in found.items():
        if metric.name.startswith("meltica.edge.events."):
            sums[metric.name.removeprefix("meltica.edge.events.")] = sum(one.value for one in own)
    assert sums["in"] == sums["out"] + sums["dropped"] + sums["waiting"]
    reasons = {
        one.attributes["reason"]
        for m, own in found.items()
        if m.name.endswith("edge.events.dropped")
        for one in own
    }
    assert reasons == {"full", "conflated"}


async def test_names_follow_one_scheme(gateway: Any) -> None:
    found = by_metric(points(gateway.graph, gateway.snapshot()))
    names = [metric.name for metric in found]
    assert len(set(names)) == len(names)
    for metric in found:
        assert re.fullmatch(r"(meltica|process)(\.[a-z0-9_]+)+", metric.name)
        assert re.fullmatch(r"s|By|\{[a-z]+\}", metric.unit)
        assert not metric.description.endswith(".")
    assert len({prometheus_name(metric) for metric in found}) == len(names)


async def test_points_of_a_measurement_differ_in_their_attributes_only(gateway: Any) -> None:
    for own in by_metric(points(gateway.graph, gateway.snapshot())).values():
        assert len({tuple(one.attributes) for one in own}) == 1
        assert len({tuple(one.attributes.values()) for one in own}) == len(own)


async def test_counters_never_fall(gateway: Any) -> None:
    first, second = (
        {(p.metric, *p.attributes.values()): p.value for p in points(gateway.graph, gateway.snapshot())}
        for _ in range(2)
    )
    for series, value in first.items():
        if series[0].kind is MetricKind.COUNTER:
            assert second[series] >= value


async def test_prometheus_gets_units_and_totals_as_suffixes(gateway: Any) -> None:
    text, media_type = prometheus_text(gateway.graph, gateway.snapshot(), "")
    assert media_type.startswith("text/plain")
    lines = text.decode().splitlines()
    assert any(line.startswith('meltica_node_v8_time_seconds_total{kind="strategy"') for line in lines)
    assert any(line.startswith("process_memory_usage_bytes{") for line in lines)
    assert any(line.startswith("meltica_node_lag_seconds{") for line in lines)
    assert f'hash="{gateway.graph.hash}"' in text.decode()


def test_the_process_holds_memory() -> None:
    memory = resident_bytes()
    assert memory is None or 10_000_000 < memory < 100_000_000_000
