"""Strategies on virtual time that trade through one execution session.

Where a venue answers within a window, everybody is drained up to that very place and goes on behind it; an
order is placed at the event that the strategy made it at. So nothing depends on where windows end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from meltica_dsl.model.pipeline import Risk
from meltica_runtime.dataplane.market_batch import MarketBatch
from meltica_runtime.execution.deliveries import Deliveries
from meltica_runtime.execution.denials import DenialLimits
from meltica_runtime.execution.engine import ExecutionEngine
from meltica_runtime.execution.faults import Fault
from meltica_runtime.execution.session import ExecutionSession
from meltica_runtime.orders.outcomes import Delivery, Denied, OrderUpdate
from meltica_runtime.orders.write_log import MemoryWriteLog
from meltica_runtime.simulation.trader import SimulatedTrader
from meltica_runtime.simulation.virtual import (
    ImmediateCommits,
    ImmediateTransport,
    SimulatedVenue,
    VirtualClock,
)
from meltica_runtime.simulation.windows import Window
from meltica_runtime.strategies.fault import StrategyFailed
from meltica_runtime.strategies.isolate import DrainResult, Effect, StrategyFailedIn


@dataclass(frozen=True, slots=True)
class Command:
    """What an operator does at a time: a halt, a release, other limits."""

    at_us: float
    run: Callable[[ExecutionSession], None]


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """What all strategies share: limits of the gateway, commands of its operator in the order of time, and
    where what would be stored is kept, if anybody wants it."""

    gateway: Risk | None = None
    commands: tuple[Command, ...] = ()
    write_log: MemoryWriteLog | None = None

    @property
    def joins_all(self) -> bool:
        """Whether what one strategy does, or an operator, can reach strategies of other venues."""
        return self.gateway is not None or bool(self.commands)


class SimulatedTrading:
    """`venues` by provider. `failed` takes the failure of a strategy, which is then left out; without it the
    failure is raised.

    One strategy alone is drained up to the next answer of its venue in one go. Several are drained place by
    place, each in its turn: what one does at an event, all others know at the next, however the events were
    cut into batches.
    """

    def __init__(
        self,
        traders: Sequence[SimulatedTrader],
        venues: Mapping[str, SimulatedVenue],
        clock: VirtualClock,
        settings: SessionSettings,
    ) -> None:
        self.traders = list(traders)
        self.failed: Callable[[SimulatedTrader, StrategyFailed], None] | None = None
        self._by_name = {trader.node.name: trader for trader in traders}
        self._venues = venues
        self._clock = clock
        # An operator's commands are about orders: where nobody trades there is nothing that they could reach.
        self._commands = list(settings.commands) if venues else []
        self._window = Window(1, np.empty(0))
        self._quiet_until = 0
        """The last place up to which all strategies were drained with nothing left to tell them."""
        engine = ExecutionEngine(gateway=settings.gateway)
        self._deliveries = Deliveries(engine.accounts, clock.cold_seq, lambda: None)
        self._accounts = engine.accounts
        self.session = ExecutionSession(
            engine,
            ImmediateCommits(settings.write_log),
            self._deliver,
            _leave_fault,
            clock.time_us,
            report_room=0,
            denials=DenialLimits(),
        )
        for name, venue in venues.items():
            self.session.connect(name, ImmediateTransport(engine, venue, clock))
        for trader in traders:
            node = trader.node
            if node.trade_on is not None:
                markets = [(node.trade_on, symbol) for symbol in node.trade_symbols]
                self.session.register(node.name, node.risk, markets, dry_run=node.dry_run)
        self._deliveries.use(self._by_name)

    def tell_balances(self, now_us: float) -> None:
        """Tells what there is in each account, as a venue does when it is connected."""
        for venue in self._venues.values():
            for balance in venue.balances():
                self.session.on_report(replace(balance, time_us=now_us))

    async def go_through(self, window: Window, happened: Mapping[str, MarketBatch], end_us: float) -> None:
        """Handles a window. `happened` is what happened at each venue meanwhile, and `end_us` the time up to
        which the window is complete.

        Raises `StrategyFailed` if a strategy does and nobody takes it.
        """
        self._window = window
        for name, venue in self._venues.items():
            if name in happened:
                venue.feed(happened[name])
        while self.traders:
            due_us = self._next_due_us()
            place = window.last if due_us >= end_us else window.last_until(due_us)
            if await self._drain_to(place):
                continue
            if due_us >= end_us:
                for venue in self._venues.values():
                    venue.settle(end_us)
                return
            self._happen(due_us, place)

    def _next_due_us(self) -> float:
        """When the next thing happens that no market event brings about."""
        due_us = self._accounts.next_change_us()
        for venue in self._venues.values():
            due_us = min(due_us, venue.next_report_us())
        return min(due_us, self._commands[0].at_us) if self._commands else due_us

    def _happen(self, due_us: float, place: int) -> None:
        """Lets happen what is due. What strategies are told of it goes along with their next drain, which
        handles it at its place, first of all."""
        self._clock.now_us, self._clock.place = due_us, place
        change_us = self._accounts.next_change_us()
        for venue in self._venues.values():
            for report in venue.advance(due_us):
                self.session.on_report(report)
        if change_us <= due_us:
            self.session.advance()
        while self._commands and self._commands[0].at_us <= due_us:
            self._commands.pop(0).run(self.session)

    async def _drain_to(self, place: int) -> bool:
        """Drains up to an event and the cold events behind it; whether a strategy acted on the way, so that
        its venue may now have other things to say."""
        if len(self.traders) == 1:
            return await self._drain(self.traders[0], place)
        start = min(max(self._quiet_until, self._window.first - 1), place)
        for here in range(start, place + 1):
            if await self._drain_all(here):
                return True
            self._quiet_until = here
            if all(trader.is_quiet for trader in self.traders):
                self._quiet_until = place
                break
        return False

    async def _drain_all(self, here: int) -> bool:
        """Drains everybody up to a place, until what one did there has been told to all."""
        acted = False
        pending = [trader for trader in self.traders if not trader.is_quiet]
        while pending:
            for trader in pending:
                acted |= await self._drain(trader, here)
            pending = [trader for trader in self.traders if trader.has_cold]
        return acted

    async def _drain(self, trader: SimulatedTrader, place: int) -> bool:
        """Drains one strategy up to a place, or to the first event that it acts upon; whether it acted."""
        while True:
            told_us = self._clock.now_us
            try:
                result = await trader.drain(place)
            except StrategyFailed as failed:
                if isinstance(failed, StrategyFailedIn):
                    # What it did before it failed still counts.
                    self._take(trader, failed.result, told_us)
                if self.failed is None:
                    raise
                self.traders.remove(trader)
                self.failed(trader, failed)
                return True
            self._take(trader, result, told_us)
            if result.effects:
                return True
            if trader.is_through(result):
                return False

    def _take(self, trader: SimulatedTrader, result: DrainResult, told_us: float) -> None:
        trader.note(result)
        for effect in result.effects:
            self._act(trader, effect, told_us)

    def _act(self, trader: SimulatedTrader, effect: Effect, told_us: float) -> None:
        """Takes a request at the time when the event in hand was there: reports, and events that a stage held
        back, carry an earlier one. `told_us` is when the cold events of the drain were."""
        there_us = self._window.time_of(effect.seq) if effect.seq.is_integer() else told_us
        self._clock.now_us = max(effect.timeMs * 1000, there_us)
        self._clock.place = math.floor(effect.seq)
        trader.transcript.acted_us.append(self._clock.now_us)
        answer = self.session.act(trader.node.name, effect)
        if isinstance(answer, Denied):
            why = answer.limit or answer.kind
            trader.transcript.denials[effect.id] = why.value

    def _deliver(self, delivery: Delivery) -> None:
        if isinstance(delivery, OrderUpdate):
            self._by_name[delivery.order.request.instance].transcript.updates.append(delivery)
        self._deliveries.deliver(delivery)


def _leave_fault(_fault: Fault) -> None:
    """Faults are for people who watch a gateway: the order stays as it was, and so does the transcript."""
