"""One strategy on virtual time, with a paper account of its own.

Where its venue answers within a window, the drain stops at that very place and goes on behind it; an
order is placed at the event that the strategy made it at. So nothing depends on where windows end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from meltica_compiler.graph import StrategyNode
from meltica_compiler.inbox import geometry as at
from meltica_compiler.inbox.geometry import InboxGeometry
from meltica_runtime.orders.desk import OrderDesk
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
    DryRun,
    OrderUpdate,
    Placed,
    Refused,
)
from meltica_runtime.providers.instrument import Instrument
from meltica_runtime.providers.market import MarketBatch
from meltica_runtime.providers.paper.venue import PaperVenue
from meltica_runtime.rings import EdgeRing
from meltica_runtime.simulation.windows import Window
from meltica_runtime.strategies.cold_events import (
    balance_event,
    execution_event,
    instrument_event,
    risk_event,
)
from meltica_runtime.strategies.isolate import ColdEvent, Effect, Isolate, IsolateWorld, LogLine
from meltica_runtime.strategies.requests import reference_price, trade_request

_BETWEEN = 0.5
"""A cold event stands between the event that caused it and the next."""


@dataclass
class Transcript:
    """Everything that a strategy did and was told, in order; `events` counts what it handled."""

    effects: list[Effect] = field(default_factory=list)
    updates: list[OrderUpdate] = field(default_factory=list)
    logs: list[LogLine] = field(default_factory=list)
    events: int = 0


class SimulatedTrader:
    """Use as an async context manager, within the loop that simulates."""

    def __init__(
        self,
        node: StrategyNode,
        inbox: InboxGeometry,
        edges: tuple[EdgeRing, ...],
        world: IsolateWorld,
        venue: PaperVenue | None,
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
        self._desk = OrderDesk()
        self._isolate = Isolate(node, inbox, world)
        self._drain_events = drain_events
        self._cold: list[ColdEvent] = [
            instrument_event(node.trade_on, instrument, world.start_us, _BETWEEN)
            for instrument in instruments
            if node.trade_on is not None and instrument.symbol in node.trade_symbols
        ]
        if venue is not None and node.trade_on is not None:
            markets = [(node.trade_on, symbol) for symbol in node.trade_symbols]
            self._desk.accounts.enroll(node.name, node.risk, markets, world.start_us, dry_run=node.dry_run)

    async def __aenter__(self) -> Self:
        await self._isolate.__aenter__()
        self._isolate.words[at.TRADING_U32] = 1
        for edge, place in zip(self._edges, self._inbox.rings, strict=True):
            edge.attach(self._isolate.memory[place.header_offset : place.header_offset + edge.size_bytes])
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
        await self._isolate.__aexit__(kind, error, trace)

    async def go_through(self, window: Window, batch: MarketBatch | None, end_us: float) -> None:
        """Handles a window. `batch` is what happened at the strategy's venue meanwhile, and `end_us` the
        time up to which the window is complete.

        Raises `StrategyFailed` if the strategy does.
        """
        if self._venue is None:
            await self._drain_to(window.last)
            return
        if batch is not None:
            self._venue.feed(batch)
        while True:
            change_us = self._desk.accounts.next_change_us()
            due_us = min(self._venue.next_report_us(), change_us)
            place = window.last if due_us >= end_us else window.last_until(due_us)
            if await self._drain_to(place):
                continue
            if due_us >= end_us:
                self._venue.settle(end_us)
                return
            for report in self._venue.advance(due_us):
                self._hear(report, place)
            # What is heard goes along with the next drain, which handles it at its place, first of all.
            if change_us <= due_us:
                self._tell_risk(self._desk.accounts.advance(due_us), place)

    async def _drain_to(self, place: int) -> bool:
        """Drains up to an event and the cold events behind it; whether the strategy acted on the way,
        so that its venue may now have other things to say."""
        self._isolate.cells[at.CUT_F64] = place + _BETWEEN
        while True:
            cold, self._cold = tuple(self._cold), []
            result = await self._isolate.drain(cold, self._drain_events)
            self.transcript.events += result.handled
            self.transcript.logs.extend(result.logs)
            self.transcript.effects.extend(result.effects)
            for effect in result.effects:
                self._act(effect)
            if result.effects:
                return True
            if not result.yielded and result.handled < self._drain_events:
                return False

    def _act(self, effect: Effect) -> None:
        """Puts a request to the desk, and what passes to the venue, at the time of the event in hand."""
        now_us = effect.timeMs * 1000
        request = trade_request(self.node.name, effect)
        match request:
            case OrderRequest():
                placement = self._desk.place(request, reference_price(effect), now_us)
                self._tell_risk(placement.events, effect.seq)
                if isinstance(placement, Placed):
                    assert self._venue is not None
                    self._venue.submit(request, now_us)
                elif isinstance(placement, DryRun | Refused):
                    self._tell(placement.update, effect.seq)
            case CancelRequest():
                if isinstance(self._desk.cancel(request), CancelAccepted):
                    assert self._venue is not None
                    self._venue.cancel(request.client_order_id, now_us)
            case AmendRequest():
                answer = self._desk.amend(request, reference_price(effect), now_us)
                self._tell_risk(answer.events, effect.seq)
                if isinstance(answer, AmendAccepted):
                    assert self._venue is not None
                    changed = answer.amendment
                    self._venue.amend(request.client_order_id, changed.price, changed.quantity, now_us)

    def _hear(self, report: VenueReport, place: int) -> None:
        if isinstance(report, BalanceChanged):
            self._cold.append(balance_event(report, place + _BETWEEN))
            return
        applied = self._desk.apply(report)
        if isinstance(applied, OrderUpdate):
            self._tell(applied, place)

    def _tell(self, update: OrderUpdate, place: float) -> None:
        self.transcript.updates.append(update)
        event = execution_event(update, math.floor(place) + _BETWEEN)
        if event is not None:
            self._cold.append(event)
        self._tell_risk(update.events, place)

    def _tell_risk(self, events: tuple[RiskEvent, ...], place: float) -> None:
        self._cold.extend(risk_event(event, math.floor(place) + _BETWEEN) for event in events)
