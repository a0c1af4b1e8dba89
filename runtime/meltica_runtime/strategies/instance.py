"""A strategy instance: keeps its isolate alive, drains it when there is something to read, and passes on
what it does. Whatever goes wrong in the module ends here.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import anyio

from meltica_compiler.graph.graph import StrategyNode
from meltica_compiler.records import shared_memory as at
from meltica_compiler.records.inbox_geometry import InboxGeometry
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.strategies.fault import StrategyFailed, StrategyFault
from meltica_runtime.strategies.isolate import (
    ColdEvent,
    DrainResult,
    Effect,
    Isolate,
    IsolateEnv,
    LogLine,
    StrategyFailedIn,
)
from meltica_runtime.strategies.latency import LatencyMeter

FIRST_BACKOFF_SECONDS = 0.25
LONGEST_BACKOFF_SECONDS = 30.0
HEALTHY_SECONDS = 60.0
"""A strategy that ran this long since its last start has its restarts back."""

MAX_COLD_EVENTS = 65_536
"""Cold events that wait for one strategy; more than any venue can answer before it is looked at."""


class InstanceState(Enum):
    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class InstanceStatistics:
    state: InstanceState
    events: int
    drains: int
    last_batch: int
    effects: int
    logs: int
    restarts: int
    cold_waiting: int
    cold_dropped: int
    v8_seconds: float
    latency_s: float
    """From the receipt of the last event of the last batch to the end of its handler."""
    waiting_s: float
    """How long the oldest event that waits for its handler has been waiting."""
    fault: StrategyFault | None


@dataclass(frozen=True, slots=True)
class InstanceCallbacks:
    """Where an instance's doings go. All are called on the event loop, in the order of its events."""

    effects: Callable[[StrategyNode, tuple[Effect, ...]], None]
    log: Callable[[StrategyNode, LogLine], None]
    fault: Callable[[StrategyNode, StrategyFault, bool], None]
    """The fault, and whether the instance starts again."""


class StrategyInstance:
    """`run` it in a task group; the pump calls `wake`, the execution engine `deliver`."""

    def __init__(
        self,
        node: StrategyNode,
        inbox: InboxGeometry,
        edges: tuple[EdgeRing, ...],
        env: Callable[[int], IsolateEnv],
        callbacks: InstanceCallbacks,
        clock: Callable[[], float],
        latency: LatencyMeter,
    ) -> None:
        """`edges` in the order of `inbox.rings`, those that `latency` looks at too. `env(n)` is what start
        number n is born into."""
        self.node = node
        self.edges = edges
        self._inbox = inbox
        self._env = env
        self._callbacks = callbacks
        self._clock = clock
        self.latency = latency
        self.started = anyio.Event()
        """Set once it runs for the first time, or has found out that it cannot."""
        self._isolate: Isolate | None = None
        self._cold: deque[ColdEvent] = deque()
        self._signal = anyio.Event()
        self._cut = 0.0
        self._trading = True
        self._stopping = False
        self._draining = False
        self._state = InstanceState.STARTING
        self._starts = 0
        self._events = self._drains = self._last_batch = self._effects = self._logs = 0
        self._cold_dropped = 0
        self._v8_seconds = 0.0
        self._fault: StrategyFault | None = None

    @property
    def state(self) -> InstanceState:
        return self._state

    @property
    def is_settled(self) -> bool:
        """Nothing waits to be handled, and nothing is being handled."""
        isolate = self._isolate
        if isolate is None:
            return True
        if self._cold or not all(edge.is_empty for edge in self.edges):
            return False
        # Looked at last: a drain that lingers has emptied the edges before it says so.
        return not self._draining or isolate.words[at.STATE_U32] == at.LINGERING

    def wake(self, cut: float) -> None:
        """All edges are filled up to `cut`: a drain in progress sees it, else one begins."""
        isolate = self._isolate
        if isolate is None:
            return
        self._cut = cut
        # A cold event has its place among the others, and V8 gets it with the next drain only: until then it
        # may not read beyond that place.
        before_cold = self._before_cold
        isolate.cells[at.CUT_F64] = min(cut, before_cold)
        # Behind the cut, which is behind the records: a drain that sees the change finds both.
        isolate.words[at.WAKE_U32] = (isolate.words[at.WAKE_U32] + 1) & 0xFFFF_FFFF
        if cut > before_cold:
            isolate.interrupt_linger()
            self._signal.set()
        elif not self._signal.is_set() and not all(edge.is_empty for edge in self.edges):
            self._signal.set()

    def deliver(self, event: ColdEvent) -> None:
        """Hands over a cold event. For an instance that is down it is dropped and counted: what it was
        about is in the store, and a fresh start has no memory of it."""
        if self._isolate is None or len(self._cold) >= MAX_COLD_EVENTS:
            self._cold_dropped += 1
            return
        self._cold.append(event)
        if event.seq <= self._cut:
            self._isolate.interrupt_linger()
            self._signal.set()

    def allow_trading(self, *, allowed: bool) -> None:
        """What `isTradingActive()` answers from now on."""
        self._trading = allowed
        if self._isolate is not None:
            self._isolate.words[at.TRADING_U32] = int(allowed)

    async def run(self) -> None:
        """Starts the module, and again by its policy when it fails, until `stop`.

        A cancellation ends the handler in hand; events not yet handled are dropped and counted.
        """
        left = self.node.restarts
        backoff = FIRST_BACKOFF_SECONDS
        try:
            while not self._stopping:
                began = self._clock()
                try:
                    await self._live()
                except StrategyFailed as failure:
                    if self._clock() - began > HEALTHY_SECONDS:
                        left, backoff = self.node.restarts, FIRST_BACKOFF_SECONDS
                    self._fail(failure.fault, again=left > 0)
                    if left == 0:
                        return
                    left -= 1
                    await self._pause(backoff)
                    backoff = min(2 * backoff, LONGEST_BACKOFF_SECONDS)
        finally:
            if self._state is not InstanceState.FAILED:
                self._state = InstanceState.STOPPED

    def stop(self) -> None:
        """Lets `run` return once everything offered so far is handled."""
        self._stopping = True
        if self._isolate is not None:
            self._isolate.stop_lingering()
            # Nobody may raise the cut any more.
            self.wake(max(self._cut, self._cold[-1].seq if self._cold else 0.0))
        self._signal.set()

    def statistics(self) -> InstanceStatistics:
        return InstanceStatistics(
            state=self._state,
            # A drain that lingers for long has not told yet what it did, but counts along.
            events=self._events + (int(self._isolate.cells[at.COUNT_F64]) if self._isolate else 0),
            drains=self._drains,
            last_batch=self._last_batch,
            effects=self._effects,
            logs=self._logs,
            restarts=max(0, self._starts - 1),
            cold_waiting=len(self._cold),
            cold_dropped=self._cold_dropped,
            v8_seconds=self._v8_seconds,
            latency_s=self.latency.last_us / 1e6,
            waiting_s=self.latency.waiting_us / 1e6,
            fault=self._fault,
        )

    async def _live(self) -> None:
        """One life of the isolate: from its start until it fails or `stop`."""
        self._starts += 1
        async with Isolate(self.node, self._inbox, self._env(self._starts)) as isolate:
            self._open(isolate)
            try:
                while not (self._stopping and self.is_settled):
                    await self._signal.wait()
                    await self._drain_all(isolate)
            finally:
                self._close()

    def _open(self, isolate: Isolate) -> None:
        for edge, place in zip(self.edges, self._inbox.rings, strict=True):
            edge.attach(isolate.memory[place.header_offset : place.header_offset + edge.size_bytes])
        isolate.words[at.TRADING_U32] = int(self._trading)
        isolate.cells[at.CUT_F64] = self._cut
        self._isolate = isolate
        self._state = InstanceState.RUNNING
        self.started.set()
        for line in isolate.start_logs:
            self._callbacks.log(self.node, line)

    def _close(self) -> None:
        # Before the isolate frees the memory that the rings lie in.
        assert self._isolate is not None
        self._events += int(self._isolate.cells[at.COUNT_F64])
        self._isolate = None
        for edge in self.edges:
            edge.detach()
        self._cold_dropped += len(self._cold)
        self._cold.clear()
        self._signal = anyio.Event()

    async def _drain_all(self, isolate: Isolate) -> None:
        """Drains until nothing is left to read. A new cut that comes meanwhile is seen by the next turn."""
        self._signal = anyio.Event()
        while True:
            began = self._clock()
            self._draining = True
            try:
                result = await isolate.drain(self._due_cold(isolate))
                self._account(result, began)
            except StrategyFailedIn as failure:
                self._account(failure.result, began)
                raise
            finally:
                self._draining = False
            if result.handled == 0 and self._cut <= self._before_cold:
                return

    @property
    def _before_cold(self) -> float:
        """How far V8 may read before it has the cold event that comes next."""
        return math.nextafter(self._cold[0].seq, -math.inf) if self._cold else math.inf

    def _due_cold(self, isolate: Isolate) -> tuple[ColdEvent, ...]:
        """The cold events up to the cut; only now may V8 read beyond the first of them."""
        due: list[ColdEvent] = []
        while self._cold and self._cold[0].seq <= self._cut:
            due.append(self._cold.popleft())
        isolate.cells[at.CUT_F64] = min(self._cut, self._before_cold)
        return tuple(due)

    def _account(self, result: DrainResult, began: float) -> None:
        seconds = self._clock() - began
        self._v8_seconds += seconds
        if result.handled:
            linger = self.node.linger
            waited_us = 0.0 if result.yielded or linger.always else linger.duration.us
            self.latency.batch_ended(min(waited_us, seconds * 1e6))
        self._drains += 1
        self._last_batch = result.handled
        self._effects += len(result.effects)
        self._logs += len(result.logs)
        for line in result.logs:
            self._callbacks.log(self.node, line)
        if result.effects:
            self._callbacks.effects(self.node, result.effects)

    def _fail(self, fault: StrategyFault, *, again: bool) -> None:
        self._fault = fault
        self.started.set()
        self._state = InstanceState.RESTARTING if again else InstanceState.FAILED
        self._callbacks.fault(self.node, fault, again)

    async def _pause(self, seconds: float) -> None:
        """Waits between two starts; `stop` ends the wait."""
        with anyio.move_on_after(seconds):
            while not self._stopping:
                await self._signal.wait()
                self._signal = anyio.Event()
