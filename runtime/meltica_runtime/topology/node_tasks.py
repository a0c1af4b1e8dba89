"""The tasks of nodes: started together or one by one, and each to be ended by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio
from anyio.abc import TaskGroup

from meltica_runtime.store.leases import Leases


@dataclass(frozen=True, slots=True)
class NodeTask:
    """One node's task: `scope` ends it, `ended` is set when it has ended."""

    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    ended: anyio.Event = field(default_factory=anyio.Event)


class NodeTasks:
    """Tasks in one task group, which lives for as long as they may be started."""

    def __init__(self, group: TaskGroup) -> None:
        self.group = group
        self.tasks: dict[str, NodeTask] = {}
        """Those of the nodes that belong to the graph, by node id."""

    def start(self, run: Callable[[], Awaitable[None]]) -> NodeTask:
        """A task that belongs to no node yet."""
        task = NodeTask()

        async def work() -> None:
            try:
                with task.scope:
                    await run()
            finally:
                task.ended.set()

        self.group.start_soon(work)
        return task

    def spawn(self, id: str, run: Callable[[], Awaitable[None]]) -> None:
        """Starts the task of a node of the graph."""
        self.tasks[id] = self.start(run)


@dataclass(frozen=True)
class RunningTasks:
    """Where the nodes of a serving gateway have their tasks, and what says that nobody else runs them. One
    reload has its `turn` at a time."""

    leases: Leases
    readers: NodeTasks
    writers: NodeTasks
    turn: anyio.Lock = field(default_factory=anyio.Lock)
