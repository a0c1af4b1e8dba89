"""The server's state: what is open, what was found out about it, and what the editor was told."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from meltica_compiler.graph.graph import Graph
from meltica_compiler.intelligence.catalogue import Modules
from meltica_compiler.intelligence.suggestion import Knowledge
from meltica_compiler.modules.registry import StrategyLibrary
from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.intelligence.cursor import Cursor
from meltica_dsl.intelligence.occurrences import Index
from meltica_dsl.parse.reparse import Parses
from meltica_runtime import resources
from meltica_runtime.config.fault import ConfigFault
from meltica_runtime.config.project import Project, find_project
from meltica_runtime.language_server import protocol
from meltica_runtime.language_server.buffers import Buffer, Buffers, path_of, uri_of
from meltica_runtime.language_server.checks import Check, Checks
from meltica_runtime.language_server.import_graph import ImportGraph


class MelticaServer(LanguageServer):
    """`config` holds for all files; without it each file's project has its own."""

    def __init__(self, config: Path | None) -> None:
        # Whole texts: a file is some 20 KB, and the text here can never drift from the editor's.
        super().__init__("meltica", version("meltica"), types.TextDocumentSyncKind.Full)
        # One syntax of each text for all that is asked of it, checks included.
        self.parses = Parses()
        self.checks = Checks(self.texts, self.publish, config, self.parses.parse)
        self.import_graph = ImportGraph(self.parses)
        self._config = config
        self._published: dict[str, set[str]] = {}
        self._projects: dict[str, Project | None] = {}

    def buffers(self) -> Buffers:
        return Buffers(self.workspace)

    def buffer(self, uri: str) -> Buffer:
        """A document; one that the editor asks about without having it open is read from the disk."""
        found = self.buffers().at(uri)
        if found is not None:
            return found
        return Buffer(uri, path_of(uri), self.text(path_of(uri)), None)

    def root(self, path: str) -> str:
        """The pipeline that a file is a part of: itself, or the first that imports it."""
        return self.import_graph.roots(path, self.buffers())[0]

    def texts(self, root: str) -> dict[str, str]:
        """A pipeline's files as the editor shows them; those that cannot be read are left out."""
        buffers = self.buffers()
        read = ((path, buffers.read(path)) for path in self.import_graph.closure(root, buffers))
        return {path: text for path, text in read if isinstance(text, str)}

    def graph(self, path: str) -> Graph | None:
        """The last sound graph of the pipeline that a file is a part of."""
        return self.checks.graph(self.root(path))

    def index(self, path: str) -> Index:
        """The names of a file, and of the files that it shares them with."""
        return self.import_graph.index(path, self.root(path), self.buffers())

    def knowledge(self, buffer: Buffer, cursor: Cursor | None = None) -> Knowledge:
        """What is known of a file; beside a cursor, of all but the declaration in hand."""
        index = self.import_graph.near(buffer.text, cursor.span) if cursor is not None else None
        index = index or self.index(buffer.path)
        texts = {file.path: self.text(file.path) for file in index.files}
        return Knowledge(index, self.modules(buffer.path), self.graph(buffer.path), texts)

    def text(self, path: str) -> str:
        """The text of a file; none where it cannot be read."""
        text = self.buffers().read(path)
        return "" if isinstance(text, Diagnostic) else text

    def modules(self, path: str) -> Modules:
        """The strategy modules of a file's project; where its config is broken, those that come along."""
        if path not in self._projects:
            try:
                self._projects[path] = find_project(Path(path), self._config)
            except ConfigFault:
                self._projects[path] = None
        project = self._projects[path]
        shipped = resources.strategies_dir()
        if project is None:
            return Modules(StrategyLibrary(shipped, require_registry=False))
        return Modules(StrategyLibrary(project.strategies_dir, project.require_registry, shipped))

    def rescan(self) -> None:
        """Looks at the disk again: files have come, gone or changed."""
        self._projects.clear()
        buffers = self.buffers()
        folders = [Path(path_of(folder.uri)) for folder in self.workspace.folders.values()]
        if self.workspace.root_path:
            folders.append(Path(self.workspace.root_path))
        folders += [Path(buffer.path).parent for buffer in buffers.open() if os.path.isabs(buffer.path)]
        self.import_graph.rescan(
            [f for f in dict.fromkeys(folders) if not folders_above(f, folders)], buffers
        )

    @property
    def supports_snippets(self) -> bool:
        """Whether the editor can fill in the placeholders of what it inserts."""
        document = self.client_capabilities.text_document
        completion = document.completion if document is not None else None
        item = completion.completion_item if completion is not None else None
        return item is not None and bool(item.snippet_support)

    def publish(self, check: Check) -> None:
        """Shows what a check has found, file by file, and clears the files that it finds sound now."""
        buffers = self.buffers()
        by_file: dict[str, list[Diagnostic]] = {path: [] for path in check.texts}
        for found in check.compiled.diagnostics:
            by_file.setdefault(found.span.path, []).append(found)
        for path in self._published.get(check.root, set()) - by_file.keys():
            self._show(path, [])
        for path, diagnostics in by_file.items():
            self._show(path, [protocol.diagnostic(found, buffers) for found in diagnostics])
        self._published[check.root] = set(by_file)
        # Ahead of the next keystroke, which then finds these names.
        self.index(check.root)
        if check.compiled.graph is not None:
            # Hints come from the graph, which the editor cannot know to have changed.
            self._refresh_hints()

    def clear_diagnostics(self, root: str) -> None:
        for path in self._published.pop(root, set()):
            self._show(path, [])

    def _show(self, path: str, diagnostics: list[types.Diagnostic]) -> None:
        opened = next((buffer for buffer in self.buffers().open() if buffer.path == path), None)
        uri, version = (opened.uri, opened.version) if opened is not None else (uri_of(path), None)
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics, version))

    def _refresh_hints(self) -> None:
        workspace = self.client_capabilities.workspace
        hints = workspace.inlay_hint if workspace is not None else None
        if hints is not None and hints.refresh_support:
            self.workspace_inlay_hint_refresh(None)


def folders_above(folder: Path, folders: list[Path]) -> list[Path]:
    """Those of the folders that hold this one."""
    return [other for other in folders if other != folder and folder.is_relative_to(other)]
