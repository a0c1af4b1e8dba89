"""All that the server offers, as the protocol names it."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types

from meltica_runtime.language_server import document_sync, editing, navigation
from meltica_runtime.language_server.server import MelticaServer

_FEATURES = (
    (types.TEXT_DOCUMENT_DID_OPEN, document_sync.did_open, None),
    (types.TEXT_DOCUMENT_DID_CHANGE, document_sync.did_change, None),
    (types.TEXT_DOCUMENT_DID_SAVE, document_sync.did_save, None),
    (types.TEXT_DOCUMENT_DID_CLOSE, document_sync.did_close, None),
    (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, document_sync.files_changed, None),
    (types.SHUTDOWN, document_sync.shutdown, None),
    (types.TEXT_DOCUMENT_DEFINITION, navigation.definition, None),
    (types.TEXT_DOCUMENT_REFERENCES, navigation.references, None),
    (types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, navigation.highlight, None),
    (types.TEXT_DOCUMENT_PREPARE_RENAME, navigation.prepare_rename, None),
    (types.TEXT_DOCUMENT_RENAME, navigation.rename_all, types.RenameOptions(prepare_provider=True)),
    (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, navigation.symbols, None),
    (
        types.TEXT_DOCUMENT_COMPLETION,
        editing.completion,
        types.CompletionOptions(trigger_characters=list(editing.TRIGGERS), resolve_provider=True),
    ),
    (types.COMPLETION_ITEM_RESOLVE, editing.resolve_completion, None),
    (types.TEXT_DOCUMENT_HOVER, editing.hover_at, None),
    (types.TEXT_DOCUMENT_FORMATTING, editing.formatting, None),
    (
        types.TEXT_DOCUMENT_CODE_ACTION,
        editing.code_actions,
        types.CodeActionOptions([types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll]),
    ),
    (types.TEXT_DOCUMENT_INLAY_HINT, editing.inlay_hints, None),
)


def build_server(config: Path | None) -> MelticaServer:
    """The server with all its features, not started yet."""
    server = MelticaServer(config)
    for method, answer, options in _FEATURES:
        server.feature(method, options)(answer)
    return server
