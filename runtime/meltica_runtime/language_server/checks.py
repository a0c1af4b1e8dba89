"""Checks as you type: after a pause a pipeline is compiled, off the event loop, and the editor is told.

One thread compiles, one pipeline after the other. What it finds of texts that have changed meanwhile is
thrown away, since the next check is on its way.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from meltica_compiler.compile import Compiled, CompileOptions, compile_text
from meltica_compiler.graph.graph import Graph
from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.parse.parser import Parse
from meltica_dsl.parse.read import read_source
from meltica_runtime import resources
from meltica_runtime.config.fault import ConfigFault
from meltica_runtime.config.project import Project, find_project

PAUSE_SECONDS = 0.08
"""Without a keystroke. Fast typists press a key each 60 ms, so that no check runs while they type on."""

PATIENCE_SECONDS = 0.5
"""Since the first keystroke that no check has seen: who types on and on sees errors too."""

Texts = Mapping[str, str]
"""The files of a pipeline by path, the pipeline's own first, the imported ones after it."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was found out about one state of a pipeline's files. `root` is the path of the pipeline."""

    root: str
    texts: Texts
    compiled: Compiled


class Checks:
    """`texts` gives what the editor shows of a pipeline's files, and `publish` gets each check that is
    still of these. `config` holds for all files; without it each file's project has its own."""

    def __init__(
        self,
        texts: Callable[[str], Texts],
        publish: Callable[[Check], None],
        config: Path | None,
        parse: Parse,
    ) -> None:
        self._config = config
        self._texts = texts
        self._publish = publish
        self._parse = parse
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="check")
        self._latest: dict[str, Check] = {}
        self._graphs: dict[str, Graph] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._since: dict[str, float] = {}

    def graph(self, root: str) -> Graph | None:
        """The last sound graph of a pipeline, maybe of older texts."""
        return self._graphs.get(root)

    def soon(self, root: str) -> None:
        """A check once the typing pauses."""
        now = asyncio.get_running_loop().time()
        since = self._since.setdefault(root, now)
        self._start(root, min(PAUSE_SECONDS, max(0.0, since + PATIENCE_SECONDS - now)))

    def now(self, root: str) -> None:
        self._start(root, 0)

    async def current_check(self, root: str) -> Check | None:
        """The check of what the editor shows now; None when it changes while it is checked."""
        if root not in self._latest or self._latest[root].texts != self._texts(root):
            await self._check(root)
        check = self._latest.get(root)
        return check if check is not None and check.texts == self._texts(root) else None

    def forget(self, root: str) -> None:
        self._latest.pop(root, None)
        self._graphs.pop(root, None)
        self._since.pop(root, None)
        task = self._running.pop(root, None)
        if task is not None:
            task.cancel()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _start(self, root: str, delay: float) -> None:
        before = self._running.get(root)
        if before is not None:
            before.cancel()
        self._running[root] = asyncio.get_running_loop().create_task(self._after(root, delay))

    async def _after(self, root: str, delay: float) -> None:
        await asyncio.sleep(delay)
        await self._check(root)

    async def _check(self, root: str) -> None:
        texts = self._texts(root)
        self._since.pop(root, None)
        if root not in texts:
            return
        loop = asyncio.get_running_loop()
        compiled = await loop.run_in_executor(
            self._threads, compile_texts, root, texts, self._config, self._parse
        )
        if self._texts(root) == texts:
            check = self._latest[root] = Check(root, texts, compiled)
            if compiled.graph is not None:
                self._graphs[root] = compiled.graph
            self._publish(check)


def compile_texts(root: str, texts: Texts, config: Path | None, parse: Parse) -> Compiled:
    """Compiles a pipeline as `meltica check` does, the editor's texts instead of those on disk."""
    try:
        project = find_project(Path(root), config)
    except ConfigFault as fault:
        return Compiled(None, fault.diagnostics, fault.sources)

    def read(path: Path) -> str | Diagnostic:
        return texts[str(path)] if str(path) in texts else read_source(path)

    return compile_text(root, texts[root], options_of(project), read, parse)


def options_of(project: Project) -> CompileOptions:
    return CompileOptions(
        strategies_dir=project.strategies_dir,
        require_registry=project.require_registry,
        environ=os.environ,
        shipped_dir=resources.strategies_dir(),
    )
