"""All that the server offers, as the protocol names it."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types

from meltica_runtime.language_server import navigation, syncing, writing
from meltica_runtime.language_server.server import MelticaServer

_FEATURES = (
    (types.TEXT_DOCUMENT_DID_OPEN, syncing.did_open, None),
    (types.TEXT_DOCUMENT_DID_CHANGE, syncing.did_change, None),
    (types.TEXT_DOCUMENT_DID_SAVE, syncing.did_save, None),
    (types.TEXT_DOCUMENT_DID_CLOSE, syncing.did_close, None),
    (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, syncing.files_changed, None),
    (types.SHUTDOWN, syncing.shutdown, None),
    (types.TEXT_DOCUMENT_DEFINITION, navigation.definition, None),
    (types.TEXT_DOCUMENT_REFERENCES, navigation.references, None),
    (types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, navigation.highlight, None),
    (types.TEXT_DOCUMENT_PREPARE_RENAME, navigation.prepare_rename, None),
    (types.TEXT_DOCUMENT_RENAME, navigation.rename_all, types.RenameOptions(prepare_provider=True)),
    (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, navigation.symbols, None),
    (
        types.TEXT_DOCUMENT_COMPLETION,
        writing.completion,
        types.CompletionOptions(trigger_characters=list(writing.TRIGGERS), resolve_provider=True),
    ),
    (types.COMPLETION_ITEM_RESOLVE, writing.resolve_completion, None),
    (types.TEXT_DOCUMENT_HOVER, writing.hover_at, None),
    (types.TEXT_DOCUMENT_FORMATTING, writing.formatting, None),
    (
        types.TEXT_DOCUMENT_CODE_ACTION,
        writing.code_actions,
        types.CodeActionOptions([types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll]),
    ),
    (types.TEXT_DOCUMENT_INLAY_HINT, writing.inlay_hints, None),
)


def build_server(config: Path | None) -> MelticaServer:
    """The server with all its features, not started yet."""
    server = MelticaServer(config)
    for method, answer, options in _FEATURES:
        server.feature(method, options)(answer)
    return server
