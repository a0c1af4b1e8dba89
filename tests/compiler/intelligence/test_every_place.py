"""Whatever stands before the cursor, and however broken it is, an editor gets an answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meltica_compiler.intelligence.catalogue import Modules
from meltica_compiler.intelligence.completion import complete
from meltica_compiler.intelligence.hover import hover
from meltica_compiler.intelligence.suggestion import Knowledge
from meltica_compiler.modules.registry import StrategyLibrary
from meltica_dsl.intelligence.cursor import cursor_at
from meltica_dsl.intelligence.occurrences import index
from meltica_dsl.intelligence.outline import outline
from meltica_dsl.parse.parser import parse

ROOT = Path(__file__).parents[3]
FILES = sorted([*(ROOT / "pipelines").glob("*.mel"), *(ROOT / "tests" / "dsl" / "good").glob("*.mel")])
MODULES = Modules(StrategyLibrary(ROOT / "strategies", require_registry=False))


def ask(text, offset):
    """Asks everything at a place."""
    file = parse("a.mel", text).file
    known = Knowledge(index((file,)), MODULES, None, {"a.mel": text})
    outline(file, text)
    hover("a.mel", text, offset, known, {})
    cursor = cursor_at("a.mel", text, offset)
    return () if cursor is None else complete(cursor, known)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_that_is_written_letter_by_letter_is_answered_all_the_way(path):
    text = path.read_text("utf-8")
    for end in range(0, len(text), 7):
        ask(text[:end], end)


WORDS = (
    *("route", "x", "via", "=", "p", ".", "trade", "|", "where", "price", ">", "5", "->", "{", "}", "[", "]"),
    *(
        "strategy",
        '"noop',
        '"noop"',
        "config",
        "(",
        ")",
        ",",
        "provider",
        "adapter",
        "fake",
        "\n",
        "test",
        "at",
    ),
    *(
        "0ms",
        "expect",
        "for",
        "in",
        "if",
        "BTC-",
        "BTC-USDT",
        "5/",
        "# c\n",
        "let",
        "import",
        "😀",
        "@",
        "and",
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=25), st.data())
def test_any_words_in_any_order_are_answered(words, data):
    text = " ".join(words)
    labels = [suggestion.label for suggestion in ask(text, data.draw(st.integers(0, len(text))))]
    assert len(labels) == len(set(labels))
