"""The measurements through OpenTelemetry's SDK, and over HTTP to a collector.

Importing this takes about 0.3 s: only what exports imports it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
from opentelemetry.sdk.resources import Resource

from meltica_compiler.graph.graph import Graph
from meltica_runtime.telemetry.metric import Metric, MetricKind, MetricPoint
from meltica_runtime.telemetry.metrics import by_metric, points
from meltica_runtime.topology.snapshot import GatewaySnapshot

EXPORT_SECONDS = 2.0
"""Longest time that one export may take, its one retry included. It also bounds what an export adds to a
stop. A collector is near; and what does not arrive now is part of the next export."""

MAX_REASON_CHARACTERS = 160

_EXPORTER_LOGGER = "opentelemetry.exporter.otlp.proto.http.metric_exporter"
_SYSTEM_ERROR = re.compile(r"\[Errno -?\d+\] ([^'\")]+)")


class MetricsSender:
    """One graph's measurements to one collector. Used by one thread at a time; `close` it at the end.

    What the environment says of headers, certificates and compression (`OTEL_EXPORTER_OTLP_*`) and of the
    resource (`OTEL_RESOURCE_ATTRIBUTES`) holds.
    """

    def __init__(self, graph: Graph, url: str, service_name: str) -> None:
        self.graph = graph
        self._now: Mapping[Metric, Sequence[MetricPoint]] = {}
        self._known: set[Metric] = set()
        self._reader = InMemoryMetricReader()
        resource = Resource.create(
            {
                "service.name": service_name,
                "service.version": version("meltica"),
                "meltica.pipeline": graph.pipeline,
                "meltica.graph.hash": graph.hash,
            }
        )
        self._provider = MeterProvider([self._reader], resource, shutdown_on_exit=False)
        self._meter = self._provider.get_meter("meltica", version("meltica"))
        self._exporter = OTLPMetricExporter(endpoint=url, timeout=EXPORT_SECONDS)
        self._complaints = _Complaints()
        self._complaints.listen()

    def send(self, now: GatewaySnapshot) -> str:
        """Sends everything that the snapshot says; why it did not arrive, empty if it did."""
        self._now = by_metric(points(self.graph, now))
        for metric in self._now:
            self._observe(metric)
        collected = self._reader.get_metrics_data()
        assert collected is not None, "there are always measurements"
        self._complaints.forget()
        result = self._exporter.export(collected)
        return "" if result is MetricExportResult.SUCCESS else self._complaints.reason

    def close(self) -> None:
        self._exporter.shutdown()
        self._provider.shutdown()
        self._complaints.stop_listening()

    def _observe(self, metric: Metric) -> None:
        """Has an instrument for the metric, which reads the snapshot at hand."""
        if metric in self._known:
            return
        self._known.add(metric)
        create = {
            MetricKind.COUNTER: self._meter.create_observable_counter,
            MetricKind.GAUGE: self._meter.create_observable_gauge,
        }[metric.kind]
        callbacks = [self._reading(metric)]
        create(metric.name, callbacks, unit=metric.unit, description=metric.description)

    def _reading(self, metric: Metric) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def read(_: CallbackOptions) -> Iterable[Observation]:
            for point in self._now.get(metric, ()):
                yield Observation(point.value, dict(point.attributes))

        return read


class _Complaints(logging.Handler):
    """Hears what the exporter would say in the log, so that it is said once, and by whom it concerns."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.forget()

    def listen(self) -> None:
        logger = logging.getLogger(_EXPORTER_LOGGER)
        logger.addHandler(self)
        logger.propagate = False

    def stop_listening(self) -> None:
        logger = logging.getLogger(_EXPORTER_LOGGER)
        logger.removeHandler(self)
        logger.propagate = True

    def forget(self) -> None:
        self.reason = "it did not answer in time"
        self._has_heard = False

    def emit(self, record: logging.LogRecord) -> None:
        """The first complaint of an export has the cause; those after it are of the retry."""
        if self._has_heard:
            return
        self._has_heard = True
        message = record.getMessage()
        system = _SYSTEM_ERROR.search(message)
        self.reason = (system.group(1) if system else message)[:MAX_REASON_CHARACTERS]
