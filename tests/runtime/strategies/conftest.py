"""A strategy in its isolate, with rings to write to and the strategy's log to hear it by."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import anyio
import pytest

from meltica_compiler.graph.graph import Edge, ModuleInfo, StrategyNode
from meltica_compiler.records import shared_memory as at
from meltica_compiler.records.inbox_geometry import inbox_geometry
from meltica_compiler.records.layout import record_layout, ring_bytes
from meltica_dsl.model.pipeline import FullPolicy, Linger
from meltica_dsl.model.values import Duration, Size
from meltica_dsl.text.source import Location
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.strategies.fault import StrategyFailed
from meltica_runtime.strategies.isolate import ColdEvent, Isolate, IsolateEnv

PLACE = Location("test.mel", 1, 1)
SYMBOLS = ("BTC-USDT", "ETH-USDT", "SOL-EUR")
PROVIDERS = ("binance", "okx")
START_US = 1_700_000_000_000_000.0


def module(handlers, setup=""):
    """The source of a module with these handlers; `env` and what `setup` declares are theirs."""
    return (
        'module.exports = { metadata: { name: "probe", tag: "v1" }, create(env) {\n'
        f"const log = env.helpers.log, runtime = env.runtime; {setup}\nreturn {{\n{handlers}\n}}; }} }};\n"
    )


def strategy(source, **changes):
    fields = {
        "id": "strategy:probe",
        "name": "probe",
        "selector": "probe:v1",
        "module": ModuleInfo("probe", "v1", "0" * 64, "strategies/probe.js", source, "Probe", "", ("trade",)),
        "config": {},
        "trade_on": "okx",
        "trade_symbols": ("ETH-USDT", "BTC-USDT"),
        "risk": None,
        "dry_run": False,
        "linger": Linger(Duration(0)),
        "memory": Size(64 * 2**20),
        "drain_limit": Duration(2_000_000_000),
        "restarts": 3,
        "inbox_bytes": 0,
        "location": PLACE,
    }
    return StrategyNode(**{**fields, **changes})


def graph_edge(name="e0", event="trade", policy=FullPolicy.BLOCK, capacity=64, depth=0):
    layout = record_layout(event, depth)
    size = ring_bytes(event, depth, capacity)
    return Edge(
        name, "r", "probe", "strategy", event, "pool", policy, capacity, depth, layout.size, size, 0, PLACE
    )


def ring_of(edge):
    layout = record_layout(edge.event, edge.depth)
    return EdgeRing(
        layout=layout,
        source=layout,
        capacity=edge.capacity,
        policy=edge.policy,
        streams=len(SYMBOLS) * len(PROVIDERS),
    )


def env(**changes):
    fields = {
        "symbols": SYMBOLS,
        "providers": PROVIDERS,
        "order_prefix": "probe-1",
        "start_us": START_US,
        "seed": 7,
    }
    return IsolateEnv(**{**fields, **changes})


class Bench:
    """An open isolate, its rings by number, and everything it logged."""

    def __init__(self, isolate, rings):
        self.isolate = isolate
        self.drain_by = isolate.drain
        self.rings = rings
        self.logs = [line.text for line in isolate.start_logs]
        self.effects = []

    def offer(self, rows, ring=0):
        self.rings[ring].offer(rows, None)
        self.cut(float(rows["seq"][-1]))

    def cut(self, cut):
        self.isolate.cells[at.CUT_F64] = cut

    async def drain(self, *cold, limit=16_384):
        result = await self.drain_by(tuple(cold), limit)
        self.logs.extend(line.text for line in result.logs)
        self.effects.extend(result.effects)
        return result

    async def drain_all(self, *cold, limit=16_384):
        result = await self.drain(*cold, limit=limit)
        while result.handled:
            result = await self.drain(limit=limit)

    @property
    def documents(self):
        return [json.loads(text) for text in self.logs]


@asynccontextmanager
async def opened(source, *edges, settings=None, **changes):
    """A `Bench` of a module with this source. `changes` are of its env, `settings` of its node."""
    edges = edges or (graph_edge(),)
    inbox = inbox_geometry(edges)
    async with Isolate(strategy(source, **(settings or {})), inbox, env(**changes)) as isolate:
        isolate.words[at.TRADING_U32] = 1
        rings = [ring_of(edge) for edge in edges]
        for ring, place in zip(rings, inbox.rings, strict=True):
            ring.attach(isolate.memory[place.header_offset : place.header_offset + ring.size_bytes])
        try:
            yield Bench(isolate, rings)
        finally:
            for ring in rings:
                ring.detach()


def cold(seq, handler="onRiskControl", extra=None, **payload):
    return ColdEvent(seq, START_US + seq, handler, {"type": "RiskControl", "payload": payload}, extra)


def play(source, rows=None, *, limit=16_384, settings=None, **changes):
    """Everything that a module logs and does with these trades."""

    async def main():
        async with opened(source, settings=settings, **changes) as bench:
            if rows is not None:
                bench.offer(rows)
                await bench.drain_all(limit=limit)
            return bench

    return anyio.run(main)


def fault_of(source, rows=None, **settings):
    with pytest.raises(StrategyFailed) as failed:
        play(source, rows, settings=settings)
    return failed.value.fault


@pytest.fixture(scope="session")
def lab():
    return SimpleNamespace(
        module=module,
        strategy=strategy,
        edge=graph_edge,
        ring_of=ring_of,
        env=env,
        opened=opened,
        play=play,
        fault_of=fault_of,
        cold=cold,
        root=Path(__file__).parents[3],
        start_us=START_US,
        symbols=SYMBOLS,
        providers=PROVIDERS,
    )
