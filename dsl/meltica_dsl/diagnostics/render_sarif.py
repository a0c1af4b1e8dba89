"""Diagnostics as SARIF 2.1.0, which code hosts and editors read.

The form is that of OASIS, https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from meltica_dsl.diagnostics.codes.table import CODES
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Edit, Fix
from meltica_dsl.text.source import SourceFile, Span

JsonDict = dict[str, object]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(diagnostics: Sequence[Diagnostic], sources: Sequence[SourceFile], *, version: str) -> str:
    """One log of one run; `version` is the program's. Columns count characters, as everywhere here."""
    by_path = {source.path: source for source in sources}
    rules = sorted({diagnostic.code for diagnostic in diagnostics})
    run: JsonDict = {
        "tool": {
            "driver": {"name": "meltica", "version": version, "rules": [_rule(code) for code in rules]},
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, by_path, rules) for diagnostic in diagnostics],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(identifier: str) -> JsonDict:
    code = CODES[identifier]
    return {
        "id": code.code,
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": code.explanation.strip()},
        "help": {"text": code.story},
    }


def _result(diagnostic: Diagnostic, sources: Mapping[str, SourceFile], rules: Sequence[str]) -> JsonDict:
    labels = [
        {"id": number, "message": {"text": label.message}, **_location(label.span, sources)}
        for number, label in enumerate(diagnostic.labels, 1)
    ]
    return {
        "ruleId": diagnostic.code,
        "ruleIndex": rules.index(diagnostic.code),
        "level": diagnostic.severity.value,
        "message": {"text": _message(diagnostic)},
        "locations": [_location(diagnostic.span, sources)],
        **({"relatedLocations": labels} if labels else {}),
        **({"fixes": [_fix(fix, sources) for fix in diagnostic.fixes]} if diagnostic.fixes else {}),
    }


def _message(diagnostic: Diagnostic) -> str:
    """SARIF has no notes and no help of a single result: they are lines of its message."""
    lines = [diagnostic.message + (f": {diagnostic.label}" if diagnostic.label else "")]
    lines += [f"note: {note}" for note in diagnostic.notes]
    lines += [f"help: {text}" for text in diagnostic.help]
    return "\n".join(lines)


def _location(span: Span, sources: Mapping[str, SourceFile]) -> JsonDict:
    return {
        "physicalLocation": {"artifactLocation": {"uri": uri(span.path)}, "region": _region(span, sources)}
    }


def _region(span: Span, sources: Mapping[str, SourceFile]) -> JsonDict:
    source = sources.get(span.path)
    if source is None:
        return {"startLine": 1}
    start, end = source.location(span.start), source.location(span.end)
    return {
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    }


def _fix(fix: Fix, sources: Mapping[str, SourceFile]) -> JsonDict:
    by_file: dict[str, list[Edit]] = {}
    for edit in fix.edits:
        by_file.setdefault(edit.span.path, []).append(edit)
    return {
        "description": {"text": fix.title},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": uri(path)},
                "replacements": [_replacement(edit, sources) for edit in edits],
            }
            for path, edits in by_file.items()
        ],
    }


def _replacement(edit: Edit, sources: Mapping[str, SourceFile]) -> JsonDict:
    return {
        "deletedRegion": _region(edit.span, sources),
        "insertedContent": {"text": edit.replacement},
    }


def uri(path: str) -> str:
    """
    >>> uri("pipelines/my maker.mel"), uri("/tmp/p.mel")
    ('pipelines/my%20maker.mel', 'file:///tmp/p.mel')
    """
    return Path(path).as_uri() if Path(path).is_absolute() else quote(path)
