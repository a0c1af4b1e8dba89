"""What the order router is limited by, counts, and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meltica_runtime.execution.denials import DenialLimits, Unrecorded
from meltica_runtime.execution.engine_statistics import EngineStatistics
from meltica_runtime.execution.group_commit import CommitLimits, CommitStatistics
from meltica_runtime.execution.reconciler import ReconcilerLimits
from meltica_runtime.execution.venue_queue import VenueQueueLimits, VenueQueueStatistics
from meltica_runtime.orders.lifecycle import IllegalTransition
from meltica_runtime.orders.limits import RiskEvent
from meltica_runtime.orders.order import BalanceChanged
from meltica_runtime.orders.outcomes import OrderUpdate, UnknownOrder
from meltica_runtime.orders.write_log import WriteLogEntry


@dataclass(frozen=True, slots=True)
class RouterLimits:
    """`report_room`: places of the write log's queue that are kept for reports, which unlike new orders
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
class EntriesRefused:
    """The write log will never take these entries; what they tell was handed on all the same."""

    entries: tuple[WriteLogEntry, ...]
    reason: str


Fault = IllegalTransition | UnknownOrder | EntriesRefused | Unrecorded
"""What a person should look at: the venue's picture of an order and ours differ, or records are
missing."""


def fault_text(fault: Fault) -> str:
    """A fault as a line for people."""
    match fault:
        case IllegalTransition(order, report, reason):
            return f"{order.client_order_id}: a report that cannot be true was left: {reason} ({report})"
        case UnknownOrder(report):
            return f"{report.client_order_id}: a report of an order that nobody knows was left ({report})"
        case EntriesRefused(entries, reason):
            return f"{', '.join(entry.event_id for entry in entries)}: cannot be stored: {reason}"
        case Unrecorded(instance, count):
            return f"{instance} has too many orders refused: {count:,} more were answered and are not stored"


Delivery = OrderUpdate | BalanceChanged | RiskEvent
"""What strategies hear of."""


@dataclass(frozen=True, slots=True)
class RouterStatistics:
    """`missed_reports` found the write log's queue full; their orders were asked about instead.
    `unrecorded` are refused orders that were not stored, by instance."""

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
