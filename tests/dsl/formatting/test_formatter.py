"""The canonical form: idempotent, meaning and comments kept, whatever the program looked like."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.dsl.programs import programs

from meltica_dsl.formatting.formatter import format_source
from meltica_dsl.parse.lexer import lex
from meltica_dsl.parse.parser import parse

MESSY = Path(__file__).parents[1] / "messy"
bounded = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def formatted(text):
    result = format_source("p.mel", text)
    assert result.diagnostics == ()
    return result.text


def meaning(text):
    """Tokens without those that may come and go: commas, the `=` of `config`, empty parentheses."""
    tokens = [token.text for token in lex("p.mel", text).tokens]
    kept = [token for token in tokens if token != ","]
    plain = " ".join(kept).replace("config = {", "config {")
    return plain.replace("( ) ", "")


def comments(text):
    return sorted(comment.text for comment in lex("p.mel", text).comments)


@bounded
@given(programs())
def test_programs_drawn_from_the_grammar_parse(text):
    assert parse("p.mel", text).diagnostics == ()


@bounded
@given(programs())
def test_formatting_twice_changes_nothing_more(text):
    once = formatted(text)
    assert formatted(once) == once


@bounded
@given(programs())
def test_comments_survive(text):
    assert comments(formatted(text)) == comments(text)


@bounded
@given(programs())
def test_every_token_survives_in_its_order(text):
    assert meaning(formatted(text)) == meaning(text)


@bounded
@given(programs())
def test_no_line_ends_in_space_and_no_two_empty_lines_follow_each_other(text):
    lines = formatted(text).split("\n")
    assert all(line == line.rstrip() for line in lines)
    assert "\n\n\n" not in formatted(text)


@pytest.mark.parametrize("path", sorted(MESSY.glob("*.mel")), ids=lambda path: path.stem)
def test_a_messy_file_gets_the_form_that_it_should_have(path, snapshot):
    assert formatted(path.read_text("utf-8")) == snapshot


@given(st.sampled_from(["", "\n\n", "   ", "\ufeff"]))
def test_an_empty_file_stays_empty(text):
    assert formatted(text) == ""


def test_a_file_with_syntax_errors_is_left_alone():
    result = format_source("p.mel", "let a = [1 2]\n")
    assert result.text is None
    assert [diagnostic.code for diagnostic in result.diagnostics] == ["E0101"]


def test_windows_line_ends_and_a_byte_order_mark_go():
    assert formatted("\ufefflet a = 1\r\nlet b = 2 # two\r\n") == "let a = 1\nlet b = 2  # two\n"
