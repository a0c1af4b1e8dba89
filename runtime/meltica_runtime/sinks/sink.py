"""What every sink is to the gateway."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from meltica_compiler.graph.graph import SinkNode

if TYPE_CHECKING:
    from meltica_runtime.store.pool import Database


@dataclass(frozen=True, slots=True)
class SinkContext:
    """The surroundings of a sink. Codes in records are positions in `symbols` and `providers`."""

    symbols: tuple[str, ...]
    providers: tuple[str, ...]
    project: Path
    """The folder that relative paths of settings start from."""
    clock: Callable[[], float]
    """Seconds that only go up."""
    database: Database | None = None
    """The gateway's own, for sinks that write there."""


@dataclass(frozen=True, slots=True)
class SinkStatistics:
    """Counts since start. `events` were taken from the edges; each is then `written` or `dropped`, or
    waits in memory. What the edges themselves dropped is in their own statistics."""

    events: int
    written: int
    dropped: int
    bytes: int
    files: int
    """Files finished; 0 for sinks without files."""
    fault: str | None
    """Why the sink cannot write now, None while it can."""


class Sink(Protocol):
    """`run` it in a task group; the pump calls `wake`."""

    name: str
    node: SinkNode
    """As it stands in the graph that runs now: a sink that is kept may stand in another line."""

    def wake(self, cut: float, /) -> None:
        """There may be more to read, up to the sequence number `cut`."""
        ...

    @property
    def is_settled(self) -> bool:
        """Nothing waits on its edges; what was taken from them is written before `run` returns."""
        ...

    async def run(self) -> None:
        """Writes until `stop`, then what was offered until then. Does not raise for want of disk or
        rights: what cannot be written is dropped and counted. A cancellation leaves finished files."""
        ...

    def stop(self) -> None:
        """Lets `run` return once everything offered so far is written."""
        ...

    def statistics(self) -> SinkStatistics: ...
