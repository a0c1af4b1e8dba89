"""The quickstart's gateway on a real store, and a collector that takes what it is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Thread
from typing import Any

import anyio
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from meltica_compiler.compile import compile_file
from meltica_compiler.passes.options import CompileOptions
from meltica_runtime.store.pool import PoolLimits, open_database
from meltica_runtime.topology.gateway import Gateway, GatewayOptions

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
async def gateway(module_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """Runs until the last test of the module; its maker has a fill."""
    options = CompileOptions(ROOT / "strategies", False, {})
    graph = compile_file(ROOT / "pipelines" / "quickstart.mel", options).graph
    assert graph is not None
    async with open_database(module_dsn, PoolLimits()) as database:
        running = Gateway(graph, database, GatewayOptions(tmp_path_factory.mktemp("project")))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(running.serve)
            with anyio.fail_after(60):
                while not running.snapshot().orders.engine.fills:
                    await anyio.sleep(0.01)
            yield running
            running.stop()


@dataclass
class Collector:
    """What was posted, decoded. `status` is what it answers."""

    url: str = ""
    status: int = 200
    requests: list[ExportMetricsServiceRequest] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    arrived: Condition = field(default_factory=Condition)

    def take(self, path: str, body: bytes) -> None:
        with self.arrived:
            self.paths.append(path)
            self.requests.append(ExportMetricsServiceRequest.FromString(body))
            self.arrived.notify_all()

    def wait_for(self, count: int) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.requests) >= count, timeout=10)

    def metrics(self) -> dict[str, Any]:
        """The metrics of the last request, by name."""
        (resource,) = self.requests[-1].resource_metrics
        (scope,) = resource.scope_metrics
        return {metric.name: metric for metric in scope.metrics}

    def resource(self) -> dict[str, str]:
        attributes = self.requests[-1].resource_metrics[0].resource.attributes
        return {one.key: one.value.string_value for one in attributes}


@contextmanager
def _listening(port: int) -> Iterator[Collector]:
    collector = Collector()

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(collector.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Taker)
    collector.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def listening() -> Any:
    """Opens a collector on a port, for the length of a block."""
    return _listening
