from __future__ import annotations

import re

import pytest

from meltica_dsl.diagnostics.diagnostic import Diagnostic, Label, Severity
from meltica_dsl.diagnostics.render_text import render
from meltica_dsl.load import load
from meltica_dsl.text.source import SourceFile, Span

MAKER = """pipeline maker
provider paper { adapter = fake, symbols = [BTC-USDT] }
pool ram { events = 8, on_full = block }
route trades via ram =
    paper.trade
  | where quantty >= 5
  -> tape
sink tape = log
"""


def rendered(text, color=False, width=80):
    loaded = load("pipelines/maker.mel", text, {})
    return render(loaded.diagnostics, loaded.sources, color=color, width=width)


def test_an_error_shows_place_line_reason_and_way_out():
    assert rendered(MAKER) == (
        "error[E0204]: trade events have no field `quantty`\n"
        " ┌─ pipelines/maker.mel:6:11\n"
        "6│   | where quantty >= 5\n"
        " │           ^^^^^^^ not a field of trade\n"
        " = help: did you mean `quantity`?\n\n"
    )


def test_colour_adds_nothing_but_colour():
    assert re.sub(r"\x1b\[[0-9;]*m", "", rendered(MAKER, color=True)) == rendered(MAKER)
    assert "\x1b" in rendered(MAKER, color=True)


@pytest.mark.parametrize("width", [60, 100])
def test_labels_on_other_lines_stand_with_their_lines(width, snapshot):
    text = (
        "pipeline p\nlet first = second + 1\nlet a = 1\nlet b = 2\nlet second = first\n"
        + "pool x { events = 5 }\n" * 2
    )
    assert rendered(text, width=width) == snapshot


def test_carets_stand_under_wide_characters_and_tabs():
    lines = rendered('pipeline p\nlet a =\t"日本" + 5s').split("\n")
    assert lines[2] == '2│ let a = "日本" + 5s'
    # Each of the two wide characters takes two columns of the terminal.
    assert lines[3] == " │" + " " * 16 + "^"


def test_a_line_that_is_too_long_is_cut_around_its_mark():
    text = "pipeline p\nlet a = [" + "1, " * 50 + "5xs, " + "1, " * 5_000 + "1]\n"
    source, marks = rendered(text, width=60).split("\n")[2:4]
    assert len(source) <= 60
    assert source.startswith("2│ …")
    assert source.endswith("…")
    assert source[marks.index("^") : marks.rindex("^") + 1] == "5xs"


def test_what_could_move_the_cursor_is_made_visible():
    assert "\x1b" not in rendered('pipeline p\nlet a = "\x1b[2J" + 5s')


def test_a_file_that_could_not_be_read_is_still_named():
    diagnostic = Diagnostic("E0901", "cannot read `x.mel`", Span("x.mel", 0, 0))
    assert (
        render([diagnostic], [], color=False, width=80) == "error[E0901]: cannot read `x.mel`\n ┌─ x.mel\n\n"
    )


def test_labels_in_other_files_show_those_files():
    one, two = SourceFile("a.mel", "let a = 1\n"), SourceFile("b.mel", "let a = 2\n")
    diagnostic = Diagnostic(
        "E0202",
        "`a` is declared twice",
        Span("b.mel", 4, 5),
        labels=(Label(Span("a.mel", 4, 5), "first here"),),
        severity=Severity.WARNING,
    )
    assert render([diagnostic], [one, two], color=False, width=80).split("\n")[:7] == [
        "warning[E0202]: `a` is declared twice",
        " ┌─ b.mel:1:5",
        "1│ let a = 2",
        " │     ^",
        " ┌─ a.mel:1:5",
        "1│ let a = 1",
        " │     - first here",
    ]


ODD = (
    'let a = "日本語" +\t5s # 👍 e\u0301x\n'
    "route r via market =\n    paper.trade\n  | where quantty > 1\n  -> maker\nlet b = 2"
)
OTHER = SourceFile("lib/b.mel", "let a = 1\nlet b = 3")


def place(part, after=""):
    start = ODD.index(part, ODD.index(after))
    return Span("a.mel", start, start + len(part))


def drawn(primary, label, *labels, width=60):
    diagnostic = Diagnostic("E0205", "something is wrong", primary, label, labels=labels)
    return render([diagnostic], [SourceFile("a.mel", ODD), OTHER], color=False, width=width)


ROUTE = place("paper.trade\n  | where quantty > 1\n  -> maker\n")
LONG = "a word on what this has to do with it that is longer than a narrow terminal is wide"
PLACES = {
    "over several lines": (ROUTE, "all of this"),
    "a label over several lines": (place("quantty"), "not a field", Label(ROUTE, "in this route")),
    "several on one line": (
        place("+"),
        "no",
        Label(place('"日本語"'), "a text"),
        Label(place("5s"), "a time"),
    ),
    "a long label": (place("quantty"), "not a field", Label(place("via"), LONG)),
    "at the end of the file": (Span("a.mel", len(ODD), len(ODD)), "here"),
    "behind what takes two columns or none": (place("x"), "this"),
    "in another file": (place("b = 2"), "again", Label(Span("lib/b.mel", 14, 15), "first here")),
}


@pytest.mark.parametrize("width", [60, 200])
@pytest.mark.parametrize("name", PLACES)
def test_places_of_every_kind_are_drawn(name, width, snapshot):
    assert drawn(*PLACES[name], width=width) == snapshot
