from __future__ import annotations

import json

from meltica_dsl.diagnostics.diagnostic import Diagnostic, Label
from meltica_dsl.diagnostics.render_json import render
from meltica_dsl.load import load
from meltica_dsl.text.source import SourceFile, Span


def test_a_diagnostic_carries_all_that_an_editor_needs():
    loaded = load("p.mel", "pipeline p {\n  memory = 256\n}\n", {})
    (found,) = json.loads(render(loaded.diagnostics, loaded.sources))
    place = {"file": "p.mel", "line": 2, "column": 12, "endLine": 2, "endColumn": 15}
    assert found == {
        "code": "E0302",
        "severity": "error",
        "message": "`memory` is a size, and `256` has no unit",
        **place,
        "labels": [{"message": "no unit", **place}],
        "notes": [],
        "help": ["write `256MiB`"],
        "fixes": [{"title": "write `256MiB`", "edits": [{**place, "replacement": "256MiB"}]}],
    }


def test_the_words_for_the_place_are_the_first_label_and_the_others_follow():
    sources = SourceFile("a.mel", "let a = 1\n"), SourceFile("b.mel", "let a = 2\n")
    labels = (Label(Span("a.mel", 4, 5), "first here"),)
    twice = Diagnostic("E0202", "`a` is declared twice", Span("b.mel", 4, 5), "again", labels)
    (found,) = json.loads(render([twice], sources))
    place = {"line": 1, "column": 5, "endLine": 1, "endColumn": 6}
    assert found["labels"] == [
        {"message": "again", "file": "b.mel", **place},
        {"message": "first here", "file": "a.mel", **place},
    ]


def test_no_diagnostics_are_an_empty_list():
    assert json.loads(render([], [])) == []


def test_a_file_that_could_not_be_read_has_a_place_too():
    (found,) = json.loads(render([Diagnostic("E0901", "cannot read", Span("x.mel", 0, 0))], []))
    assert (found["file"], found["line"], found["column"]) == ("x.mel", 1, 1)
