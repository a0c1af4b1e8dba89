"""A pipeline in several files is what it would be in one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.diagnostics.render_text import render
from meltica_dsl.load import load
from meltica_dsl.parse.imports import MAX_DEPTH, MAX_FILES
from meltica_dsl.text.source import Span

DECLARATIONS = (
    "let symbols = [BTC-USDT, ETH-USDT]",
    "provider paper { adapter = fake, symbols = symbols }",
    "pool market for s in symbols { events = 8, on_full = block }",
    "stage only(s) = where symbol == s",
    "route trades for s in symbols via market[s] = paper.trade | only(s) -> tape",
    "sink tape = log",
)


def loaded(files, root="p.mel"):
    """What `root` is, of files by path."""

    def read(path):
        return files.get(str(path)) or Diagnostic("E0901", f"no `{path}`", Span(str(path), 0, 0))

    return load(root, files[root], {}, read)


def names(pipeline):
    parts = (pipeline.providers, pipeline.pools, pipeline.routes, pipeline.sinks)
    return sorted(part.name for kind in parts for part in kind)


@given(st.lists(st.integers(0, 3), min_size=6, max_size=6), st.permutations(range(4)))
def test_it_does_not_matter_which_file_a_declaration_stands_in(homes, order):
    parts = {n: [] for n in range(4)}
    for home, declaration in zip(homes, DECLARATIONS, strict=True):
        parts[home].append(declaration)
    files = {f"lib/{n}.mel": "\n".join(parts[n]) for n in range(4)}
    imports = [f'import "lib/{n}.mel"' for n in order if parts[n]]
    files = {path: text for path, text in files.items() if text}
    split = loaded({"p.mel": "\n".join(["pipeline p", *imports]), **files})
    whole = loaded({"p.mel": "\n".join(["pipeline p", *DECLARATIONS])})
    assert split.diagnostics == ()
    assert names(split.pipeline) == names(whole.pipeline)
    assert {source.path for source in split.sources} == {"p.mel", *files}


def test_paths_are_relative_to_the_file_that_they_stand_in():
    files = {
        "pipelines/p.mel": 'pipeline p\nimport "../lib/a.mel"',
        "lib/a.mel": 'import "deep/b.mel"',
        "lib/deep/b.mel": 'import "../../c.mel"',
        "c.mel": "sink tape = log",
    }
    assert names(loaded(files, "pipelines/p.mel").pipeline) == ["tape"]


def test_a_file_that_is_imported_on_several_ways_is_there_once():
    files = {
        "p.mel": 'pipeline p\nimport "a.mel"\nimport "b.mel"\nimport "./b.mel"',
        "a.mel": 'import "x/../b.mel"',
        "b.mel": "sink tape = log",
    }
    whole = loaded(files)
    assert whole.diagnostics == ()
    assert [source.path for source in whole.sources] == ["p.mel", "a.mel", "b.mel"]


def test_a_mistake_is_shown_in_its_own_file_and_explained_by_the_other():
    files = {"p.mel": 'pipeline p\nsink tape = log\nimport "a.mel"', "a.mel": "\n\nsink tape = log"}
    whole = loaded(files)
    shown = render(whole.diagnostics, whole.sources, color=False, width=80)
    assert [d.code for d in whole.diagnostics] == ["E0202"]
    assert "a.mel:3:6" in shown
    assert "p.mel:2:6" in shown


def test_a_circle_is_one_error_that_shows_the_way():
    files = {
        "a.mel": 'pipeline p\nimport "b.mel"',
        "b.mel": 'import "c.mel"',
        "c.mel": 'import "b.mel"\nsink tape = log',
    }
    whole = loaded(files, "a.mel")
    assert [(d.code, d.message) for d in whole.diagnostics] == [
        ("E0906", "`b.mel` imports itself: `b.mel` → `c.mel` → `b.mel`")
    ]


@pytest.mark.parametrize("shape", ["wide", "deep"])
def test_files_are_limited_in_number_and_depth(shape):
    if shape == "wide":
        files = {f"{n}.mel": f"let a{n} = {n}" for n in range(MAX_FILES)}
        files["p.mel"] = "\n".join(["pipeline p", *(f'import "{n}.mel"' for n in range(MAX_FILES))])
    else:
        files = {f"{n}.mel": f'import "{n + 1}.mel"' for n in range(MAX_DEPTH)}
        files["p.mel"] = 'pipeline p\nimport "0.mel"'
    assert [d.code for d in loaded(files).diagnostics] == ["E0908"]


def test_a_link_to_its_own_folder_comes_to_an_end(tmp_path):
    (tmp_path / "p.mel").write_text('pipeline p\nimport "again/q.mel"')
    (tmp_path / "q.mel").write_text('import "again/q.mel"')
    (tmp_path / "again").symlink_to(tmp_path)
    path = tmp_path / "p.mel"
    assert [d.code for d in load(str(path), path.read_text(), {}).diagnostics] == ["E0908"]


def test_the_nearest_file_of_the_folder_is_suggested(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("lib").mkdir()
    Path("lib/venues.mel").write_text("")
    Path("pipelines").mkdir()
    text = 'pipeline p\nimport "../lib/venue.mel"'
    (fault,) = load(os.path.join("pipelines", "p.mel"), text, {}).diagnostics
    assert fault.help == ('did you mean "../lib/venues.mel"?',)
    assert text[fault.span.start : fault.span.end] == '"../lib/venue.mel"'
