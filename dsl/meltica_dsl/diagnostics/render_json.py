"""Diagnostics as JSON, for editors and scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from meltica_dsl.diagnostics.diagnostic import Diagnostic, Edit, Fix, Label
from meltica_dsl.text.source import SourceFile, Span

JsonDict = dict[str, object]


def render(diagnostics: Sequence[Diagnostic], sources: Sequence[SourceFile]) -> str:
    """A list of objects: `code, severity, message, file, line, column, endLine, endColumn, labels, notes,
    help, fixes`. Lines and columns count from 1, columns in characters, the end is past the last. The words
    for the place itself are the first of the labels, if there are any."""
    by_path = {source.path: source for source in sources}
    return json.dumps([to_dict(diagnostic, by_path) for diagnostic in diagnostics], indent=2) + "\n"


def to_dict(diagnostic: Diagnostic, sources: Mapping[str, SourceFile]) -> JsonDict:
    own = (Label(diagnostic.span, diagnostic.label),) if diagnostic.label else ()
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        **position(diagnostic.span, sources),
        "labels": [
            {"message": at.message, **position(at.span, sources)} for at in (*own, *diagnostic.labels)
        ],
        "notes": list(diagnostic.notes),
        "help": list(diagnostic.help),
        "fixes": [_fix(fix, sources) for fix in diagnostic.fixes],
    }


def _fix(fix: Fix, sources: Mapping[str, SourceFile]) -> JsonDict:
    return {"title": fix.title, "edits": [_edit(edit, sources) for edit in fix.edits]}


def _edit(edit: Edit, sources: Mapping[str, SourceFile]) -> JsonDict:
    return {**position(edit.span, sources), "replacement": edit.replacement}


def position(span: Span, sources: Mapping[str, SourceFile]) -> JsonDict:
    """A file that could not be read has no lines: its place is its beginning."""
    source = sources.get(span.path)
    if source is None:
        return {"file": span.path, "line": 1, "column": 1, "endLine": 1, "endColumn": 1}
    start, end = source.location(span.start), source.location(span.end)
    return {
        "file": span.path,
        "line": start.line,
        "column": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    }
