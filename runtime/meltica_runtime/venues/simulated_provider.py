"""A provider that plays a market source by the clock, and fills orders on paper against it."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Protocol

import anyio
import anyio.lowlevel
from anyio import get_cancelled_exc_class

from meltica_compiler.graph.graph import ProviderNode
from meltica_dsl.model.fields import DEFAULT_BOOK_DEPTH
from meltica_runtime.dataplane.ingress_ring import IngressRing
from meltica_runtime.dataplane.market_batch import MarketBatch, MarketCodes, MarketSource, silence
from meltica_runtime.orders.order import Filled
from meltica_runtime.venues.live_provider import ProviderContext, ProviderState, ProviderStatistics
from meltica_runtime.venues.market_source import SourceFault, SubscribableSource
from meltica_runtime.venues.paper.opening import instruments, paper_venue, subscribed_depths
from meltica_runtime.venues.paper.trading import PaperTrading
from meltica_runtime.venues.paper.venue import PaperVenue
from meltica_runtime.venues.venue import Instrument, Venue

TICK_SECONDS = 0.002
"""How often the clock is looked at: the most that an event is late by, when nothing else holds it up."""

ROUND_EVENTS = 8_192
"""Events written before others get their turn: some 5 ms of work, and what a kernel takes at once."""

_log = logging.getLogger("meltica")


class Pace(Protocol):
    """Says how far the market has come."""

    def begin(self, now_us: float, first_us: float) -> None:
        """Called once, with the clock and the time of the source's first event."""
        ...

    def market_us(self, now_us: float) -> float:
        """The market time at a time of the clock; infinite to go as fast as readers take it."""
        ...


class RealTimePace:
    """The market's time is the clock's."""

    def begin(self, now_us: float, first_us: float) -> None:
        """Nothing to remember."""

    def market_us(self, now_us: float) -> float:
        return now_us


class SimulatedProvider:
    """A `LiveProvider`. When a ring is full because its reader blocks, the market stops for a while and
    catches up later, round by round: nothing is lost, and `lag_s` of the statistics shows it.

    A cancelled `run` leaves visible what was written so far, and undelivered what is due later.
    """

    def __init__(
        self,
        node: ProviderNode,
        context: ProviderContext,
        start: Callable[[float, Mapping[str, int]], SubscribableSource],
        pace: Pace,
    ) -> None:
        """`start` opens the source, given the clock, and the events wanted with the depths of their books; it
        may raise `SourceFault`."""
        self._name = node.name
        self._context = context
        self._rings = context.rings
        self._start = start
        self._pace = pace
        self._source: SubscribableSource | None = None
        self._codes = MarketCodes(context.code, {name: context.symbols[name] for name in node.symbols})
        self._paper: PaperVenue | None = None
        self._trading: PaperTrading | None = None
        self._use_paper(node)
        self._has_told_balances = False
        self._instruments = instruments(node)
        self._state = ProviderState.PENDING
        self._error = ""
        self._by_event = dict.fromkeys(context.rings, 0)
        self._fills = 0
        self._reached_us = -math.inf

    @property
    def venue(self) -> Venue | None:
        return self._trading

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        return self._instruments

    def statistics(self) -> ProviderStatistics:
        behind_us = 0.0
        if self._state is ProviderState.RUNNING:
            due_us = self._pace.market_us(self._context.ingest.now_us())
            behind_us = max(0.0, due_us - self._reached_us) if math.isfinite(due_us) else 0.0
        return ProviderStatistics(
            state=self._state,
            events=sum(self._by_event.values()),
            by_event=dict(self._by_event),
            orders=self._trading.orders if self._trading else 0,
            fills=self._fills,
            lag_s=behind_us / 1e6,
            error=self._error,
        )

    def resume(self, node: ProviderNode, rings: Mapping[str, IngressRing]) -> Callable[[], None]:
        """See `LiveProvider.resume`."""
        before = self._rings, self._by_event, self._paper, self._trading
        subscribed = self._wanted

        def rollback() -> None:
            resubscribed = self._wanted
            self._rings, self._by_event, self._paper, self._trading = before
            self._resubscribe(resubscribed)

        with ExitStack() as undo:
            undo.callback(rollback)
            self._rings = rings
            self._by_event = dict.fromkeys(rings, 0) | self._by_event
            if self._paper is None:
                self._use_paper(node)
                if self._trading and self._state is ProviderState.RUNNING:
                    self._trading.open()
            self._resubscribe(subscribed)
            undo.pop_all()
        return rollback

    def _resubscribe(self, subscribed: Mapping[str, int]) -> None:
        # Of nobody asking for anything a source makes nothing but empty blocks, for ever.
        if self._source is not None and self._wanted and self._wanted != subscribed:
            self._source.subscribe(self._wanted)

    def _use_paper(self, node: ProviderNode) -> None:
        """Has an account from now on, if a strategy trades on it."""
        self._paper = paper_venue(node, self._codes)
        self._trading = PaperTrading(self._paper, self._market_us) if self._paper else None

    @property
    def _wanted(self) -> dict[str, int]:
        """The events that the source is asked for, with the depths of their books."""
        depths = {event: ring.layout.depth for event, ring in self._rings.items()}
        return subscribed_depths(depths, DEFAULT_BOOK_DEPTH) if self._paper else depths

    async def run(self) -> None:
        """Until cancelled, or until the source is exhausted and every order it had to answer is answered.

        A source that cannot be read any further leaves the state `FAILED` and says why in `error`; so does
        any other fault, since a venue must not take its neighbours along.
        """
        self._state = ProviderState.STARTING
        try:
            await self._play()
            self._state = ProviderState.STOPPED
        except SourceFault as fault:
            self._fail(str(fault))
        except get_cancelled_exc_class():
            self._state = ProviderState.STOPPED
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other nodes go on
            _log.error("provider %s ended by a fault of ours, please report it", self._name, exc_info=True)
            self._fail(f"{type(error).__name__}: {error}")
        finally:
            if self._trading:
                self._trading.close()

    def _fail(self, why: str) -> None:
        self._state = ProviderState.FAILED
        self._error = why

    async def _play(self) -> None:
        now_us = self._context.ingest.now_us()
        source = self._source = self._start(now_us, self._wanted)
        first_us = source.next_batch(0, math.inf).end_us
        self._pace.begin(now_us, first_us)
        self._reached_us = first_us
        if self._trading:
            self._trading.open()
        self._state = ProviderState.RUNNING
        self._tell_balances()
        while not source.exhausted:
            if self._round(source):
                await anyio.lowlevel.checkpoint()
            else:
                await anyio.sleep(TICK_SECONDS)
        if self._paper:
            self._paper.feed(silence(math.inf))
            self._deliver(math.inf)

    def _round(self, source: MarketSource) -> bool:
        """Writes what is due and fits; whether there was more to write than one round takes."""
        self._tell_balances()
        # A clock that is set back, as NTP may do, makes the market wait until it is there again.
        until_us = max(self._pace.market_us(self._context.ingest.now_us()), self._reached_us)
        room = min((ring.room() for ring in self._rings.values()), default=ROUND_EVENTS)
        limit = min(room, ROUND_EVENTS)
        batch = source.next_batch(limit, until_us)
        self._reached_us = max(self._reached_us, batch.end_us)
        # The venue looks at the batch first: what is fed to it, the readers may act on.
        if self._paper:
            self._paper.feed(batch)
        if batch.count:
            self._write(batch)
        self._deliver(batch.end_us)
        return 0 < limit == batch.count

    def _write(self, batch: MarketBatch) -> None:
        routed = batch.only(self._rings)
        self._context.ingest.write_batch(routed, self._rings)
        for event, rows in routed.rows.items():
            self._by_event[event] += len(rows)
        self._context.pump()

    def _deliver(self, until_us: float) -> None:
        if self._paper is None:
            return
        for report in self._paper.advance(until_us):
            self._fills += isinstance(report, Filled)
            self._context.report(report)

    def _tell_balances(self) -> None:
        """Once, when there is an account."""
        if self._paper and not self._has_told_balances:
            self._has_told_balances = True
            for balance in self._paper.balances():
                self._context.report(replace(balance, time_us=self._reached_us))

    def _market_us(self) -> float:
        """The market time of a request that is made now."""
        return min(self._pace.market_us(self._context.ingest.now_us()), self._reached_us)
