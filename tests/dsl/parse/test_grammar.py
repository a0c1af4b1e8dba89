"""The grammar as lark itself reads it: the automaton here must agree with the one it was made from."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from lark import Lark, Token
from lark import logger as lark_logger

from meltica_dsl.parse.automaton import Automaton
from meltica_dsl.parse.builders import Builder
from meltica_dsl.parse.lexer import lex
from meltica_dsl.parse.tables import GRAMMAR_PATH, grammar_tables

GRAMMAR = GRAMMAR_PATH.read_text("utf-8")
FILES = sorted((Path(__file__).parents[1] / "good").glob("*.mel"))


@pytest.fixture(scope="module")
def lark():
    return Lark(GRAMMAR, parser="lalr", maybe_placeholders=False)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_lark_takes_what_the_automaton_takes(lark, path):
    """Lark gets the tokens with the kinds that the automaton gave them: its own lexer decides on the state
    alone, and so reserves more words."""
    ours, theirs = Automaton(grammar_tables(), Builder("p.mel")), lark.parse_interactive("")
    for token in lex("p.mel", path.read_text("utf-8")).tokens:
        kind = ours.kind_of(token)
        assert ours.expected() == {name for name in theirs.accepts() if name not in grammar_tables().ignored}
        assert ours.feed(token)
        theirs.feed_token(Token(kind, token.text))


def test_the_grammar_has_no_conflicts(caplog):
    lark_logger.setLevel(logging.DEBUG)
    with caplog.at_level(logging.DEBUG, logger="lark"):
        Lark(GRAMMAR, parser="lalr", maybe_placeholders=False, debug=True)
    lark_logger.setLevel(logging.CRITICAL)
    assert "conflict" not in caplog.text.lower()


def test_every_rule_has_its_builder():
    rules = {r.builder for r in grammar_tables().rules if not r.is_repetition and not r.passes_single_child}
    built = {name for name in dir(Builder) if not name.startswith("_")}
    assert rules == built
