"""What must be durable before anyone acts on it, and where it is made so.

Every entry has an `event_id` that is the same whenever the same thing is written again, so that a
group can be committed twice, after a crash or a lost answer, and is stored once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from meltica_runtime.orders.lifecycle import Order
from meltica_runtime.orders.limits import RiskEvent
from meltica_runtime.orders.order import BalanceChanged, Filled


@dataclass(frozen=True, slots=True)
class OrderPlaced:
    """An order as it was placed, before it is sent; or one that was refused, and is REJECTED."""

    order: Order

    @property
    def event_id(self) -> str:
        return f"{self.order.client_order_id}:placed"


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """An order after a change that is no fill. An amend that is to be sent is in `order.amendment`."""

    order: Order

    @property
    def event_id(self) -> str:
        order = self.order
        return f"{order.client_order_id}:{order.state.value}:{order.updated_us:.3f}:{order.version}"


@dataclass(frozen=True, slots=True)
class ExecutionRecorded:
    """A fill, and the order after it."""

    order: Order
    fill: Filled

    @property
    def event_id(self) -> str:
        return f"{self.order.client_order_id}:execution:{self.fill.execution_id}"


@dataclass(frozen=True, slots=True)
class BalanceRecorded:
    change: BalanceChanged

    @property
    def event_id(self) -> str:
        change = self.change
        amounts = f"{change.total}:{change.available}"
        return f"balance:{change.provider}:{change.asset}:{change.time_us:.3f}:{amounts}"


@dataclass(frozen=True, slots=True)
class PositionClosed:
    """A position that is held no more though nobody traded: its account was on paper, and is gone.
    `quantity` is signed: what was held."""

    instance: str
    provider: str
    symbol: str
    quantity: Decimal
    time_us: float

    @property
    def event_id(self) -> str:
        return f"position:{self.instance}:{self.provider}:{self.symbol}:{self.time_us:.3f}"


@dataclass(frozen=True, slots=True)
class RiskRecorded:
    event: RiskEvent

    @property
    def event_id(self) -> str:
        event = self.event
        return f"risk:{event.instance or ''}:{event.time_us:.3f}:{event.number}"


WriteLogEntry = (
    OrderPlaced | OrderChanged | ExecutionRecorded | BalanceRecorded | PositionClosed | RiskRecorded
)


class WriteLogUnavailable(Exception):
    """The write log cannot be written now. Whether the group was stored is not known; writing it again
    does no harm."""


class EntryRefused(Exception):
    """The write log will never take this entry, and has stored nothing of its group."""

    def __init__(self, event_id: str, reason: str) -> None:
        super().__init__(f"{event_id}: {reason}")
        self.event_id = event_id
        self.reason = reason


class WriteLog(Protocol):
    async def commit(self, entries: Sequence[WriteLogEntry]) -> None:
        """Stores all entries or none, in order; they are durable when it returns. An entry that is
        stored already changes nothing. Raises `WriteLogUnavailable` or `EntryRefused`.

        Cancelled before it returns: the group may or may not be stored.
        """
        ...


class MemoryWriteLog:
    """A write log in memory, for simulation and dry runs: the newest `capacity` entries are kept, and
    each entry is handed to `sink` as it comes, in order."""

    def __init__(self, capacity: int, sink: Callable[[WriteLogEntry], None] | None = None) -> None:
        self._capacity = capacity
        self._sink = sink
        self._entries: OrderedDict[str, WriteLogEntry] = OrderedDict()
        self.written = 0

    @property
    def entries(self) -> tuple[WriteLogEntry, ...]:
        """The newest entries, oldest first."""
        return tuple(self._entries.values())

    async def commit(self, entries: Sequence[WriteLogEntry]) -> None:
        self.write(entries)

    def write(self, entries: Sequence[WriteLogEntry]) -> None:
        """What `commit` does, for callers that are not async."""
        for entry in entries:
            event_id = entry.event_id
            if event_id in self._entries:
                continue
            self._entries[event_id] = entry
            self.written += 1
            if len(self._entries) > self._capacity:
                self._entries.popitem(last=False)
            if self._sink is not None:
                self._sink(entry)
