"""`meltica run --watch`: what is saved is applied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.to_thread

from meltica_compiler.compile import Compiled, CompileOptions
from meltica_compiler.graph.graph import Graph
from meltica_compiler.plan.text import plan_text
from meltica_runtime.cli.compiling import report
from meltica_runtime.cli.options import CommonOptions
from meltica_runtime.control.compilation import compile_file_apart
from meltica_runtime.topology.gateway import Gateway
from meltica_runtime.topology.reload import ReloadFailed, ReloadRefused

POLL_SECONDS = 0.2
"""How often the files are looked at. They have to be the same twice: who is still writing is waited for."""

Stamps = dict[str, tuple[int, int, int] | None]
"""Of each file when it was changed, its size and its inode; None where there is none."""


@dataclass(frozen=True, slots=True)
class FileWatch:
    """The file, its imports and the modules of its strategies; `first` is what was compiled at the start."""

    common: CommonOptions
    file: Path
    options: CompileOptions
    first: Compiled

    async def run(self, gateway: Gateway) -> None:
        """Applies what is saved, until cancelled. A file that is broken changes nothing."""
        watched = _files_of(self.first)
        known = _stamps(watched)
        # What was saved since it was compiled is seen as well: its text is not the one that was read.
        is_due = await anyio.to_thread.run_sync(_has_changed, self.first)
        while True:
            if not is_due:
                known = await self._changed(known)
            is_due = False
            watched |= await self._take(gateway)
            known = {**_stamps(watched), **known}

    async def _changed(self, known: Stamps) -> Stamps:
        """The files as they are once one of them is another than it was, and is not written any more."""
        before = known
        while True:
            await anyio.sleep(POLL_SECONDS)
            now = _stamps(known)
            if now != known and now == before:
                return now
            before = now

    async def _take(self, gateway: Gateway) -> set[str]:
        """Compiles and applies; which files it now consists of."""
        compiled = await compile_file_apart(self.file, self.options)
        report(self.common, compiled)
        if compiled.graph is None:
            self.common.output.problem(f"{self.file}: not applied; the gateway goes on with what it has")
            return _files_of(compiled)
        await self._apply(gateway, compiled.graph)
        return _files_of(compiled)

    async def _apply(self, gateway: Gateway, graph: Graph) -> None:
        output = self.common.output
        try:
            reloaded = await gateway.apply(graph, gateway.graph.hash)
        except ReloadFailed as failed:
            output.problem(f"{failed.place}: {failed.node} failed, and nothing was changed: {failed.message}")
        except ReloadRefused as refused:
            output.problem(f"not applied: {refused.message}; {refused.help}")
        else:
            output.result(plan_text(reloaded.plan, width=output.width, color=output.color).rstrip("\n"))
            if reloaded.lost:
                output.problem(f"{reloaded.lost:,} events had not reached readers that are gone")


def _files_of(compiled: Compiled) -> set[str]:
    modules = compiled.graph.strategies if compiled.graph is not None else ()
    return {source.path for source in compiled.sources} | {node.module.path for node in modules}


def _has_changed(compiled: Compiled) -> bool:
    """Whether a file is not what was compiled."""
    modules = compiled.graph.strategies if compiled.graph is not None else ()
    texts = {source.path: source.text for source in compiled.sources}
    texts |= {node.module.path: node.module.source for node in modules}
    return any(_read(path) != text for path, text in texts.items())


def _read(path: str) -> str | None:
    try:
        return Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _stamps(paths: Iterable[str]) -> Stamps:
    stamps: Stamps = {}
    for path in paths:
        try:
            seen = Path(path).stat()
        except OSError:
            stamps[path] = None
        else:
            stamps[path] = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
    return stamps
