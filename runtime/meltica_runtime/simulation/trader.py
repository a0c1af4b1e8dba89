"""One strategy on virtual time, with a paper account of its own.

Where its venue answers within a window, the drain stops at that very place and goes on behind it; an
order is placed at the event that the strategy made it at. So nothing depends on where windows end.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from msgspec.structs import replace

from meltica_compiler.graph.graph import StrategyNode
from meltica_compiler.records import shared_memory as at
from meltica_compiler.records.inbox_geometry import InboxGeometry
from meltica_dsl.model.pipeline import Linger
from meltica_dsl.model.values import Duration
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.dataplane.market_batch import MarketBatch
from meltica_runtime.execution.engine import ExecutionEngine
from meltica_runtime.orders.limits import RiskEvent
from meltica_runtime.orders.order import (
    AmendRequest,
    BalanceChanged,
    CancelRequest,
    OrderRequest,
    VenueReport,
)
from meltica_runtime.orders.outcomes import (
    AmendAccepted,
    CancelAccepted,
    Denied,
    DryRun,
    OrderUpdate,
    Placed,
)
from meltica_runtime.simulation.windows import Window
from meltica_runtime.strategies.cold_events import (
    balance_event,
    execution_event,
    instrument_event,
    risk_event,
)
from meltica_runtime.strategies.drain_channel import DrainChannel
from meltica_runtime.strategies.isolate import (
    ColdEvent,
    DrainResult,
    Effect,
    Isolate,
    IsolateEnv,
    LogLine,
    StrategyFailedIn,
)
from meltica_runtime.strategies.requests import reference_price, trade_request
from meltica_runtime.venues.venue import Instrument


class SimulatedVenue(Protocol):
    """A paper venue, or one that something stands before; see `PaperVenue` for what each of these does."""

    def submit(self, order: OrderRequest, now_us: float) -> None: ...

    def cancel(self, client_order_id: str, now_us: float) -> None: ...

    def amend(
        self, client_order_id: str, price: Decimal | None, quantity: Decimal | None, now_us: float
    ) -> None: ...

    def feed(self, batch: MarketBatch) -> None: ...

    def next_report_us(self) -> float: ...

    def advance(self, until_us: float) -> Sequence[VenueReport]: ...

    def settle(self, now_us: float) -> None: ...


_BETWEEN = 0.5
"""A cold event stands between the event that caused it and the next."""


@dataclass
class Transcript:
    """Everything that a strategy did and was told, in order; `events` counts what it handled.

    `acted_us` is the time of each effect. `cold` are the cold events it was told, each with the time when;
    `denials` says of orders that the engine refused which limit did, or why else, by client order id.
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
        venue: SimulatedVenue | None,
        instruments: tuple[Instrument, ...],
        drain_events: int,
    ) -> None:
        """`venue` is None for strategies that do not trade, and then there are no `instruments`, the trading
        rules there; `drain_events` is the most events of one drain."""
        self.node = node
        self.transcript = Transcript()
        self._inbox = inbox
        self._edges = edges
        self._venue = venue
        self._engine = ExecutionEngine()
        # Nothing comes while a drain of virtual time is under way, so there is nothing to linger for.
        self._isolate = Isolate(replace(node, linger=Linger(Duration(0))), inbox, env)
        self._drain: Callable[[tuple[ColdEvent, ...], int], Awaitable[DrainResult]] = self._isolate.drain
        self._stack = AsyncExitStack()
        self._drain_events = drain_events
        self._now_us = env.start_us
        self._window = Window(1, np.empty(0))
        self._cold: list[ColdEvent] = []
        for instrument in instruments:
            if node.trade_on is not None and instrument.symbol in node.trade_symbols:
                self._announce(instrument_event(node.trade_on, instrument, env.start_us, _BETWEEN))
        if venue is not None and node.trade_on is not None:
            markets = [(node.trade_on, symbol) for symbol in node.trade_symbols]
            self._engine.accounts.register(node.name, node.risk, markets, env.start_us, dry_run=node.dry_run)

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._isolate)
        self._isolate.words[at.TRADING_U32] = 1
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

    async def go_through(self, window: Window, batch: MarketBatch | None, end_us: float) -> None:
        """Handles a window. `batch` is what happened at the strategy's venue meanwhile, and `end_us` the
        time up to which the window is complete.

        Raises `StrategyFailed` if the strategy does.
        """
        self._window = window
        if self._venue is None:
            await self._drain_to(window.last)
            return
        if batch is not None:
            self._venue.feed(batch)
        while True:
            change_us = self._engine.accounts.next_change_us()
            due_us = min(self._venue.next_report_us(), change_us)
            place = window.last if due_us >= end_us else window.last_until(due_us)
            if await self._drain_to(place):
                continue
            if due_us >= end_us:
                self._venue.settle(end_us)
                return
            self._now_us = due_us
            for report in self._venue.advance(due_us):
                self._hear(report, place)
            # What is heard goes along with the next drain, which handles it at its place, first of all.
            if change_us <= due_us:
                self._tell_risk(self._engine.accounts.advance(due_us), place)

    async def _drain_to(self, place: int) -> bool:
        """Drains up to an event and the cold events behind it; whether the strategy acted on the way,
        so that its venue may now have other things to say."""
        self._isolate.cells[at.CUT_F64] = place + _BETWEEN
        while True:
            cold, self._cold = tuple(self._cold), []
            told_us = self._now_us
            try:
                result = await self._drain(cold, self._drain_events)
            except StrategyFailedIn as failed:
                # What it did before it failed still counts.
                self._take(failed.result, told_us)
                raise
            self._take(result, told_us)
            if result.effects:
                return True
            if not result.yielded and result.handled < self._drain_events:
                return False

    def _take(self, result: DrainResult, told_us: float) -> None:
        self.transcript.events += result.handled
        self.transcript.logs.extend(result.logs)
        self.transcript.effects.extend(result.effects)
        for effect in result.effects:
            self._act(effect, told_us)

    def _act(self, effect: Effect, told_us: float) -> None:
        """Puts a request to the engine, and what passes to the venue, at the time when the event in hand was
        there: reports, and events that a stage held back, carry an earlier one. `told_us` is when the cold
        events of the drain were."""
        there_us = self._window.time_of(effect.seq) if effect.seq.is_integer() else told_us
        now_us = self._now_us = max(effect.timeMs * 1000, there_us)
        self.transcript.acted_us.append(now_us)
        request = trade_request(self.node.name, effect)
        match request:
            case OrderRequest():
                placement = self._engine.place(request, reference_price(effect), now_us)
                self._tell_risk(placement.events, effect.seq)
                if isinstance(placement, Placed):
                    assert self._venue is not None
                    self._venue.submit(request, now_us)
                elif isinstance(placement, DryRun | Denied):
                    if isinstance(placement, Denied):
                        why = placement.limit or placement.kind
                        self.transcript.denials[request.client_order_id] = why.value
                    self._tell(placement.update, effect.seq)
            case CancelRequest():
                if isinstance(self._engine.cancel(request), CancelAccepted):
                    assert self._venue is not None
                    self._venue.cancel(request.client_order_id, now_us)
            case AmendRequest():
                answer = self._engine.amend(request, reference_price(effect), now_us)
                self._tell_risk(answer.events, effect.seq)
                if isinstance(answer, AmendAccepted):
                    assert self._venue is not None
                    changed = answer.amendment
                    self._venue.amend(request.client_order_id, changed.price, changed.quantity, now_us)

    def _hear(self, report: VenueReport, place: int) -> None:
        if isinstance(report, BalanceChanged):
            self._announce(balance_event(report, place + _BETWEEN))
            return
        applied = self._engine.apply(report)
        if isinstance(applied, OrderUpdate):
            self._tell(applied, place)

    def _tell(self, update: OrderUpdate, place: float) -> None:
        self.transcript.updates.append(update)
        event = execution_event(update, math.floor(place) + _BETWEEN)
        if event is not None:
            self._announce(event)
        self._tell_risk(update.events, place)

    def _tell_risk(self, events: tuple[RiskEvent, ...], place: float) -> None:
        for event in events:
            self._announce(risk_event(event, math.floor(place) + _BETWEEN))

    def _announce(self, event: ColdEvent) -> None:
        """Lets the next drain handle a cold event."""
        self._cold.append(event)
        self.transcript.cold.append((self._now_us, event))
