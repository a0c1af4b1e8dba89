"""Sinks, edges to feed them by, and a clock that a test moves."""

from __future__ import annotations

import resource
import signal
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import anyio
import pytest

from meltica_compiler.graph.graph import SinkNode
from meltica_compiler.records.layout import record_layout
from meltica_dsl.model.pipeline import FullPolicy
from meltica_dsl.text.source import Location
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.sinks.opening import open_sink
from meltica_runtime.sinks.sink import SinkContext

SYMBOLS = ("BTC-USDT", "ETH-USDT", "SOL-EUR")
PROVIDERS = ("binance", "okx")
NOON_US = 1_700_049_600_000_000.0
"""2023-11-15T12:00:00Z"""
DEFAULTS = {
    "log": {"level": "info", "limit": 100.0},
    "parquet": {"path": "tape/{date}/{event}.parquet", "rows": 65_536, "flush": 10.0},
}


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def edge(event="trade", capacity=64, policy=FullPolicy.BLOCK, depth=0):
    layout = record_layout(event, depth)
    return EdgeRing(
        layout=layout,
        source=layout,
        capacity=capacity,
        policy=policy,
        streams=len(SYMBOLS) * len(PROVIDERS),
    )


def context(project, clock=None):
    return SinkContext(SYMBOLS, PROVIDERS, Path(project), clock or Clock())


def opened(kind, edges, project, clock=None, **settings):
    node = SinkNode("sink:tape", "tape", kind, {**DEFAULTS[kind], **settings}, Location("test.mel", 1, 1))
    return open_sink(node, tuple(edges), context(project, clock))


def written(sink, offers):
    """Runs a sink over `offers`, pairs of edge and records, until it has written them all."""

    async def main():
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(sink.run)
                for edge, rows in offers:
                    while edge.room() < len(rows) and edge.policy is FullPolicy.BLOCK:
                        await anyio.lowlevel.checkpoint()
                    edge.offer(rows, None)
                    sink.wake(0.0)
                sink.stop()
        return sink.statistics()

    return anyio.run(main)


@pytest.fixture(scope="session")
def shop():
    return SimpleNamespace(
        symbols=SYMBOLS,
        providers=PROVIDERS,
        noon_us=NOON_US,
        clock=Clock,
        edge=edge,
        context=context,
        opened=opened,
        written=written,
    )


@pytest.fixture
def disk_of():
    """Limits how large a file of this process may get, as a full disk would; None is the way it was."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(
        resource.RLIMIT_FSIZE, before if size is None else (size, before[1])
    )
    signal.signal(signal.SIGXFSZ, ignored)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    """Lifts the limit with the test, and not with its fixture: pytest's own report goes to a file too."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        return (yield)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
