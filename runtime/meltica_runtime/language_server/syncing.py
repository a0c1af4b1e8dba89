"""Documents come, change and go."""

from __future__ import annotations

from lsprotocol import types

from meltica_runtime.language_server.buffers import path_of
from meltica_runtime.language_server.server import MelticaServer


def did_open(ls: MelticaServer, params: types.DidOpenTextDocumentParams) -> None:
    ls.look_around()
    ls.checks.now(params.text_document.uri)


def did_change(ls: MelticaServer, params: types.DidChangeTextDocumentParams) -> None:
    ls.families.changed(path_of(params.text_document.uri))
    ls.checks.soon(params.text_document.uri)


def did_save(ls: MelticaServer, params: types.DidSaveTextDocumentParams) -> None:
    ls.look_around()
    ls.checks.now(params.text_document.uri)


def did_close(ls: MelticaServer, params: types.DidCloseTextDocumentParams) -> None:
    ls.checks.forget(params.text_document.uri)
    ls.families.forget(path_of(params.text_document.uri))
    ls.withdraw(params.text_document.uri)


def files_changed(ls: MelticaServer, _params: types.DidChangeWatchedFilesParams) -> None:
    """Modules, configs or imported files changed on disk: every open file may mean something else."""
    ls.look_around()
    for buffer in ls.buffers().open():
        ls.checks.now(buffer.uri)


def shutdown(ls: MelticaServer, _params: None) -> None:
    ls.checks.close()
