"""The measurements as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.core import Metric as MetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from meltica_compiler.graph.graph import Graph
from meltica_runtime.telemetry.metric import Metric, MetricKind, MetricPoint
from meltica_runtime.telemetry.metrics import by_metric, points
from meltica_runtime.topology.snapshot import GatewaySnapshot

_UNITS = {"s": "_seconds", "By": "_bytes"}


def prometheus_text(graph: Graph, now: GatewaySnapshot, accept: str) -> tuple[bytes, str]:
    """All measurements and their media type: OpenMetrics if the Accept header wants it, else plain text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(SnapshotCollector(graph, now))
    encode, media_type = choose_encoder(accept)
    return encode(registry), media_type


class SnapshotCollector(Collector):
    """One snapshot's measurements."""

    def __init__(self, graph: Graph, now: GatewaySnapshot) -> None:
        self._graph = graph
        self._now = now

    def describe(self) -> Iterator[MetricFamily]:
        """Nothing in advance: the names are not checked against other collectors, for there are none."""
        return iter(())

    def collect(self) -> Iterator[MetricFamily]:
        info = {"pipeline": self._graph.pipeline, "file": self._graph.file, "hash": self._graph.hash}
        yield InfoMetricFamily("meltica_pipeline", "The pipeline that runs", info)
        for metric, own in by_metric(points(self._graph, self._now)).items():
            yield _family(metric, own)


def prometheus_name(metric: Metric) -> str:
    """Without the `_total` of counters, which the text format adds."""
    return metric.name.replace(".", "_") + _UNITS.get(metric.unit, "")


def _family(metric: Metric, own: Sequence[MetricPoint]) -> MetricFamily:
    labels = list(own[0].attributes)
    family = _FAMILIES[metric.kind](prometheus_name(metric), metric.description, labels=labels)
    for point in own:
        assert list(point.attributes) == labels, f"points of {metric.name} have the same attributes"
        family.add_metric(list(point.attributes.values()), float(point.value))
    return family


_FAMILIES: Mapping[MetricKind, type[CounterMetricFamily] | type[GaugeMetricFamily]] = MappingProxyType(
    {MetricKind.COUNTER: CounterMetricFamily, MetricKind.GAUGE: GaugeMetricFamily}
)
