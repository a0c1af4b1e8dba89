"""What the language says, in the types of the protocol."""

from __future__ import annotations

from lsprotocol import types

from meltica_dsl.diagnostics.diagnostic import Diagnostic, Fix, Severity
from meltica_runtime.language_server.buffers import Buffers, uri_of

SOURCE = "meltica"

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
}


def diagnostic(found: Diagnostic, buffers: Buffers) -> types.Diagnostic:
    lines = [found.message, *(f"note: {note}" for note in found.notes)]
    lines += [f"help: {way_out}" for way_out in found.help]
    related = [
        types.DiagnosticRelatedInformation(
            types.Location(uri_of(label.span.path), buffers.positions(label.span.path).range(label.span)),
            label.message,
        )
        for label in found.labels
    ]
    return types.Diagnostic(
        buffers.positions(found.span.path).range(found.span),
        "\n".join(lines),
        severity=_SEVERITIES[found.severity],
        code=found.code,
        source=SOURCE,
        related_information=related or None,
    )


def edits(fixes: tuple[Fix, ...], buffers: Buffers) -> types.WorkspaceEdit:
    """What the fixes change, file by file."""
    changes: dict[str, list[types.TextEdit]] = {}
    for fix in fixes:
        for edit in fix.edits:
            place = buffers.positions(edit.span.path).range(edit.span)
            changes.setdefault(uri_of(edit.span.path), []).append(types.TextEdit(place, edit.replacement))
    return types.WorkspaceEdit(changes=changes)
