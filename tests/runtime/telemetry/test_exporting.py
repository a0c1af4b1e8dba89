"""Metrics reach a collector, and a collector that is away is no trouble."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import Any

import anyio
import anyio.to_thread
import pytest

from meltica_dsl.model.values import Duration
from meltica_runtime.config.schema import TelemetryConfig
from meltica_runtime.telemetry.exporting import CollectorAddressFault, collector_address, exporting

pytestmark = pytest.mark.anyio

EXPORTER = "opentelemetry.exporter.otlp.proto.http.metric_exporter"


def config(url: str | None, interval_ns: int = 10**8) -> TelemetryConfig:
    return TelemetryConfig(otlpEndpoint=url, exportInterval=Duration(interval_ns), serviceName="desk-1")


@pytest.fixture(autouse=True)
def _environment_without_a_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)


async def test_a_collector_gets_every_measurement_again_and_again(gateway: Any, listening: Any) -> None:
    with listening(0) as collector:
        async with exporting(gateway, config(collector.url)):
            await anyio.to_thread.run_sync(collector.wait_for, 2)
    assert set(collector.paths) == {"/v1/metrics"}
    metrics = collector.metrics()
    assert metrics["meltica.node.v8.time"].unit == "s"
    assert metrics["meltica.node.v8.time"].sum.is_monotonic
    nodes = metrics["meltica.node.up"].gauge.data_points
    attributes = [{one.key: one.value.string_value for one in point.attributes} for point in nodes]
    assert {
        "pipeline": "quickstart",
        "node": "maker",
        "kind": "strategy",
        "place": f"{gateway.graph.file}:31",
    } in attributes
    assert collector.resource()["service.name"] == "desk-1"
    assert collector.resource()["meltica.graph.hash"] == gateway.graph.hash


async def test_a_stop_sends_the_last_counts(gateway: Any, listening: Any) -> None:
    with listening(0) as collector:
        async with exporting(gateway, config(collector.url, 600 * 10**9)):
            pass
        assert len(collector.requests) == 1
    (events,) = collector.metrics()["meltica.events"].sum.data_points
    assert events.as_int > 0


async def test_a_collector_that_is_away_is_mentioned_once_and_once_more_when_it_is_back(
    gateway: Any, listening: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with listening(0) as former:
        port = int(former.url.rpartition(":")[2])

    async def said(count: int) -> None:
        with anyio.fail_after(30):
            while len(caplog.records) < count:
                await anyio.sleep(0.01)

    with caplog.at_level(logging.WARNING), ExitStack() as back:
        async with exporting(gateway, config(f"http://secret:word@127.0.0.1:{port}")):
            await said(1)
            collector = back.enter_context(listening(port))
            await anyio.to_thread.run_sync(collector.wait_for, 2)
            await said(2)
    first, second = (record.getMessage() for record in caplog.records)
    assert first.startswith(f"metrics do not reach the collector at http://127.0.0.1:{port}/v1/metrics: ")
    assert "Connection refused" in first
    assert second == f"metrics reach the collector at http://127.0.0.1:{port}/v1/metrics again"
    assert capfd.readouterr().err == ""


async def test_a_collector_that_refuses_is_quoted(
    gateway: Any, listening: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with listening(0) as collector:
        collector.status = 401
        async with exporting(gateway, config(collector.url)):
            await anyio.to_thread.run_sync(collector.wait_for, 3)
    (record,) = caplog.records
    assert "401" in record.getMessage()


async def test_a_collector_that_is_away_does_not_hold_up_a_stop(
    gateway: Any, caplog: pytest.LogCaptureFixture
) -> None:
    began = time.monotonic()
    async with exporting(gateway, config("http://127.0.0.1:9")):
        pass
    assert time.monotonic() - began < 6
    assert [record.getMessage() for record in caplog.records] == [
        "the last metrics did not reach the collector at http://127.0.0.1:9/v1/metrics: Connection refused"
    ]


async def test_a_stop_amid_a_vain_export_is_quiet(gateway: Any, capfd: pytest.CaptureFixture[str]) -> None:
    """The exporter of the SDK waits for its second attempt when the stop comes."""
    logging.getLogger("opentelemetry").addHandler(heard := logging.StreamHandler())
    try:
        async with exporting(gateway, config("http://127.0.0.1:9", 10**8)):
            with anyio.fail_after(30):
                while not logging.getLogger(EXPORTER).handlers:
                    await anyio.sleep(0.01)
    finally:
        logging.getLogger("opentelemetry").removeHandler(heard)
    assert capfd.readouterr().err == ""


async def test_a_faulty_address_of_the_environment_is_told_at_once(
    gateway: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318")
    with pytest.raises(CollectorAddressFault) as fault:
        async with exporting(gateway, config(None)):
            pass
    assert fault.value.place == "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.mark.parametrize(
    ("configured", "environ", "address"),
    [
        (None, {}, None),
        ("http://c:4318", {}, "http://c:4318/v1/metrics"),
        ("http://c:4318/otlp/", {}, "http://c:4318/otlp/v1/metrics"),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://e:4318"}, "http://e:4318/v1/metrics"),
        ("http://c", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://e"}, "http://e/v1/metrics"),
        ("http://c", {"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, "http://c/v1/metrics"),
        (None, {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://m/in"}, "http://m/in"),
        ("http://c", {"OTEL_SDK_DISABLED": "true"}, None),
    ],
)
def test_the_environment_goes_before_the_config(
    configured: str | None, environ: dict[str, str], address: str | None
) -> None:
    assert collector_address(config(configured), environ) == address


def test_the_sdk_is_imported_only_by_what_sends() -> None:
    """Its import takes 0.3 s, which a start without a collector does not have to pay."""
    source = (
        "import sys, meltica_runtime.telemetry.exporting, meltica_runtime.logs.setup\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
