"""Trades from memory through a `where` into strategies in V8, as fast as it goes."""

from __future__ import annotations

import time
from pathlib import Path

import anyio
import numpy as np

from meltica_compiler.graph import Graph
from meltica_compiler.inbox.geometry import inbox_geometry
from meltica_compiler.layout import MAX_BATCH, record_layout
from meltica_runtime.data_plane import DataPlane, build_data_plane
from meltica_runtime.rings import Records
from meltica_runtime.strategies.instance import InstanceOutlets, StrategyInstance
from meltica_runtime.strategies.isolate import IsolateWorld

from .pipelines import replay_graph
from .table import Figure

PAUSE_SECONDS = 0.0002
"""How long the writer waits when every ring is full: V8 reads thousands of events meanwhile."""


async def measure(folder: Path, events: int) -> list[Figure]:
    """Deliveries a second to one and to four strategies, beside a bare numpy gather of the same bytes."""
    gather = bare_gather(events)
    one = await deliveries_per_second(replay_graph(folder, 1), events)
    four = await deliveries_per_second(replay_graph(folder, 4), events // 2)
    floor_name = "bare numpy gather of the same bytes"
    return [
        Figure("replay through `where` → 1 strategy", one / 1e6, "M delivered/s", 15, gather / 1e6, floor_name),
        Figure("replay through `where` → 4 strategies", four / 1e6, "M delivered/s", 25, gather / 1e6, floor_name),
    ]


async def deliveries_per_second(graph: Graph, events: int) -> float:
    """Deliveries a second over all strategies; every event passes the route's `where`."""
    plane = build_data_plane(graph)
    instances = [_instance(graph, plane, i) for i in range(len(graph.strategies))]
    pump = plane.pump({instance.node.name: instance.wake for instance in instances})
    ring = plane.ingresses["tape"]["trade"]
    block = trades(MAX_BATCH)
    async with anyio.create_task_group() as tasks:
        for instance in instances:
            tasks.start_soon(instance.run)
        for instance in instances:
            await instance.started.wait()
        began = time.perf_counter()
        while plane.sequencer.last < events:
            if ring.room() < MAX_BATCH:
                await anyio.sleep(PAUSE_SECONDS)
            else:
                first = plane.sequencer.take(MAX_BATCH)
                block["seq"] = np.arange(first, first + MAX_BATCH)
                ring.append(block)
                await anyio.sleep(0)
            pump.run()
        while any(instance.statistics().events < plane.sequencer.last for instance in instances):
            await anyio.sleep(PAUSE_SECONDS)
            pump.run()
        seconds = time.perf_counter() - began
        for instance in instances:
            instance.stop()
    return sum(instance.statistics().events for instance in instances) / seconds


def bare_gather(events: int) -> float:
    """Records a second that numpy copies by index from one ring-sized array to another."""
    source = trades(65_536).view(np.float64).reshape(-1, 8)
    target = np.empty_like(source)
    indices = np.arange(MAX_BATCH)
    began = time.perf_counter()
    for start in range(0, events, MAX_BATCH):
        place = start % 65_536
        np.take(source[place:], indices, axis=0, out=target[place : place + MAX_BATCH], mode="clip")
    return events / (time.perf_counter() - began)


def trades(count: int) -> Records:
    """Trades in one symbol whose numbers and times go up."""
    rows: Records = np.zeros(count, record_layout("trade").dtype)
    rows["time"] = 1.7e15 + np.arange(count)
    rows["price"] = 60_000 + np.arange(count) % 100 / 100
    rows["quantity"] = 0.01
    rows["trade_id"] = np.arange(count)
    rows["side"] = 1 + np.arange(count) % 2
    return rows


def _instance(graph: Graph, plane: DataPlane, number: int) -> StrategyInstance:
    node = graph.strategies[number]
    edges = [edge for edge in graph.edges if edge.target == node.name]
    world = IsolateWorld(graph.symbols, tuple(p.name for p in graph.providers), node.name, 0.0, 0)

    def fail(_node: object, fault: object, _again: object) -> None:
        raise AssertionError(str(fault))

    outlets = InstanceOutlets(lambda _node, _effects: None, lambda _node, _line: None, fail)
    rings = tuple(plane.edges[edge.id] for edge in edges)
    return StrategyInstance(node, inbox_geometry(edges), rings, lambda _n: world, outlets, time.monotonic)
