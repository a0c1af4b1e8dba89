"""A provider as the gateway sees it: what it is opened with, what it does, and what it says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

from meltica_compiler.graph.graph import ProviderNode
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.ingress_ring import IngressRing
from meltica_runtime.orders.order import VenueReport
from meltica_runtime.venues.venue import Instrument, Venue


@dataclass(frozen=True, slots=True)
class ProviderContext:
    """`code` and `symbols` are how the graph interned the provider and the symbols; `rings` its ingress
    rings by event. After writing to them a provider calls `pump`, which empties them as far as their
    readers allow. `report` takes what the venue says of orders and balances, in order of time. What
    enters is numbered and timed by `ingest`. `seed`, if given, replaces that of the settings."""

    code: int
    symbols: Mapping[str, int]
    rings: Mapping[str, IngressRing]
    ingest: Ingest
    pump: Callable[[], None]
    report: Callable[[VenueReport], None]
    seed: int | None
    project_root: Path


class ProviderState(Enum):
    """The states of the contract's `ProviderStatus`."""

    PENDING = "pending"
    STARTING = "starting"
    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"


ENDED = (ProviderState.STOPPED, ProviderState.FAILED)
"""The states of a provider that sends nothing any more."""


@dataclass(frozen=True, slots=True)
class ProviderStatistics:
    """Counts since start. `lag_s`: how far behind its clock a provider is, because its readers block it."""

    state: ProviderState
    events: int
    by_event: Mapping[str, int]
    orders: int
    fills: int
    lag_s: float
    error: str = ""


class LiveProvider(Protocol):
    """Built inert; `run` ends when it is cancelled, or when its source is exhausted."""

    @property
    def venue(self) -> Venue | None:
        """Its trading side, if it has one."""
        ...

    @property
    def instruments(self) -> tuple[Instrument, ...]: ...

    async def run(self) -> None: ...

    def resume(self, node: ProviderNode, rings: Mapping[str, IngressRing]) -> Callable[[], None]:
        """Is this node from now on, and writes into these rings. It differs from the one before in what is
        asked of it: other events, other depths of books, whether a strategy trades on it. `venue` may be
        there now; one that was there stays, since its orders do. Returns the way back, which is open until
        this turn of the loop ends; if it raises, everything is as it was."""
        ...

    def statistics(self) -> ProviderStatistics: ...
