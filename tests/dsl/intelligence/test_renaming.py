"""Renames: everything that a file declares can be renamed, and means the same under its new name."""

from __future__ import annotations

from pathlib import Path

import pytest

from meltica_dsl.diagnostics.fixing import apply_edits
from meltica_dsl.intelligence.occurrences import index
from meltica_dsl.intelligence.renaming import Refusal, rename
from meltica_dsl.load import load
from meltica_dsl.parse.parser import parse

ROOT = Path(__file__).parents[3]
FILES = sorted([*(ROOT / "pipelines").glob("*.mel"), *(ROOT / "tests" / "dsl" / "good").glob("*.mel")])


def known(text):
    return index((parse("a.mel", text).file,))


def applied(text, edits):
    return apply_edits({"a.mel": text}, edits)["a.mel"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_new_name_and_back_is_the_same_file_and_sound_in_between(path):
    text = path.read_text("utf-8")
    bindings = {occurrence.binding for occurrence in known(text).occurrences}
    was_valid = load("a.mel", text, {}).is_valid
    for binding in sorted(bindings, key=str):
        edits = rename(known(text), binding, "quite_new", {"a.mel": text})
        assert not isinstance(edits, Refusal), (binding, edits)
        renamed = applied(text, edits)
        assert load("a.mel", renamed, {}).is_valid == was_valid
        (back,) = {o.binding for o in known(renamed).occurrences if o.binding.name == "quite_new"}
        assert applied(renamed, rename(known(renamed), back, binding.name, {"a.mel": renamed})) == text


def test_an_undeclared_name_is_not_renamed():
    text = "pipeline a\n\nroute x via nowhere = p.trade\n"
    assert known(text).at("a.mel", text.index("nowhere")) is None
