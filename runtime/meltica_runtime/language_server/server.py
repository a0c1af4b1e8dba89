"""The features that the server offers, each a short way from the protocol to the one that knows."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from meltica_dsl.diagnostics import Diagnostic
from meltica_runtime.language_server import wire
from meltica_runtime.language_server.buffers import Buffers, uri_of
from meltica_runtime.language_server.checks import Check, Checks


class MelticaServer(LanguageServer):
    def __init__(self, config: Path | None) -> None:
        # Whole texts: a file is some 20 KB, and the text here can never drift from the editor's.
        super().__init__("meltica", version("meltica"), types.TextDocumentSyncKind.Full)
        self.checks = Checks(self.buffers, self.publish, config)
        self._published: dict[str, set[str]] = {}

    def buffers(self) -> Buffers:
        return Buffers(self.workspace)

    def publish(self, check: Check) -> None:
        """Shows what a check has found, file by file, and clears the files that it finds sound now."""
        buffers = self.buffers()
        own = check.buffer.uri
        by_file: dict[str, list[Diagnostic]] = {own: []}
        for found in check.compiled.diagnostics:
            uri = own if found.span.path == check.buffer.path else uri_of(found.span.path)
            by_file.setdefault(uri, []).append(found)
        for uri in self._published.get(own, set()) - by_file.keys():
            self._show(uri, [], None)
        for uri, diagnostics in by_file.items():
            shown = [wire.diagnostic(found, buffers) for found in diagnostics]
            self._show(uri, shown, check.buffer.version if uri == own else None)
        self._published[own] = set(by_file)

    def withdraw(self, uri: str) -> None:
        for shown in self._published.pop(uri, set()):
            self._show(shown, [], None)

    def _show(self, uri: str, diagnostics: list[types.Diagnostic], version: int | None) -> None:
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics, version))


def build_server(config: Path | None) -> MelticaServer:
    """The server with all its features, not started yet."""
    server = MelticaServer(config)

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        server.checks.now(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        server.checks.soon(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        server.checks.now(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        server.checks.forget(params.text_document.uri)
        server.withdraw(params.text_document.uri)

    @server.feature(types.SHUTDOWN)
    def shutdown(_params: None) -> None:
        server.checks.close()

    return server
