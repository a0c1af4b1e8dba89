"""One test at work: its events through the gateway's own rings, kernels, isolates and execution engine.

The events of one moment come together, before anybody reads: so what a pool cannot hold is lost here as it
is in a gateway whose readers are behind. Between two moments everybody reads all there is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

import anyio
import numpy as np

from meltica_compiler.graph.graph import Graph
from meltica_compiler.records.layout import MAX_BATCH
from meltica_dsl.model.scenario import Expectation, Scenario
from meltica_runtime.clock import no_clock
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.ingress_ring import Indices, Records
from meltica_runtime.dataplane.market_batch import MarketBatch, cut_together
from meltica_runtime.dataplane.plane import build_data_plane
from meltica_runtime.dataplane.ring_reader import RingReader
from meltica_runtime.dataplane.route_flow import RouteFlow
from meltica_runtime.simulation.opening import StartState, open_trading
from meltica_runtime.simulation.trader import SimulatedTrader
from meltica_runtime.simulation.trading import SessionSettings, SimulatedTrading
from meltica_runtime.simulation.virtual import SimulatedVenue
from meltica_runtime.simulation.windows import Window
from meltica_runtime.strategies.fault import StrategyFailed
from meltica_runtime.strategies.isolate import StrategyFailedIn
from meltica_runtime.testing.clock import QUIET, START_US, at_us
from meltica_runtime.testing.fault_injection import FaultInjectingVenue, outages, refusals
from meltica_runtime.testing.ring_watch import RingWatch
from meltica_runtime.testing.run_record import EventRecords, Failure, RunRecord
from meltica_runtime.testing.schedule import MomentGroup, moment_groups
from meltica_runtime.testing.timeline import Timeline


async def run_scenario(
    graph: Graph,
    scenario: Scenario,
    timelines: Mapping[str, Timeline],
    batch: int = MAX_BATCH,
    settings: SessionSettings | None = None,
) -> RunRecord:
    """Runs a test to its end: what every node saw and did. `batch` is the most events that anything handles
    at once; it changes nothing but the speed."""
    run = _ScenarioRun(graph, scenario, timelines, batch, settings or SessionSettings())
    async with AsyncExitStack() as stack:
        return await run.run(stack)


class _ScenarioRun:
    def __init__(
        self,
        graph: Graph,
        scenario: Scenario,
        timelines: Mapping[str, Timeline],
        batch: int,
        settings: SessionSettings,
    ) -> None:
        self._graph = graph
        self._scenario = scenario
        self._timelines = timelines
        self._batch = batch
        self._settings = settings
        self._end_us = _end_us(scenario, timelines)
        self._plane = build_data_plane(graph, Ingest(no_clock))
        self._pump = self._plane.pump({})
        self._rings = [self._plane.ingresses[provider.name] for provider in graph.providers]
        self._run_record = RunRecord()
        self._times: list[float] = []
        self._down = {name: outages(scenario, name) for name in timelines}
        self._running: dict[str, _RunningStrategy] = {}
        self._tradings: list[SimulatedTrading] = []
        self._window = Window(1, np.empty(0))
        self._readers: dict[str, RingReader] = {}
        for name, flow in self._plane.flows.items():
            flow.tap = partial(self._saw_route, name)

    async def run(self, stack: AsyncExitStack) -> RunRecord:
        for edge in self._graph.edges:
            if edge.target_kind == "sink":
                self._readers[edge.id] = RingReader(self._plane.edges[edge.id])
        start = StartState(START_US, 0)
        self._tradings = open_trading(self._plane, start, self._batch, self._settings, self._venue)
        started = [trader for trading in self._tradings for trader in trading.traders]
        self._run_record.transcripts = {trader.node.name: trader.transcript for trader in started}
        for trading in self._tradings:
            trading.failed = self._failed
            for trader in tuple(trading.traders):
                if not await self._enter(trader, stack):
                    trading.traders.remove(trader)
        parts = list(moment_groups(self._graph, self._timelines, self._limit(), self._end_us))
        await self._read(Window(1, np.empty(0)), {}, parts[0].start_us if parts else self._end_us)
        for group in parts:
            await self._close_windows(group.start_us)
            await self._play(group)
        await self._close_windows(self._end_us)
        self._run_record.times = np.array(self._times)
        return self._run_record

    def _limit(self) -> int:
        """Events of a group of moments: as many as the smallest ring holds."""
        rings = [ring.capacity for own in self._rings for ring in own.values()]
        return min([self._batch, *rings, *(edge.capacity for edge in self._plane.edges.values())])

    def _venue(self, provider: str, paper: SimulatedVenue) -> SimulatedVenue:
        return FaultInjectingVenue(paper, self._down[provider], refusals(self._scenario, provider))

    async def _enter(self, trader: SimulatedTrader, stack: AsyncExitStack) -> bool:
        """Starts a strategy; whether it runs. One that does not start is down."""
        name = trader.node.name
        try:
            await stack.enter_async_context(trader)
        except StrategyFailed as failed:
            self._run_record.failures[name] = Failure(START_US, failed.fault)
            return False
        edges = self._graph.index.edges_to(name)
        watches = {
            edge.id: RingWatch(self._plane.edges[edge.id], memory)
            for edge, memory in zip(edges, trader.inbox_memory(), strict=True)
        }
        flows = tuple(self._plane.flows[edge.route] for edge in edges)
        self._running[name] = _RunningStrategy(watches, flows)
        return True

    # --- time

    def _next_due_us(self) -> float:
        """When the next stage lets go of something that it holds back."""
        return min((flow.due_us() for flow in self._plane.flows.values()), default=math.inf)

    async def _close_windows(self, until_us: float) -> None:
        """Lets stages let go of what is due up to a moment, and everybody read it."""
        while (due_us := self._next_due_us()) <= until_us:
            first = self._plane.ingest.last_seq + 1
            self._pump.tick(due_us)
            count = self._plane.ingest.last_seq + 1 - first
            self._times += [due_us] * count
            await self._play_on([], Window(first, np.full(count, due_us)), {}, until_us)

    async def _play(self, group: MomentGroup) -> None:
        """Lets the events of a group arrive, and everybody read them."""
        arriving = [self._arriving(provider.name, group) for provider in self._graph.providers]
        times = np.sort(np.concatenate([batch.times() for batch in arriving]), kind="stable")
        window = Window(self._plane.ingest.last_seq + 1, times)
        self._times += times.tolist()
        size = min([self._batch, *(ring.capacity for own in self._rings for ring in own.values())])
        await self._play_on(list(cut_together(arriving, size)), window, group.batches, group.next_us)

    def _arriving(self, provider: str, group: MomentGroup) -> MarketBatch:
        """What of a group reaches the gateway: all that routes ask for, while the provider is connected."""
        batch = group.batches[provider]
        there = batch.where(~self._down[provider].holding(batch.times()))
        return there.only(self._plane.ingresses[provider])

    async def _play_on(
        self,
        waiting: list[tuple[MarketBatch, ...]],
        window: Window,
        happened: Mapping[str, MarketBatch],
        next_us: float,
    ) -> None:
        """Lets everybody read until nothing of a window is left, nor of what waits to be written.

        `happened` is what the venues have to know of, `next_us` when the next events come.
        """
        while True:
            # Who does not block takes all of a moment at once, and loses what it has no room for.
            while waiting and self._have_room(waiting[0]):
                self._plane.ingest.write_merged(waiting.pop(0), self._rings)
                self._pump.run()
            is_whole = not waiting and self._pump.is_idle and not self._is_held()
            start_us = float(window.times[0]) if len(window.times) else START_US
            end_us = min(next_us, self._next_due_us()) if is_whole else start_us
            await self._read(window, happened, end_us)
            if is_whole:
                return
            happened = {}
            for edge in self._plane.edges.values():
                edge.flush_waiting()
            self._pump.run()

    def _have_room(self, batches: Sequence[MarketBatch]) -> bool:
        return all(
            len(rows) <= own[event].room()
            for batch, own in zip(batches, self._rings, strict=True)
            for event, rows in batch.rows.items()
        )

    def _is_held(self) -> bool:
        """Whether something waits outside a ring for room in it."""
        return any(not math.isinf(edge.first_held_seq) for edge in self._plane.edges.values())

    # --- reading

    async def _read(self, window: Window, happened: Mapping[str, MarketBatch], end_us: float) -> None:
        """Lets everybody read what the rings hold, of a window that is complete up to `end_us`."""
        for edge_id, reader in self._readers.items():
            while len(rows := reader.take(MAX_BATCH)):
                self._saw_edge(edge_id, rows)
        self._window = window
        async with anyio.create_task_group() as tasks:
            for running in self._running.values():
                for watch in running.watches.values():
                    watch.look()
            for trading in self._tradings:
                tasks.start_soon(self._act, trading, window, happened, end_us)
        for running in self._running.values():
            for edge_id, watch in running.watches.items():
                self._saw_edge(edge_id, watch.read().copy())
        for name in self._run_record.failures:
            self._running.pop(name, None)

    async def _act(
        self, trading: SimulatedTrading, window: Window, happened: Mapping[str, MarketBatch], end_us: float
    ) -> None:
        """Lets strategies go through what of the window is in all of their rings."""
        running = [self._running[trader.node.name] for trader in trading.traders]
        cut = min((flow.cut for one in running for flow in one.flows), default=math.inf)
        count = int(min(len(window.times), max(0.0, cut - window.first + 1)))
        part = Window(window.first, window.times[:count])
        if count < len(window.times):
            end_us = min(end_us, float(window.times[count]))
        await trading.go_through(part, happened, end_us)

    def _failed(self, trader: SimulatedTrader, failed: StrategyFailed) -> None:
        """Notes that a strategy is down. What it does not read any more holds nobody up."""
        node = trader.node
        self._run_record.failures[node.name] = Failure(self._time_of(failed, self._window), failed.fault)
        for edge in self._graph.index.edges_into(node.id):
            self._plane.edges[edge.id].detach()

    def _time_of(self, failed: StrategyFailed, window: Window) -> float:
        """When a strategy failed: at the event in hand, where that is known."""
        if isinstance(failed, StrategyFailedIn) and failed.result.fault is not None:
            number = math.floor(failed.result.fault.seq)
            return self._times[number - 1] if number > 0 else START_US
        return float(window.times[-1]) if len(window.times) else START_US

    # --- looking on

    def _saw_route(self, name: str, records: Records, chosen: Indices | None) -> None:
        rows = records.copy() if chosen is None else records[chosen]
        if len(rows):
            event = self._plane.flows[name].node.gives
            self._run_record.routed.setdefault(name, []).append(EventRecords(event, rows))

    def _saw_edge(self, edge_id: str, rows: Records) -> None:
        if len(rows):
            event = self._plane.edges[edge_id].layout.event
            self._run_record.read.setdefault(edge_id, []).append(EventRecords(event, rows))


@dataclass
class _RunningStrategy:
    """What looks on at the rings of a strategy that runs, and the routes that lead to it."""

    watches: dict[str, RingWatch]
    flows: tuple[RouteFlow, ...]


def _end_us(scenario: Scenario, timelines: Mapping[str, Timeline]) -> float:
    """A test ends some time after the last that is said to happen."""
    ends = [START_US, *(float(timeline.times[-1]) for timeline in timelines.values() if len(timeline.times))]
    for step in scenario.steps:
        if isinstance(step, Expectation):
            ends += [at_us(step.until)] if step.until is not None else []
        else:
            ends.append(at_us(step.at))
    return max(ends) + QUIET.us
