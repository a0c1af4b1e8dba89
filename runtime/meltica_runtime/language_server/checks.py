"""Checks as you type: after a pause the file is compiled, off the event loop, and the editor is told.

One thread compiles, one file after the other. What it finds of a text that has changed meanwhile is
thrown away, since the next check is on its way.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from meltica_compiler.compile import Compiled, CompileOptions, compile_text
from meltica_compiler.graph import Graph
from meltica_runtime import resources
from meltica_runtime.config_fault import ConfigFault
from meltica_runtime.language_server.buffers import Buffer, Buffers
from meltica_runtime.project import Project, find_project

PAUSE_SECONDS = 0.08
"""Without a keystroke. Fast typists press a key each 60 ms, so that no check runs while they type on."""

PATIENCE_SECONDS = 0.5
"""Since the first keystroke that no check has seen: who types on and on sees errors too."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was found out about one state of one file."""

    buffer: Buffer
    compiled: Compiled


class Checks:
    """`publish` gets each check whose text is still what the editor shows."""

    def __init__(
        self, buffers: Callable[[], Buffers], publish: Callable[[Check], None], config: Path | None
    ) -> None:
        self._config = config
        self._buffers = buffers
        self._publish = publish
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="check")
        self._latest: dict[str, Check] = {}
        self._graphs: dict[str, Graph] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._since: dict[str, float] = {}

    def graph(self, uri: str) -> Graph | None:
        """The last sound graph of a file, maybe of an older text."""
        return self._graphs.get(uri)

    def soon(self, uri: str) -> None:
        """A check once the typing pauses."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        since = self._since.setdefault(uri, now)
        self._start(uri, min(PAUSE_SECONDS, max(0.0, since + PATIENCE_SECONDS - now)))

    def now(self, uri: str) -> None:
        self._start(uri, 0)

    async def settled(self, uri: str) -> Check | None:
        """The check of the text that the editor shows now; None when the file is not open."""
        buffer = self._buffers().at(uri)
        check = self._latest.get(uri)
        if buffer is None or (check is not None and check.buffer.text == buffer.text):
            return check if buffer else None
        await self._check(uri)
        return self._latest.get(uri)

    def forget(self, uri: str) -> None:
        self._latest.pop(uri, None)
        self._graphs.pop(uri, None)
        self._since.pop(uri, None)
        task = self._running.pop(uri, None)
        if task is not None:
            task.cancel()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _start(self, uri: str, delay: float) -> None:
        before = self._running.get(uri)
        if before is not None:
            before.cancel()
        self._running[uri] = asyncio.get_running_loop().create_task(self._after(uri, delay))

    async def _after(self, uri: str, delay: float) -> None:
        await asyncio.sleep(delay)
        await self._check(uri)

    async def _check(self, uri: str) -> None:
        buffer = self._buffers().at(uri)
        if buffer is None:
            return
        self._since.pop(uri, None)
        loop = asyncio.get_running_loop()
        compiled = await loop.run_in_executor(self._threads, compile_buffer, buffer, self._config)
        now = self._buffers().at(uri)
        if now is not None and now.text == buffer.text:
            self._latest[uri] = Check(buffer, compiled)
            if compiled.graph is not None:
                self._graphs[uri] = compiled.graph
            self._publish(self._latest[uri])


def compile_buffer(buffer: Buffer, config: Path | None) -> Compiled:
    """Compiles a file as `meltica check` does, the editor's text instead of the one on disk."""
    try:
        project = find_project(Path(buffer.path), config)
    except ConfigFault as fault:
        return Compiled(None, fault.diagnostics, fault.sources)
    return compile_text(buffer.path, buffer.text, options_of(project))


def options_of(project: Project) -> CompileOptions:
    return CompileOptions(
        strategies_dir=project.strategies_dir,
        require_registry=project.require_registry,
        environ=os.environ,
        shipped_dir=resources.strategies_dir(),
    )
