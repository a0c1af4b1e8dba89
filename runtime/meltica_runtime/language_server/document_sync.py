"""Documents come, change and go."""

from __future__ import annotations

from lsprotocol import types

from meltica_runtime.language_server.buffers import path_of
from meltica_runtime.language_server.server import MelticaServer


def did_open(ls: MelticaServer, params: types.DidOpenTextDocumentParams) -> None:
    ls.rescan()
    ls.checks.now(ls.root(path_of(params.text_document.uri)))


def did_change(ls: MelticaServer, params: types.DidChangeTextDocumentParams) -> None:
    path = path_of(params.text_document.uri)
    ls.import_graph.changed(path)
    ls.checks.soon(ls.root(path))


def did_save(ls: MelticaServer, params: types.DidSaveTextDocumentParams) -> None:
    ls.rescan()
    ls.checks.now(ls.root(path_of(params.text_document.uri)))


def did_close(ls: MelticaServer, params: types.DidCloseTextDocumentParams) -> None:
    """The file is again what the disk holds; of a pipeline with no file open nothing is shown any more."""
    path = path_of(params.text_document.uri)
    root = ls.root(path)
    ls.import_graph.forget(path)
    if any(ls.root(buffer.path) == root for buffer in ls.buffers().open()):
        ls.checks.now(root)
        return
    ls.checks.forget(root)
    ls.clear_diagnostics(root)


def files_changed(ls: MelticaServer, _params: types.DidChangeWatchedFilesParams) -> None:
    """Modules, configs or imported files changed on disk: every open file may mean something else."""
    ls.rescan()
    for root in {ls.root(buffer.path) for buffer in ls.buffers().open()}:
        ls.checks.now(root)


def shutdown(ls: MelticaServer, _params: None) -> None:
    ls.checks.close()
