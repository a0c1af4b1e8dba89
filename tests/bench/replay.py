"""Trades from memory through a `where` into strategies in V8, as fast as it goes."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

import anyio
import numpy as np
import uvloop

from meltica_compiler.graph.graph import Graph
from meltica_compiler.records.layout import MAX_BATCH, record_layout
from meltica_runtime.dataplane.ingress_ring import Records

from .pipelines import replay_graph
from .rig import PAUSE_SECONDS, running
from .scale import Scale
from .table import Figure, Section

EVENTS = 20_000_000
RING = 65_536
METHOD = """\
20 million synthetic trades of 64 bytes are written into the ingress ring in blocks of 8,192, pass
`where symbol == BTC-USDT and quantity >= 0.001`, and are delivered to handlers in V8 that add
prices up; with several strategies each event counts once for each. Python pumps while V8 reads. The
floor is `numpy.take` of the same records by index from one ring-sized array into another, on one
core. The cost of one more subscriber is the difference in wall time between eight strategies and
one."""


def measure(folder: Path, scale: Scale) -> Section:
    events = scale.of(EVENTS, least=2 * MAX_BATCH)
    graphs = {n: replay_graph(folder, n) for n in (1, 4, 8)}
    gather, rates, cpu = [], {n: [] for n in graphs}, {n: [] for n in graphs}
    for _ in range(scale.repeats):
        gather.append(bare_gather(events))
        for n, graph in graphs.items():
            rate, cpu_ns = uvloop.run(deliveries_per_second(graph, events // n))
            rates[n].append(rate)
            cpu[n].append(cpu_ns)
    one, four, eight = (median(rates[n]) for n in (1, 4, 8))
    floor, floor_name = median(gather) / 1e6, "numpy gather"
    extra_ns = (8 / eight - 1 / one) / 7 * 1e9
    cpu_ns = min(cpu[1])
    return Section(
        "Replay: records in memory → `where` → strategies in V8",
        METHOD,
        (
            Figure("1 strategy", one / 1e6, "M delivered/s", 15, floor, floor_name),
            Figure("4 strategies", four / 1e6, "M delivered/s", 25, floor, floor_name),
            Figure("8 strategies", eight / 1e6, "M delivered/s", None, floor, floor_name),
            Figure("1 strategy: processor time, both threads", cpu_ns, "ns an event", less_is_better=True),
            Figure("one more subscriber", extra_ns, "ns an event", 100, less_is_better=True),
        ),
    )


async def deliveries_per_second(graph: Graph, events: int) -> tuple[float, float]:
    """Deliveries a second over all strategies, where every event passes the route's `where`; and for each the
    processor time of all threads, in nanoseconds."""
    block = trades(MAX_BATCH)
    async with running(graph) as rig:
        ingest, ring = rig.plane.ingest, rig.plane.ingresses["tape"]["trade"]
        began, worked = time.perf_counter(), time.process_time()
        while ingest.last_seq < events:
            if ring.room() < MAX_BATCH:
                await anyio.sleep(PAUSE_SECONDS)
            else:
                first = ingest.next_seqs(MAX_BATCH)
                block["seq"] = np.arange(first, first + MAX_BATCH)
                ring.append(block)
                await anyio.sleep(0)
            rig.pump.run()
        deliveries = ingest.last_seq * len(graph.strategies)
        await rig.handled(deliveries)
        seconds, worked_s = time.perf_counter() - began, time.process_time() - worked
    return deliveries / seconds, worked_s / deliveries * 1e9


def bare_gather(events: int) -> float:
    """Records a second that numpy copies by index from one ring-sized array to another."""
    source = trades(RING).view(np.float64).reshape(-1, 8)
    target = np.empty_like(source)
    indices = np.arange(MAX_BATCH)
    began = time.perf_counter()
    for start in range(0, events, MAX_BATCH):
        place = start % RING
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
