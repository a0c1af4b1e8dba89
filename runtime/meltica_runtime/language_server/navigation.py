"""Finding one's way: definitions, uses, new names, outlines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Edit, Fix
from meltica_dsl.intelligence.occurrences import Index, Occurrence
from meltica_dsl.intelligence.outline import OutlineItem, outline
from meltica_dsl.intelligence.renaming import Refusal, rename
from meltica_dsl.parse.imports import import_path
from meltica_dsl.text.source import Span
from meltica_runtime.language_server import protocol
from meltica_runtime.language_server.buffers import Buffer, uri_of
from meltica_runtime.language_server.server import MelticaServer

_REFUSED = int(types.LSPErrorCodes.RequestFailed)
_NOT_DECLARED = "only what a file declares can be renamed"

_SYMBOL_KINDS = {
    "pipeline": types.SymbolKind.Module,
    "import": types.SymbolKind.File,
    "let": types.SymbolKind.Constant,
    "provider": types.SymbolKind.Interface,
    "pool": types.SymbolKind.Array,
    "route": types.SymbolKind.Function,
    "strategy": types.SymbolKind.Class,
    "risk": types.SymbolKind.Object,
    "sink": types.SymbolKind.Object,
    "stage": types.SymbolKind.Function,
    "place": types.SymbolKind.Namespace,
    "test": types.SymbolKind.Method,
    "key": types.SymbolKind.Property,
}


def definition(ls: MelticaServer, params: types.DefinitionParams) -> list[types.Location] | None:
    buffer, offset = _at(ls, params)
    imported = _imported_at(ls, buffer, offset)
    if imported is not None:
        start = types.Position(0, 0)
        return [types.Location(uri_of(imported), types.Range(start, start))]
    index = ls.index(buffer.path)
    occurrence = index.at(buffer.path, offset)
    found = index.definition(occurrence.binding) if occurrence is not None else None
    return None if found is None else [_location(ls, found.span)]


def references(ls: MelticaServer, params: types.ReferenceParams) -> list[types.Location]:
    buffer, offset = _at(ls, params)
    wanted = params.context.include_declaration
    occurrence = ls.index(buffer.path).at(buffer.path, offset)
    if occurrence is None:
        return []
    found = {
        one.span: None
        for index in _indexes(ls, buffer, occurrence)
        for one in index.of(occurrence.binding)
        if wanted or not one.is_definition
    }
    return [_location(ls, span) for span in found]


def highlight(ls: MelticaServer, params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
    buffer, offset = _at(ls, params)
    positions = ls.buffers().positions_in(buffer.text)
    index = ls.index(buffer.path)
    at = index.at(buffer.path, offset)
    kinds = {True: types.DocumentHighlightKind.Write, False: types.DocumentHighlightKind.Read}
    return [
        types.DocumentHighlight(positions.range(occurrence.span), kinds[occurrence.is_definition])
        for occurrence in (index.of(at.binding) if at is not None else ())
        if occurrence.span.path == buffer.path
    ]


def prepare_rename(ls: MelticaServer, params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder:
    buffer, offset = _at(ls, params)
    occurrence = ls.index(buffer.path).at(buffer.path, offset)
    if occurrence is None:
        raise JsonRpcException(_NOT_DECLARED, _REFUSED)
    place = ls.buffers().positions_in(buffer.text).range(occurrence.span)
    return types.PrepareRenamePlaceholder(place, occurrence.binding.name)


def rename_all(ls: MelticaServer, params: types.RenameParams) -> types.WorkspaceEdit:
    """The edits in every family of files that knows the name. Refusals are errors that the editor shows."""
    buffer, offset = _at(ls, params)
    occurrence = ls.index(buffer.path).at(buffer.path, offset)
    if occurrence is None:
        raise JsonRpcException(_NOT_DECLARED, _REFUSED)
    edits: dict[Edit, None] = {}
    for index in _indexes(ls, buffer, occurrence):
        texts = {file.path: ls.text(file.path) for file in index.files}
        found = rename(index, occurrence.binding, params.new_name, texts)
        if isinstance(found, Refusal):
            raise JsonRpcException(found.message, _REFUSED)
        edits.update(dict.fromkeys(found))
    return protocol.edits((Fix("rename", tuple(edits)),), ls.buffers())


def symbols(ls: MelticaServer, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    buffer = ls.buffer(params.text_document.uri)
    file = ls.import_graph.parsed(buffer.path, ls.buffers()).file
    positions = ls.buffers().positions_in(buffer.text)

    def symbol(item: OutlineItem) -> types.DocumentSymbol:
        return types.DocumentSymbol(
            item.name,
            _SYMBOL_KINDS[item.keyword],
            positions.range(item.span),
            positions.range(item.name_span),
            item.detail or (item.keyword if item.keyword != "key" else None),
            children=[symbol(child) for child in item.children],
        )

    return [symbol(item) for item in outline(file, buffer.text)]


class _PositionParams(Protocol):
    """What requests about a place in a document have in common."""

    text_document: types.TextDocumentIdentifier
    position: types.Position


def _at(ls: MelticaServer, params: _PositionParams) -> tuple[Buffer, int]:
    buffer = ls.buffer(params.text_document.uri)
    return buffer, ls.buffers().positions_in(buffer.text).offset(params.position)


def _indexes(ls: MelticaServer, buffer: Buffer, occurrence: Occurrence) -> Iterator[Index]:
    """The names of every pipeline that imports the file which declares a name."""
    buffers = ls.buffers()
    declared = ls.index(buffer.path).definition(occurrence.binding)
    home = declared.span.path if declared is not None else buffer.path
    return (ls.import_graph.index(root, root, buffers) for root in ls.import_graph.roots(home, buffers))


def _location(ls: MelticaServer, span: Span) -> types.Location:
    return types.Location(uri_of(span.path), ls.buffers().positions(span.path).range(span))


def _imported_at(ls: MelticaServer, buffer: Buffer, offset: int) -> str | None:
    for declaration in ls.import_graph.parsed(buffer.path, ls.buffers()).file.declarations:
        if isinstance(declaration, syntax.ImportDecl):
            span = declaration.path.span
            if span.start <= offset <= span.end:
                return import_path(declaration)
    return None
