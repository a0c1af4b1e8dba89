"""A graph's data plane with its strategies in V8 around it, without a gateway's store and providers."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import anyio

from meltica_compiler.graph.graph import Graph
from meltica_compiler.records.inbox_geometry import inbox_geometry
from meltica_runtime.clock import no_clock
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.plane import DataPlane, build_data_plane
from meltica_runtime.dataplane.pump import Pump
from meltica_runtime.strategies.instance import InstanceCallbacks, StrategyInstance
from meltica_runtime.strategies.isolate import IsolateEnv
from meltica_runtime.strategies.latency import LatencyMeter

PAUSE_SECONDS = 0.0002
"""How long a writer waits when every ring is full: V8 reads thousands of events meanwhile."""


@dataclass(frozen=True)
class Rig:
    plane: DataPlane
    pump: Pump
    instances: tuple[StrategyInstance, ...]

    @property
    def delivered(self) -> int:
        """Events handled over all strategies."""
        return sum(instance.statistics().events for instance in self.instances)

    async def handled(self, events: int) -> None:
        """Waits until so many deliveries are handled."""
        while self.delivered < events:
            await anyio.sleep(PAUSE_SECONDS)
            self.pump.run()


@asynccontextmanager
async def running(graph: Graph) -> AsyncIterator[Rig]:
    """The strategies started, and the garbage collector as the gateway sets it."""
    plane = build_data_plane(graph, Ingest(no_clock))
    instances = tuple(_instance(graph, plane, i) for i in range(len(graph.strategies)))
    rig = Rig(plane, plane.pump({instance.node.name: instance.wake for instance in instances}), instances)
    async with anyio.create_task_group() as tasks:
        for instance in instances:
            tasks.start_soon(instance.run)
        for instance in instances:
            await instance.started.wait()
        with quiet_garbage_collector():
            yield rig
        for instance in instances:
            instance.stop()


@contextmanager
def quiet_garbage_collector() -> Iterator[None]:
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


@contextmanager
def on_one_core() -> Iterator[None]:
    """Holds this process, all its threads and those that they start, to one core."""
    before = os.sched_getaffinity(0)
    _pin({max(before)})
    try:
        yield
    finally:
        _pin(before)


def _pin(cores: set[int]) -> None:
    for task in Path("/proc/self/task").iterdir():
        with suppress(ProcessLookupError):  # a thread that has just ended
            os.sched_setaffinity(int(task.name), cores)


def _instance(graph: Graph, plane: DataPlane, number: int) -> StrategyInstance:
    node = graph.strategies[number]
    edges = [edge for edge in graph.edges if edge.target == node.name]
    env = IsolateEnv(graph.symbols, tuple(p.name for p in graph.providers), node.name, 0.0, 0)

    def fail(_node: object, fault: object, _again: object) -> None:
        raise AssertionError(str(fault))

    callbacks = InstanceCallbacks(lambda _node, _effects: None, lambda _node, _line: None, fail)
    rings = tuple(plane.edges[edge.id] for edge in edges)
    latency = LatencyMeter(rings, lambda: time.time() * 1e6)
    return StrategyInstance(
        node, inbox_geometry(edges), rings, lambda _n: env, callbacks, time.monotonic, latency
    )
