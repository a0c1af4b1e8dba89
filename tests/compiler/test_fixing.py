"""Fixes mend, and never break a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from tests.dsl.mutations import EXAMPLES, many, tokens_changed, values_changed

from meltica_compiler.compile import CompileOptions, compile_text
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Edit, Fix, Severity
from meltica_dsl.diagnostics.fixing import FixResult, apply_fixes
from meltica_dsl.parse.parser import parse
from meltica_dsl.text.source import Span

OPTIONS = CompileOptions(Path(__file__).parents[2] / "strategies", require_registry=False, environ={})


def check(texts):
    return compile_text("p.mel", texts["p.mel"], OPTIONS).diagnostics


def fixed(text) -> FixResult:
    return apply_fixes({"p.mel": text}, check)


def errors(text):
    return sum(d.severity is Severity.ERROR for d in check({"p.mel": text}))


def breaks_nothing(text):
    after = fixed(text).texts["p.mel"]
    assert errors(after) <= errors(text)
    assert parse("p.mel", text).diagnostics or not parse("p.mel", after).diagnostics
    assert after.count("\n") == text.count("\n")


@many
@given(values_changed())
def test_fixes_of_wrong_values_break_nothing(text):
    breaks_nothing(text)


@many
@given(tokens_changed())
def test_fixes_of_wrong_tokens_break_nothing(text):
    breaks_nothing(text)


@pytest.mark.fuzz
def test_fixes_of_every_bad_file_break_nothing():
    for text in EXAMPLES:
        breaks_nothing(text)


SLIPS = """\
pipeline p { memory: 256 }
provider paper { adapter = fakee, symbols = [btc-usdt] }
pool ram { evnts: 65_536; on_full = drop_oldst }
route r via rum = paper.trade | where quantty > 1 && price = 3 -> tape
sink tape = log
"""


def test_one_run_mends_the_slips_that_hide_behind_others():
    done = fixed(SLIPS)
    assert done.remaining == ()
    assert done.texts["p.mel"] == (
        "pipeline p { memory = 256MiB }\n"
        "provider paper { adapter = fake, symbols = [BTC-USDT] }\n"
        "pool ram { events = 65_536, on_full = drop_oldest }\n"
        "route r via ram = paper.trade | where quantity > 1 and price == 3 -> tape\n"
        "sink tape = log\n"
    )
    assert {one.code for one in done.applied} >= {"E0103", "E0302", "E0309", "E0401", "E0204"}


def test_line_endings_stay():
    done = fixed(SLIPS.replace("\n", "\r\n"))
    assert done.texts["p.mel"] == fixed(SLIPS).texts["p.mel"].replace("\n", "\r\n")


def complaint(text, start, end, *replacements):
    span = Span("p.mel", start, end)
    return Diagnostic("E0302", text, span, fixes=tuple(Fix(to, (Edit(span, to),)) for to in replacements))


def test_of_two_fixes_for_one_place_the_first_is_made():
    def found(texts):
        text = texts["p.mel"]
        return (complaint("a", 0, 3, "xyz"), complaint("b", 2, 4, "?")) if text == "abcd" else ()

    assert apply_fixes({"p.mel": "abcd"}, found).texts == {"p.mel": "xyzd"}


def test_where_there_are_two_ways_out_none_is_taken():
    assert apply_fixes({"p.mel": "ab"}, lambda _: (complaint("a", 0, 1, "x", "y"),)).applied == ()


def test_fixes_that_undo_each_other_come_to_an_end():
    def found(texts):
        return (complaint("turn", 0, 1, {"a": "b", "b": "a"}[texts["p.mel"]]),)

    assert len(apply_fixes({"p.mel": "a"}, found).applied) == 1


def test_a_fix_that_makes_things_worse_is_not_made():
    worse = (complaint("1", 0, 1, "y"), complaint("2", 0, 1))

    def found(texts):
        return worse if texts["p.mel"] == "y" else (complaint("0", 0, 1, "y"),)

    done = apply_fixes({"p.mel": "x"}, found)
    assert (done.texts, done.applied) == ({"p.mel": "x"}, ())
