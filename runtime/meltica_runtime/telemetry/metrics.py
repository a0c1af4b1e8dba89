"""Everything that is measured, under one name each, read from one snapshot of the gateway.

Names and units follow OpenTelemetry: dots between words, units in UCUM. Prometheus gets the same names as
OpenTelemetry's own rules translate them: the counter `meltica.node.v8.time` in `s` is
`meltica_node_v8_time_seconds_total`
(https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/).

Every point has the attribute `pipeline`; those of a node have `node`, `kind` and `place`, which is the
`file:line` of its declaration; those of an edge `route`, `policy` and, as `node` and `kind`, its reader.
Nothing that a venue or a strategy says becomes an attribute: there are as many series as the pipeline has
parts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from meltica_compiler.graph.graph import Graph
from meltica_runtime.telemetry.edge_metrics import edge_points
from meltica_runtime.telemetry.metric import Metric, MetricPoint, counter, gauge
from meltica_runtime.telemetry.node_metrics import node_points
from meltica_runtime.telemetry.order_metrics import order_points
from meltica_runtime.topology.snapshot import GatewaySnapshot, Phase

EVENTS = counter("meltica.events", "{event}", "Events that were given a place in the one order")
UPTIME = gauge("meltica.uptime", "s", "Time since the gateway was built")
RUNNING = gauge("meltica.running", "{gateway}", "1 while events flow, 0 while the gateway starts or stops")
RESIDENT = gauge("process.memory.usage", "By", "Memory of the process that is in RAM")

_STATM = Path("/proc/self/statm")


def points(graph: Graph, now: GatewaySnapshot) -> Iterator[MetricPoint]:
    """Every point of this moment. Reads nothing but the snapshot and the process's memory."""
    at = {"pipeline": graph.pipeline}
    yield MetricPoint(EVENTS, now.events, at)
    yield MetricPoint(UPTIME, now.uptime_s, at)
    yield MetricPoint(RUNNING, int(now.phase is Phase.RUNNING), at)
    memory = resident_bytes()
    if memory is not None:
        yield MetricPoint(RESIDENT, memory, at)
    yield from node_points(graph, now)
    yield from edge_points(graph, now)
    yield from order_points(graph, now)


def by_metric(all_points: Iterator[MetricPoint]) -> Mapping[Metric, Sequence[MetricPoint]]:
    """The points of each metric, in the order of their first."""
    grouped: dict[Metric, list[MetricPoint]] = {}
    for point in all_points:
        grouped.setdefault(point.metric, []).append(point)
    return grouped


def resident_bytes() -> int | None:
    """Bytes in RAM now; None where the system does not tell (it has no `/proc`)."""
    try:
        pages = int(_STATM.read_bytes().split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
