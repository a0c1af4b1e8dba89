"""What the order router is limited by, counts, and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meltica_runtime.execution.denials import RefusalLimits, Unrecorded
from meltica_runtime.execution.engine_statistics import DeskStatistics
from meltica_runtime.execution.group_commit import CommitLimits, CommitStatistics
from meltica_runtime.execution.reconciler import InquiryLimits
from meltica_runtime.execution.venue_queue import LaneLimits, LaneStatistics
from meltica_runtime.orders.lifecycle import IllegalTransition
from meltica_runtime.orders.limits import RiskEvent
from meltica_runtime.orders.order import BalanceChanged
from meltica_runtime.orders.outcomes import OrderUpdate, UnknownOrder
from meltica_runtime.orders.write_log import JournalEntry


@dataclass(frozen=True, slots=True)
class RouterLimits:
    """`report_room`: places of the journal's queue that are kept for reports, which unlike new orders
    cannot be refused. `risk_tick_s`: how late a cooldown that is over may be noticed. `stop_s`: how
    long a stop waits for the journal and the venues to take what is waiting."""

    commit: CommitLimits = field(default_factory=CommitLimits)
    lane: LaneLimits = field(default_factory=LaneLimits)
    inquiry: InquiryLimits = field(default_factory=InquiryLimits)
    refusals: RefusalLimits = field(default_factory=RefusalLimits)
    report_room: int = 8_192
    risk_tick_s: float = 0.25
    stop_s: float = 10.0


@dataclass(frozen=True, slots=True)
class JournalRefusal:
    """The journal will never take these entries; what they tell was handed on all the same."""

    entries: tuple[JournalEntry, ...]
    reason: str


Fault = IllegalTransition | UnknownOrder | JournalRefusal | Unrecorded
"""What a person should look at: the venue's picture of an order and ours differ, or records are
missing."""


def fault_text(fault: Fault) -> str:
    """A fault as a line for people."""
    match fault:
        case IllegalTransition(order, report, reason):
            return f"{order.client_order_id}: a report that cannot be true was left: {reason} ({report})"
        case UnknownOrder(report):
            return f"{report.client_order_id}: a report of an order that nobody knows was left ({report})"
        case JournalRefusal(entries, reason):
            return f"{', '.join(entry.event_id for entry in entries)}: cannot be stored: {reason}"
        case Unrecorded(instance, count):
            return f"{instance} has too many orders refused: {count:,} more were answered and are not stored"


Delivery = OrderUpdate | BalanceChanged | RiskEvent
"""What strategies hear of."""


@dataclass(frozen=True, slots=True)
class RouterStatistics:
    """`missed_reports` found the journal's queue full; their orders were asked about instead.
    `unrecorded` are refused orders that were not stored, by instance."""

    desk: DeskStatistics
    commit: CommitStatistics
    lanes: tuple[LaneStatistics, ...]
    missed_reports: int
    faults: int
    unrecorded: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a stop ended. `open_orders` are open at their venues and stay so; `in_doubt` of them wait
    for an answer. `unsaved` and `unsent` steps and requests did not make it within the time. The next
    start asks the venues about every order that the journal has, and never sends one again."""

    open_orders: int
    in_doubt: int
    unsaved: int
    unsent: int
