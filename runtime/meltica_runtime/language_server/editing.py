"""What helps while writing: completion, hover, formatting, fixes, hints."""

from __future__ import annotations

import os
from collections.abc import Sequence

from lsprotocol import types

from meltica_compiler.intelligence.completion import complete, is_needed
from meltica_compiler.intelligence.declared import module_text
from meltica_compiler.intelligence.hints import hints
from meltica_compiler.intelligence.hover import hover
from meltica_compiler.intelligence.suggestion import Shape, Suggestion
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Fix
from meltica_dsl.formatting.formatter import format_source
from meltica_dsl.intelligence.cursor import Cursor, cursor_at
from meltica_dsl.parse.lexer import UNTERMINATED
from meltica_dsl.text.source import Span
from meltica_runtime.language_server import protocol
from meltica_runtime.language_server.buffers import Buffers, path_of
from meltica_runtime.language_server.server import MelticaServer

TRIGGERS = (*'.|=> "[{:/', *"0123456789")
"""Characters after which an editor asks by itself. Digits, since units follow them."""

_KINDS = {
    Shape.KEYWORD: types.CompletionItemKind.Keyword,
    Shape.DECLARATION: types.CompletionItemKind.Snippet,
    Shape.STAGE: types.CompletionItemKind.Function,
    Shape.KEY: types.CompletionItemKind.Property,
    Shape.CHOICE: types.CompletionItemKind.EnumMember,
    Shape.FIELD: types.CompletionItemKind.Field,
    Shape.CONSTANT: types.CompletionItemKind.Variable,
    Shape.FUNCTION: types.CompletionItemKind.Function,
    Shape.EVENT: types.CompletionItemKind.Event,
    Shape.MODULE: types.CompletionItemKind.Module,
    Shape.UNIT: types.CompletionItemKind.Unit,
    Shape.VALUE: types.CompletionItemKind.Value,
    Shape.OPERATOR: types.CompletionItemKind.Operator,
    Shape.FILE: types.CompletionItemKind.File,
}


def completion(ls: MelticaServer, params: types.CompletionParams) -> types.CompletionList:
    buffer = ls.buffer(params.text_document.uri)
    positions = ls.buffers().positions_in(buffer.text)
    cursor = cursor_at(buffer.path, buffer.text, positions.offset(params.position))
    trigger = params.context.trigger_character if params.context else None
    if cursor is None or (trigger == " " and not is_needed(cursor)):
        return types.CompletionList(False, [])
    place = positions.range(_replaced(cursor))
    found = complete(cursor, ls.knowledge(buffer, cursor))
    items = [
        _item(suggestion, place, cursor, rank, buffer.uri, ls.supports_snippets)
        for rank, suggestion in enumerate(found)
    ]
    # With every digit the numbers that are offered are others.
    return types.CompletionList(cursor.word.kind == "LITERAL", items)


def _replaced(cursor: Cursor) -> Span:
    """What an accepted suggestion replaces: the word at the cursor, in a string what the quotes hold."""
    word = cursor.word
    if not cursor.in_string:
        return Span(cursor.path, word.start, word.end)
    return Span(cursor.path, word.start + 1, cursor.offset if word.kind == UNTERMINATED else word.end - 1)


def _item(
    suggestion: Suggestion, place: types.Range, cursor: Cursor, rank: int, uri: str, supports_snippets: bool
) -> types.CompletionItem:
    closing = '"' if cursor.word.kind == UNTERMINATED else ""
    is_snippet = supports_snippets and "$" in suggestion.snippet
    text = suggestion.snippet if is_snippet else suggestion.plain
    forms = types.InsertTextFormat
    return types.CompletionItem(
        suggestion.label,
        kind=_KINDS[suggestion.shape],
        detail=suggestion.detail or None,
        documentation=_markdown(suggestion.doc) if suggestion.doc else None,
        sort_text=f"{rank:04}",
        text_edit=types.TextEdit(place, text + closing),
        insert_text_format=forms.Snippet if is_snippet else forms.PlainText,
        data={"uri": uri} if suggestion.shape is Shape.MODULE else None,
    )


def resolve_completion(ls: MelticaServer, item: types.CompletionItem) -> types.CompletionItem:
    """Adds what a strategy module says of itself, which is too slow to find out for all of them at once."""
    match item.data:
        case {"uri": str(uri)}:
            item.documentation = _markdown(module_text(item.label, ls.knowledge(ls.buffer(uri))))
    return item


def hover_at(ls: MelticaServer, params: types.HoverParams) -> types.Hover | None:
    buffer = ls.buffer(params.text_document.uri)
    positions = ls.buffers().positions_in(buffer.text)
    offset = positions.offset(params.position)
    found = hover(buffer.path, buffer.text, offset, ls.knowledge(buffer), os.environ)
    return None if found is None else types.Hover(_markdown(found.text), positions.range(found.span))


def formatting(ls: MelticaServer, params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
    """The whole document in canonical form; nothing when it cannot be read."""
    buffer = ls.buffer(params.text_document.uri)
    formatted = format_source(buffer.path, buffer.text, ls.parses.parse).text
    if formatted is None or formatted == buffer.text:
        return None
    return [types.TextEdit(ls.buffers().positions_in(buffer.text).whole(), formatted)]


async def code_actions(ls: MelticaServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """The fixes of the diagnostics in a range, and all fixes of the file at once."""
    path = path_of(params.text_document.uri)
    check = await ls.checks.current_check(ls.root(path))
    if check is None or path not in check.texts:
        return []
    buffers = ls.buffers()
    own = [found for found in check.compiled.diagnostics if found.span.path == path]
    positions = buffers.positions_in(check.texts[path])
    start, end = positions.offset(params.range.start), positions.offset(params.range.end)
    touched = [found for found in own if found.span.start <= end and start <= found.span.end]
    actions = [_action(found, fix, buffers) for found in touched for fix in found.fixes]
    wanted = params.context.only
    compatible = _compatible_fixes(own)
    if len(compatible) > 1 or (compatible and wanted):
        actions.append(
            types.CodeAction(
                f"fix all {len(compatible)} that can be fixed",
                types.CodeActionKind.SourceFixAll,
                edit=protocol.edits(compatible, buffers),
            )
        )
    return [action for action in actions if wanted is None or _is_wanted(action, wanted)]


def _action(found: Diagnostic, fix: Fix, buffers: Buffers) -> types.CodeAction:
    return types.CodeAction(
        fix.title,
        types.CodeActionKind.QuickFix,
        diagnostics=[protocol.diagnostic(found, buffers)],
        is_preferred=len(found.fixes) == 1,
        edit=protocol.edits((fix,), buffers),
    )


def _is_wanted(action: types.CodeAction, wanted: Sequence[types.CodeActionKind | str]) -> bool:
    """Kinds are a tree: who asks for `source` gets `source.fixAll` too."""
    kind = str(getattr(action.kind, "value", action.kind))
    kinds = [str(getattr(one, "value", one)) for one in wanted]
    return any(kind == one or kind.startswith(f"{one}.") for one in kinds)


def _compatible_fixes(diagnostics: list[Diagnostic]) -> tuple[Fix, ...]:
    """The first fix of each diagnostic, those left out that touch the text of one before."""
    taken: list[Span] = []
    found = []
    for diagnostic in diagnostics:
        spans = [edit.span for edit in diagnostic.fixes[0].edits] if diagnostic.fixes else []
        if spans and not any(_overlap(one, other) for one in spans for other in taken):
            taken += spans
            found.append(diagnostic.fixes[0])
    return tuple(found)


def _overlap(one: Span, other: Span) -> bool:
    return one.path == other.path and one.start <= other.end and other.start <= one.end


def inlay_hints(ls: MelticaServer, params: types.InlayHintParams) -> list[types.InlayHint]:
    buffer = ls.buffer(params.text_document.uri)
    graph = ls.graph(buffer.path)
    if graph is None:
        return []
    positions = ls.buffers().positions_in(buffer.text)
    start, end = positions.offset(params.range.start), positions.offset(params.range.end)
    return [
        types.InlayHint(
            positions.position(hint.offset), hint.text, tooltip=_markdown(hint.doc), padding_left=True
        )
        for hint in hints(ls.index(buffer.path), graph)
        if hint.path == buffer.path and start <= hint.offset <= end
    ]


def _markdown(text: str) -> types.MarkupContent:
    return types.MarkupContent(types.MarkupKind.Markdown, text)
