"""The execution session of a live gateway: steps are stored in groups, and each venue has a queue of its own.

Orders of an earlier run are only ever asked about, never sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

import anyio
from anyio.abc import TaskGroup, TaskStatus

from meltica_runtime.execution.denials import DenialLimits
from meltica_runtime.execution.engine import ExecutionEngine
from meltica_runtime.execution.engine_statistics import EngineStatistics
from meltica_runtime.execution.faults import Fault
from meltica_runtime.execution.group_commit import CommitLimits, CommitStatistics, GroupCommit
from meltica_runtime.execution.reconciler import Cause, Reconciler, ReconcilerLimits
from meltica_runtime.execution.session import ExecutionSession
from meltica_runtime.execution.venue_queue import VenueQueue, VenueQueueLimits, VenueQueueStatistics
from meltica_runtime.orders.lifecycle import Order
from meltica_runtime.orders.outcomes import Delivery
from meltica_runtime.orders.write_log import WriteLog
from meltica_runtime.venues.venue import Venue


@dataclass(frozen=True, slots=True)
class RouterLimits:
    """`report_room`: places of the commit queue that are kept for reports, which unlike new orders
    cannot be refused. `risk_tick_s`: how late a cooldown that is over may be noticed. `stop_s`: how
    long a stop waits for the write log and the venues to take what is waiting."""

    commit: CommitLimits = field(default_factory=CommitLimits)
    venue_queue: VenueQueueLimits = field(default_factory=VenueQueueLimits)
    reconciler: ReconcilerLimits = field(default_factory=ReconcilerLimits)
    denials: DenialLimits = field(default_factory=DenialLimits)
    report_room: int = 8_192
    risk_tick_s: float = 0.25
    stop_s: float = 10.0


@dataclass(frozen=True, slots=True)
class RouterStatistics:
    """`missed_reports` found the commit queue full; their orders were asked about instead.
    `unrecorded` are denied orders that were not stored, by instance."""

    engine: EngineStatistics
    commit: CommitStatistics
    venues: tuple[VenueQueueStatistics, ...]
    missed_reports: int
    faults: int
    unrecorded: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a stop ended. `open_orders` are open at their venues and stay so; `unknown_outcomes` of them wait
    for an answer. `unsaved` and `unsent` steps and requests did not make it within the time. The next
    start asks the venues about every order that the write log has, and never sends one again."""

    open_orders: int
    unknown_outcomes: int
    unsaved: int
    unsent: int


class OrderRouter(ExecutionSession):
    """Everything but `run`, `recovered` and `stop` is synchronous and returns at once."""

    def __init__(
        self,
        engine: ExecutionEngine,
        write_log: WriteLog,
        venues: Mapping[str, Venue],
        deliver: Callable[[Delivery], None],
        report_fault: Callable[[Fault], None],
        clock: Callable[[], float],
        limits: RouterLimits | None = None,
    ) -> None:
        self._limits = limits = limits or RouterLimits()
        self._commit = GroupCommit(write_log, limits.commit, self._note_change)
        super().__init__(
            engine, self._commit, deliver, report_fault, clock, limits.report_room, limits.denials
        )
        self._queues: dict[str, VenueQueue] = {}
        self._changed = anyio.Event()
        self._tasks: TaskGroup | None = None
        for name, venue in venues.items():
            self._new_queue(name, venue)

    def restore(self, orders: Iterable[Order]) -> None:
        """Takes up the open orders of an earlier run. Once running, each venue is asked about its own
        before anything is sent to it. Of orders at a venue that is not there any more the outcome stays
        unknown."""
        for order in orders:
            self.engine.restore(order)
            self.mark_unknown(order, Cause.RESTART)

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Commits, sends and asks until `stop`. Cancelled, it leaves the write log in order: whatever may
        have been sent is in it."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            tasks.start_soon(self._commit.run)
            tasks.start_soon(self._watch_cooldowns)
            for queue in self._queues.values():
                tasks.start_soon(queue.run)
            task_status.started()

    async def recovered(self) -> None:
        """Waits until every venue has answered for every order of an earlier run."""
        for queue in self._queues.values():
            await queue.reconciler.recovered()

    async def stop(self) -> Stopped:
        """Takes no more orders, lets what waits be stored and sent, then ends `run`. Open orders stay
        open: nothing is cancelled."""
        self._is_stopping = True
        with anyio.move_on_after(self._limits.stop_s):
            while not self._is_idle:
                self._changed = anyio.Event()
                await self._changed.wait()
        self._denials.tell(inf)
        statistics = self.statistics()
        if self._tasks is not None:
            self._tasks.cancel_scope.cancel()
        return Stopped(
            open_orders=statistics.engine.open_orders,
            unknown_outcomes=sum(order.outcome_unknown for order in self.engine.open_orders()),
            unsaved=statistics.commit.waiting,
            unsent=sum(queue.waiting for queue in statistics.venues),
        )

    def statistics(self) -> RouterStatistics:
        return RouterStatistics(
            self.engine.statistics(),
            self._commit.statistics(),
            tuple(queue.statistics() for queue in self._queues.values()),
            self._missed,
            self._faults,
            self._denials.unrecorded(),
        )

    def use_venue(self, name: str, venue: Venue) -> None:
        """Sends to this venue from now on, in the place of one of the same name if there is one: that is then
        asked about all orders which are open there. Orders at venues that are gone stay known; what was held
        on paper is gone with its account."""
        assert self._tasks is not None, "venues come and go while the router runs"
        queue = self._queues.get(name)
        if queue is None:
            self._tasks.start_soon(self._new_queue(name, venue).run)
            return
        if queue.on_paper:
            self.close_positions(name)
        queue.use(venue)
        self.connect(name, queue)
        self.reconnected(name)

    def reconnected(self, provider: str) -> None:
        """Asks about all open orders of a venue whose connection was lost: reports may be missing."""
        for order in self.engine.open_orders():
            if order.request.provider == provider and order.client_order_id not in self._uncommitted:
                self.mark_unknown(order, Cause.MISSED)

    def _new_queue(self, name: str, venue: Venue) -> VenueQueue:
        limits, clock, engine = self._limits, self._clock, self.engine
        reconciler = Reconciler(venue, engine, limits.reconciler, clock, self.on_report, self._note_change)
        queue = self._queues[name] = VenueQueue(
            name, venue, engine, reconciler, limits.venue_queue, clock, self.on_report, self._note_change
        )
        self.connect(name, queue)
        return queue

    async def _watch_cooldowns(self) -> None:
        while True:
            await anyio.sleep(self._limits.risk_tick_s)
            self.advance()

    @property
    def _is_idle(self) -> bool:
        return self._commit.is_idle and all(queue.is_idle for queue in self._queues.values())

    def _note_change(self) -> None:
        self._changed.set()
