"""Every file in `bad/` says below each wrong place which error it gets.

    let window = 5sec
    #            ^^^^ E0106: `sec` is no unit

The carets stand under the place, whole, and the message follows. Places that carets cannot reach, in the
first two columns or of no width, are given in numbers: `# at 1-8 E0108: …`, the end past the last column.
There are no other errors, and they come in source order.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from meltica_dsl.diagnostics.codes.table import CODES
from meltica_dsl.diagnostics.render_text import render
from meltica_dsl.load import load
from meltica_dsl.parse.read import read_source

FOLDER = Path(__file__).parent / "bad"
FILES = sorted(FOLDER.glob("*.mel"))
ENVIRON = {"WORD": "banana"}
CARETS = re.compile(r"#(?P<pad> *)(?P<carets>\^+) (?P<code>E\d{4}): (?P<message>.+)")
NUMBERS = re.compile(r"# at (?P<start>\d+)-(?P<end>\d+) (?P<code>E\d{4}): (?P<message>.+)")

# What only a whole file can be wrong with is tested in test_read.py, and the codes of the compiler in
# tests/compiler.
ELSEWHERE = {"E0902", "E0905", "E0908", "E1009", "E1010"}
OF_THE_LANGUAGE = ("E01", "E02", "E03", "E0801", "E090", "E10")


def expected(path):
    """What the file says, and the files that it imports. Paths are those from this folder."""
    sources = load(path.name, path.read_text("utf-8"), ENVIRON).sources
    return [mark for source in sorted(sources, key=lambda s: s.path) for mark in marks(source)]


def marks(source):
    wanted, line = [], 0
    for number, text in enumerate(source.text.split("\n"), 1):
        if mark := CARETS.fullmatch(text):
            start = mark.start("carets") + 1
            wanted.append(
                (source.path, line, start, start + len(mark["carets"]), mark["code"], mark["message"])
            )
        elif mark := NUMBERS.fullmatch(text):
            wanted.append(
                (source.path, line, int(mark["start"]), int(mark["end"]), mark["code"], mark["message"])
            )
        else:
            line = number
    return wanted


def found(path):
    loaded = load(path.name, path.read_text("utf-8"), ENVIRON)
    sources = {source.path: source for source in loaded.sources}
    places = []
    for diagnostic in loaded.diagnostics:
        start = sources[diagnostic.span.path].location(diagnostic.span.start)
        end = start.column + diagnostic.span.end - diagnostic.span.start
        places.append((start.file, start.line, start.column, end, diagnostic.code, diagnostic.message))
    return places


@pytest.fixture(autouse=True)
def _in_the_folder(monkeypatch):
    monkeypatch.chdir(FOLDER)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_bad_file_gets_the_errors_that_it_names(path):
    assert expected(path)
    assert found(path) == expected(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_errors_fit_into_sixty_columns(path):
    loaded = load(path.name, path.read_text("utf-8"), ENVIRON)
    for line in render(loaded.diagnostics, loaded.sources, color=False, width=60).split("\n"):
        # A single word is never broken, so that it can be copied.
        assert len(line) <= 60 or " " not in line.split(": ", 1)[-1].strip()


def test_every_code_of_the_language_has_a_bad_file():
    shown = {code for path in FILES for *_, code, _ in expected(path)}
    assert shown | ELSEWHERE == {code for code in CODES if code.startswith(OF_THE_LANGUAGE)} | ELSEWHERE


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_fixes_edit_the_file_and_mend_what_they_are_for(path):
    loaded = load(path.name, path.read_text("utf-8"), ENVIRON)
    for diagnostic in loaded.diagnostics:
        for fix in diagnostic.fixes:
            mended = {source.path: source.text for source in loaded.sources}
            for edit in sorted(fix.edits, key=lambda e: e.span.start, reverse=True):
                text = mended[edit.span.path]
                mended[edit.span.path] = text[: edit.span.start] + edit.replacement + text[edit.span.end :]

            def read(part, texts=mended):
                return texts[str(part)] if str(part) in texts else read_source(part)

            after = load(path.name, mended[path.name], ENVIRON, read).diagnostics
            assert (diagnostic.code, diagnostic.span) not in [(d.code, d.span) for d in after]
