"""One strategy on virtual time: its isolate, its inbox, and the transcript of all it did and was told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from msgspec.structs import replace

from meltica_compiler.graph.graph import StrategyNode
from meltica_compiler.records import shared_memory as at
from meltica_compiler.records.inbox_geometry import InboxGeometry
from meltica_dsl.model.pipeline import Linger
from meltica_dsl.model.values import Duration
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.orders.outcomes import OrderUpdate
from meltica_runtime.simulation.virtual import BETWEEN, VirtualClock
from meltica_runtime.strategies.drain_channel import DrainChannel
from meltica_runtime.strategies.isolate import (
    ColdEvent,
    DrainResult,
    Effect,
    Isolate,
    IsolateEnv,
    LogLine,
)


@dataclass
class Transcript:
    """Everything that a strategy did and was told, in order; `events` counts what it handled.

    `acted_us` is the time of each effect. `cold` are the cold events it was told, each with the time when;
    `denials` says of orders that were denied which limit did, or why else, by client order id.
    """

    effects: list[Effect] = field(default_factory=list)
    acted_us: list[float] = field(default_factory=list)
    updates: list[OrderUpdate] = field(default_factory=list)
    logs: list[LogLine] = field(default_factory=list)
    cold: list[tuple[float, ColdEvent]] = field(default_factory=list)
    denials: dict[str, str] = field(default_factory=dict)
    events: int = 0


class SimulatedTrader:
    """Use as an async context manager, within the loop that simulates."""

    def __init__(
        self,
        node: StrategyNode,
        inbox: InboxGeometry,
        edges: tuple[EdgeRing, ...],
        env: IsolateEnv,
        clock: VirtualClock,
        drain_events: int,
    ) -> None:
        """`drain_events` is the most events of one drain."""
        self.node = node
        self.transcript = Transcript()
        self._inbox = inbox
        self._edges = edges
        # Nothing comes while a drain of virtual time is under way, so there is nothing to linger for.
        self._isolate = Isolate(replace(node, linger=Linger(Duration(0))), inbox, env)
        self._drain: Callable[[tuple[ColdEvent, ...], int], Awaitable[DrainResult]] = self._isolate.drain
        self._stack = AsyncExitStack()
        self._clock = clock
        self._drain_events = drain_events
        self._trading = True
        self._is_open = False
        self._has_more = False
        self._cold: list[ColdEvent] = []

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._isolate)
        self._is_open = True
        self.allow_trading(allowed=self._trading)
        for edge, memory in zip(self._edges, self.inbox_memory(), strict=True):
            edge.attach(memory)
        self.transcript.logs.extend(self._isolate.start_logs)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_open = False
        for edge in self._edges:
            edge.detach()
        await self._stack.__aexit__(kind, error, trace)

    async def open_drain_channel(self) -> None:
        """From now on its isolate waits for what comes next, on a core of its own."""
        self._drain = (await self._stack.enter_async_context(DrainChannel(self._isolate))).drain

    def inbox_memory(self) -> tuple[memoryview, ...]:
        """The memory of each of its edges' rings, once it is entered."""
        places = zip(self._inbox.rings, self._edges, strict=True)
        return tuple(
            self._isolate.memory[place.header_offset : place.header_offset + edge.size_bytes]
            for place, edge in places
        )

    @property
    def is_quiet(self) -> bool:
        """Nothing waits for it, neither records nor cold events, those included that a drain has taken along
        and left when it ended at an effect."""
        return not self._has_more and not self._cold and all(edge.is_empty for edge in self._edges)

    @property
    def has_cold(self) -> bool:
        return bool(self._cold)

    def deliver(self, event: ColdEvent) -> None:
        """Lets the next drain handle a cold event."""
        self._cold.append(event)
        self.transcript.cold.append((self._clock.now_us, event))

    def allow_trading(self, *, allowed: bool) -> None:
        """What `isTradingActive()` answers from now on."""
        self._trading = allowed
        if self._is_open:
            self._isolate.words[at.TRADING_U32] = int(allowed)

    async def drain(self, place: int) -> DrainResult:
        """Handles events up to a place and the cold events behind it; ends at the first that it acts upon.
        Raises `StrategyFailed`, and then `StrategyFailedIn` with what it did before, which still counts."""
        self._isolate.cells[at.CUT_F64] = place + BETWEEN
        cold, self._cold = tuple(self._cold), []
        result = await self._drain(cold, self._drain_events)
        self._has_more = not self.is_through(result)
        return result

    def is_through(self, result: DrainResult) -> bool:
        """Whether the drain that had this result has read all there was."""
        return not result.yielded and result.handled < self._drain_events

    def note(self, result: DrainResult) -> None:
        """Takes what a drain did into the transcript."""
        self.transcript.events += result.handled
        self.transcript.logs.extend(result.logs)
        self.transcript.effects.extend(result.effects)
