"""What every sink is to the gateway, and what all of them share."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from meltica_compiler.graph.graph import SinkNode
from meltica_runtime.clock import Seconds
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.sinks.sink_input import SinkInput

if TYPE_CHECKING:
    from meltica_runtime.store.pool import Database


@dataclass(frozen=True, slots=True)
class SinkContext:
    """The surroundings of a sink. Codes in records are positions in `symbols` and `providers`."""

    symbols: tuple[str, ...]
    providers: tuple[str, ...]
    project: Path
    """The folder that relative paths of settings start from."""
    clock: Seconds
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


class Sink(ABC):
    """A sink attached to its `edges`, whose turns come at least every `turn_seconds`; `run` it in a task
    group. The pump calls `wake`."""

    def __init__(self, node: SinkNode, edges: tuple[EdgeRing, ...], turn_seconds: float) -> None:
        self.name = node.name
        self.node = node
        """As it stands in the graph that runs now: a sink that is kept may stand in another line."""
        self._input = SinkInput(edges, turn_seconds)
        self._logger = logging.getLogger(f"meltica.sink.{node.name}")

    def wake(self, _cut: float, /) -> None:
        """There may be more to read, up to the sequence number `cut`."""
        self._input.wake()

    def stop(self) -> None:
        """Lets `run` return once everything offered so far is written."""
        self._input.stop()

    @abstractmethod
    async def run(self) -> None:
        """Writes until `stop`, then what was offered until then. Does not raise for want of disk or
        rights: what cannot be written is dropped and counted. A cancellation leaves finished files."""

    @abstractmethod
    def statistics(self) -> SinkStatistics:
        """Counts as of now."""
