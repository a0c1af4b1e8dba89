"""What a person should look at: the venue's picture of an order and ours differ, or records are missing."""

from __future__ import annotations

from dataclasses import dataclass

from meltica_runtime.execution.denials import Unrecorded
from meltica_runtime.orders.lifecycle import IllegalTransition
from meltica_runtime.orders.outcomes import UnknownOrder
from meltica_runtime.orders.write_log import WriteLogEntry


@dataclass(frozen=True, slots=True)
class EntriesRefused:
    """The write log will never take these entries; what they tell was handed on all the same."""

    entries: tuple[WriteLogEntry, ...]
    reason: str


Fault = IllegalTransition | UnknownOrder | EntriesRefused | Unrecorded


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
