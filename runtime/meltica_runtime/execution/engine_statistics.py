"""What the execution engine has counted."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class EngineStatistics:
    """Counts since the start, and what is open now. `placed` orders passed every limit (dry runs
    apart); `filled`, `cancelled`, `rejected` and `expired` are orders that ended so, after they were
    placed; `duplicates`, `illegal` and `unknown` are reports that changed nothing."""

    open_orders: int
    remembered: int
    placed: int
    dry_runs: int
    denied: int
    cancels: int
    amends: int
    requests_denied: int
    acknowledged: int
    fills: int
    filled: int
    cancelled: int
    rejected: int
    expired: int
    duplicates: int
    illegal: int
    unknown: int


@dataclass(slots=True)
class EngineCounts:
    """The running counts."""

    placed: int = 0
    dry_runs: int = 0
    denied: int = 0
    cancels: int = 0
    amends: int = 0
    requests_denied: int = 0
    acknowledged: int = 0
    fills: int = 0
    filled: int = 0
    cancelled: int = 0
    rejected: int = 0
    expired: int = 0
    duplicates: int = 0
    illegal: int = 0
    unknown: int = 0

    def read(self, *, open_orders: int, remembered: int) -> EngineStatistics:
        return EngineStatistics(open_orders=open_orders, remembered=remembered, **asdict(self))
