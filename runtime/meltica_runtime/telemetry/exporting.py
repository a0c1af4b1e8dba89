"""Metrics on their way to a collector, for as long as a gateway runs."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from meltica_compiler.graph.graph import Graph
from meltica_runtime.config.schema import TelemetryConfig
from meltica_runtime.environment_fault import EnvironmentFault
from meltica_runtime.topology.gateway import Gateway

if TYPE_CHECKING:
    from meltica_runtime.telemetry.otlp import MetricsSender

_log = logging.getLogger("meltica.telemetry")


class CollectorAddressFault(EnvironmentFault):
    """An environment variable names a collector that nothing can be sent to."""


@asynccontextmanager
async def exporting(gateway: Gateway, config: TelemetryConfig) -> AsyncIterator[None]:
    """Sends the gateway's metrics to the collector that the config or the environment names, if any:
    every `export_interval`, and once more at the end. An export that fails loses nothing: the next one
    carries the same counts, grown.

    A collector that is away is mentioned once, and once more when it is back. Raises
    `CollectorAddressFault`.
    """
    address = collector_address(config, os.environ)
    if address is None:
        yield
        return
    exporter = _Exporter(gateway, config, address)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(exporter.run)
            yield
            tasks.cancel_scope.cancel()
    finally:
        await exporter.finish()


def collector_address(config: TelemetryConfig, environ: Mapping[str, str]) -> str | None:
    """The URL that metrics are posted to.

    The environment goes before the config, as it does for the database. `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT`
    is the whole URL; the two others are the collector's, to which the signal's path is added
    (https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp).
    """
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    whole = environ.get("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "").strip()
    if whole:
        return _checked(whole, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
    root = environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip()
    root = _checked(root, "OTEL_EXPORTER_OTLP_ENDPOINT") if root else (config.otlp_endpoint or "")
    return f"{root.rstrip('/')}/v1/metrics" if root else None


def _checked(url: str, variable: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise CollectorAddressFault(
            "metrics cannot be sent: the collector's address is no URL",
            place=variable,
            help="set it to a URL such as `http://localhost:4318`, or unset it",
        )
    return url


class _Exporter:
    """One gateway's metrics to one collector. Snapshots are taken on the loop; a thread does the rest."""

    def __init__(self, gateway: Gateway, config: TelemetryConfig, address: str) -> None:
        self._gateway = gateway
        self._config = config
        self._address = address
        self._place = _without_credentials(address)
        self._sender: MetricsSender | None = None
        self._is_away = False

    async def run(self) -> None:
        """Exports every interval until cancelled; an export under way then comes to its end. Importing the
        SDK waits until the first export is due, so that it does not hold up a start."""
        while True:
            await anyio.sleep(self._config.export_interval.seconds)
            self._say(await self._send())

    async def finish(self) -> None:
        """Exports a last time, unless the collector is known to be away, and closes the connection."""
        with anyio.CancelScope(shield=True):
            trouble = "" if self._is_away else await self._send()
            if trouble:
                _log.warning("the last metrics did not reach the collector at %s: %s", self._place, trouble)
            if self._sender is not None:
                await anyio.to_thread.run_sync(self._sender.close)

    async def _send(self) -> str:
        """Why the metrics of now did not arrive, empty if they did."""
        if self._sender is not None and self._sender.graph is not self._gateway.graph:
            await anyio.to_thread.run_sync(self._sender.close)
            self._sender = None
        if self._sender is None:
            self._sender = await anyio.to_thread.run_sync(self._open, self._gateway.graph)
        # The graph may have changed while the sender was opened: its nodes are those of the next turn.
        if self._sender.graph is not self._gateway.graph:
            return ""
        return await anyio.to_thread.run_sync(self._sender.send, self._gateway.snapshot())

    def _say(self, trouble: str) -> None:
        if trouble and not self._is_away:
            seconds = self._config.export_interval.seconds
            _log.warning(
                "metrics do not reach the collector at %s: %s; tried again every %g s, without further words",
                self._place,
                trouble,
                seconds,
            )
        elif self._is_away and not trouble:
            _log.warning("metrics reach the collector at %s again", self._place)
        self._is_away = bool(trouble)

    def _open(self, graph: Graph) -> MetricsSender:
        from meltica_runtime.telemetry.otlp import MetricsSender  # noqa: PLC0415 - it takes 0.3 s

        return MetricsSender(graph, self._address, self._config.service_name)


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
