"""What is read of an edited text piece by piece is what is read of it as a whole."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.dsl.mutations import EXAMPLES, many
from tests.dsl.programs import programs

from meltica_dsl.parse import reparse as reparsing
from meltica_dsl.parse.parser import MAX_ERRORS, parse
from meltica_dsl.parse.reparse import Parses, reparse

BITS = (
    *("a", " ", "\n", "\r\n", "#", '"', "'", "{", "}", "[", "(", ")", ",", "=", "->", "|", "5 ", "é"),
    *("\ufeff", "pool ", "\npool x { events = 1 }\n", "let a = ", "\nlet", "where ", "\n}", "for x in "),
    *("# words\n", "test ", 'import "a.mel"\n', "stage s = ", "((((", "1,000", "// ", "if ", "via "),
    "\nroute r via p = a.trade",
)
edits = st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from(BITS) | st.just(""))


def texts_of(text, steps):
    """The text, and what it is after each edit: a part of it taken out, something written there."""
    texts = [text]
    for where, length, written in steps:
        at = int(where * len(texts[-1]))
        texts.append(texts[-1][:at] + written + texts[-1][at + length :])
    return texts


def same_at_each_step(texts):
    parsed = parse("p.mel", texts[0])
    for old, text in pairwise(texts):
        parsed = reparse(parsed, old, text)
        assert parsed == parse("p.mel", text)


@many
@given(st.lists(programs(), min_size=1, max_size=6).map("\n".join), st.lists(edits, max_size=8))
def test_programs_that_are_edited_read_as_if_they_were_new(text, steps):
    same_at_each_step(texts_of(text, steps))


@many
@given(st.sampled_from(EXAMPLES), st.lists(edits, max_size=8))
def test_examples_that_are_edited_read_as_if_they_were_new(text, steps):
    same_at_each_step(texts_of(text, steps))


@many
@given(st.sampled_from(EXAMPLES), st.sampled_from(EXAMPLES))
def test_a_file_that_is_exchanged_for_another_reads_as_if_it_were_new(one, other):
    same_at_each_step([one, other, one])


def long_text(written=""):
    lines = [f"let c{n} = {n} # {n}\n" for n in range(400)]
    lines[200] = f"let c200 = 200{written} # 200\n"
    return "pipeline long\n" + "".join(lines)


def test_typing_in_the_middle_of_a_long_file_reads_a_few_pieces_only(monkeypatch):
    sizes = []

    def counting(path, text):
        sizes.append(len(text))
        return parse(path, text)

    parses = Parses()
    parses.parse("p.mel", long_text())
    monkeypatch.setattr(reparsing, "parse", counting)
    for typed in (" ", " +", " + {", " + { a", "", " + 1"):
        assert parses.parse("p.mel", long_text(typed)) == parse("p.mel", long_text(typed))
    assert max(sizes) < len(long_text()) / 10


def test_a_text_that_was_read_last_is_not_read_again():
    parses = Parses()
    assert parses.parse("p.mel", "let a = 1") is parses.parse("p.mel", "let a = 1")
    parses.forget("p.mel")
    assert parses.parse("p.mel", "let a = 2") == parse("p.mel", "let a = 2")


def test_of_more_errors_than_are_told_none_is_told_twice_or_lost():
    wrong = "".join(f"let c{n} = \n" for n in range(MAX_ERRORS + 20))
    same_at_each_step([wrong, "let x = 1\n" + wrong, "let x = 1\n" + wrong[:-40], "pool\n" + wrong[:90]])
    few = "".join(f"let c{n} = \n" for n in range(MAX_ERRORS - 1))
    same_at_each_step([few, few + "let y =", few])
