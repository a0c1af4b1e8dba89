"""The tasks of nodes: started together or one by one, and each to be ended by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio
from anyio.abc import TaskGroup

from meltica_runtime.store.leases import Leases


@dataclass(frozen=True, slots=True)
class Shift:
    """One node's task: `scope` ends it, `over` is set when it has ended."""

    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    over: anyio.Event = field(default_factory=anyio.Event)


class Crew:
    """Tasks in one task group, which lives for as long as they may be started."""

    def __init__(self, tasks: TaskGroup) -> None:
        self.tasks = tasks
        self.shifts: dict[str, Shift] = {}
        """Those of the nodes that belong to the graph, by node id."""

    def start(self, run: Callable[[], Awaitable[None]]) -> Shift:
        """A task that belongs to no node yet."""
        shift = Shift()

        async def work() -> None:
            try:
                with shift.scope:
                    await run()
            finally:
                shift.over.set()

        self.tasks.start_soon(work)
        return shift

    def employ(self, id: str, run: Callable[[], Awaitable[None]]) -> None:
        """Starts the task of a node of the graph."""
        self.shifts[id] = self.start(run)


@dataclass(frozen=True)
class Workplace:
    """Where the nodes of a serving gateway have their tasks, and what says that nobody else runs them. One
    swap has its `turn` at a time."""

    leases: Leases
    readers: Crew
    writers: Crew
    turn: anyio.Lock = field(default_factory=anyio.Lock)
