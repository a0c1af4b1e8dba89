"""Which files belong together: those that a pipeline imports, directly or by way of others."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.intelligence.occurrences import Index, index
from meltica_dsl.parse.imports import import_path
from meltica_dsl.parse.parser import Parsed
from meltica_dsl.parse.reparse import Parses
from meltica_dsl.text.source import Span
from meltica_runtime.language_server.buffers import Buffers

MAX_FOLDERS = 2_000
"""That are searched for pipelines: a project has tens, a home folder has more than anybody waits for."""

MAX_FAMILY = 1_000
"""Files that import each other."""

_MAY_IMPORT = re.compile(r"^[ \t]*import\b", re.MULTILINE)


@dataclass
class ImportGraph:
    """The names of files that belong together, and the files on disk that may import others."""

    parses: Parses
    _indexes: dict[tuple[str, ...], tuple[tuple[Parsed, ...], Index]] = field(default_factory=dict)
    _last: dict[str, tuple[str, Index]] = field(default_factory=dict)
    _importers: tuple[str, ...] = ()

    def rescan(self, folders: list[Path], buffers: Buffers) -> None:
        """Looks again for files that import others, below these folders."""
        found = []
        for path in dict.fromkeys(path for folder in folders for path in _pipelines(folder)):
            text = buffers.read(path)
            if isinstance(text, str) and _MAY_IMPORT.search(text):
                found.append(path)
        self._importers = tuple(found)
        self._last.clear()

    def parsed(self, path: str, buffers: Buffers) -> Parsed:
        """The syntax of a file; an empty one where it cannot be read."""
        text = buffers.read(path)
        if isinstance(text, Diagnostic):
            return Parsed(syntax.File(path, (), ()), ())
        return self.parses.parse(path, text)

    def roots(self, path: str, buffers: Buffers) -> tuple[str, ...]:
        """The files that import this one, directly or not, and that nobody imports; itself without such."""
        candidates = dict.fromkeys((*(b.path for b in buffers.open()), *self._importers))
        closures = {candidate: self.closure(candidate, buffers) for candidate in candidates}
        imported = {file for root, files in closures.items() for file in files if file != root}
        found = tuple(r for r, files in closures.items() if path in files and r != path and r not in imported)
        return found or (path,)

    def closure(self, path: str, buffers: Buffers) -> tuple[str, ...]:
        """A file and all that it imports, each once."""
        found = {path: None}
        waiting = [path]
        while waiting and len(found) < MAX_FAMILY:
            here = waiting.pop()
            text = buffers.read(here)
            if not isinstance(text, str) or not _MAY_IMPORT.search(text):
                continue
            for imported in imports(self.parsed(here, buffers).file):
                if imported not in found:
                    found[imported] = None
                    waiting.append(imported)
        return tuple(found)

    def index(self, path: str, root: str, buffers: Buffers) -> Index:
        """Names of the family of `root`, the file at `path` first."""
        paths = tuple(dict.fromkeys((path, *self.closure(root, buffers))))
        files = tuple(self.parsed(one, buffers) for one in paths)
        known = self._indexes.get(paths)
        if known is None or any(a is not b for a, b in zip(known[0], files, strict=True)):
            known = self._indexes[paths] = (files, index(parsed.file for parsed in files))
        text = buffers.read(path)
        self._last[path] = (text if isinstance(text, str) else "", known[1])
        return known[1]

    def changed(self, path: str) -> None:
        """A file has a new text: what others were told of it may be wrong."""
        self._last = {kept: last for kept, last in self._last.items() if kept == path}

    def near(self, text: str, span: Span) -> Index | None:
        """The last names of the file of `span`, if its text has changed within `span` and nowhere else: then
        all names but those of the declaration in hand are what they were, and nothing need be read again."""
        before, known = self._last.get(span.path, ("", None))
        head, tail = text[: span.start], text[span.end :]
        same = len(before) >= len(head) + len(tail) and before.startswith(head) and before.endswith(tail)
        return known if same else None

    def forget(self, path: str) -> None:
        self.parses.forget(path)
        self._last.pop(path, None)
        for paths in [paths for paths in self._indexes if path in paths]:
            del self._indexes[paths]


def imports(file: syntax.File) -> Iterator[str]:
    """The paths of the files that a file imports."""
    for declaration in file.declarations:
        if isinstance(declaration, syntax.ImportDecl):
            target = import_path(declaration)
            if target is not None:
                yield target


def _pipelines(folder: Path) -> Iterator[str]:
    """Pipelines below a folder; hidden folders and those of other tools are left out."""
    for here, folders, files in islice(os.walk(folder), MAX_FOLDERS):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "node_modules")
        yield from (os.path.join(here, name) for name in sorted(files) if name.endswith(".mel"))
