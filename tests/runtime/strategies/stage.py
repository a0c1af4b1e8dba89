"""A strategy instance in its task, the hand that feeds it, and what it told."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio

from meltica_compiler.records.inbox_geometry import inbox_geometry
from meltica_runtime.strategies.instance import (
    InstanceCallbacks,
    InstanceState,
    StrategyInstance,
)
from meltica_runtime.strategies.latency import LatencyMeter


class SkippingLoop(asyncio.SelectorEventLoop):
    # Time goes on by itself, and by a leap of so many seconds where a test says so.
    skipped = 0.0

    def time(self):
        return super().time() + self.skipped


@dataclass
class Stage_:
    """One instance, what it told, and the hand that feeds it."""

    instance: StrategyInstance
    edges: list
    make_trades: object
    logs: list = field(default_factory=list)
    effects: list = field(default_factory=list)
    faults: list = field(default_factory=list)
    starts: list = field(default_factory=list)
    now: float = 0.0
    seq: int = 0

    def offer(self, count=1, edge=0, stream=0):
        self.seq += count
        self.edges[edge].offer(self.make_trades(range(self.seq - count + 1, self.seq + 1), stream), None)
        self.wake()

    def wake(self):
        """What the pump does after each step."""
        for edge in self.edges:
            edge.flush_waiting()
        self.instance.wake(min([self.seq, *(edge.first_held_seq - 1 for edge in self.edges)]))

    async def until(self, condition):
        with anyio.fail_after(20):
            while not condition():
                await anyio.sleep(0.001)

    @property
    def has_ended(self):
        return self.instance.state in (InstanceState.FAILED, InstanceState.STOPPED)

    async def running(self):
        await self.until(lambda: self.instance.state is InstanceState.RUNNING)

    async def settled(self):
        await self.until(lambda: self.instance.is_settled)


def build(lab, make_trades, source, edges=(), **settings):
    edges = edges or (lab.edge(),)
    rings = [lab.ring_of(edge) for edge in edges]

    def env(start):
        stage.starts.append(start)
        return lab.env(order_prefix=f"probe-{start}")

    callbacks = InstanceCallbacks(
        effects=lambda _node, effects: stage.effects.extend(effects),
        log=lambda _node, line: stage.logs.append(line.text),
        fault=lambda _node, fault, again: stage.faults.append((fault, again)),
    )
    node = lab.strategy(lab.module(source, "let seen = 0;"), **settings)
    latency = LatencyMeter(rings, lambda: stage.now * 1e6)
    instance = StrategyInstance(
        node, inbox_geometry(edges), tuple(rings), env, callbacks, lambda: stage.now, latency
    )
    stage = Stage_(instance, rings, make_trades)
    return stage


@asynccontextmanager
async def started(*stages):
    """Instances running side by side; they are stopped, and their tasks end, behind the block."""
    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            for stage in stages:
                tasks.start_soon(stage.instance.run)
            for stage in stages:
                await stage.instance.started.wait()
            yield
            for stage in stages:
                stage.instance.stop()


def run(main):
    return anyio.run(main, backend_options={"loop_factory": SkippingLoop})


async def skip(seconds):
    """Lets time leap, and everything happen that is due then."""
    asyncio.get_running_loop().skipped += seconds
    for _ in range(5):
        await anyio.lowlevel.checkpoint()
