"""`meltica help`: the pages of the documentation, topic by topic."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from meltica_compiler.adapters.adapters import ADAPTERS
from meltica_compiler.adapters.sinks import SINK_KINDS
from meltica_dsl.model.fields import EVENTS
from meltica_dsl.resolve.stages import STAGE_WORDS
from meltica_runtime.cli import main
from meltica_runtime.cli.help_topics import PAGES, topics

DOCS = Path(__file__).parents[3] / "docs"


def told(*words: str):
    return CliRunner().invoke(main, ["help", *words])


def test_every_heading_of_the_pages_is_listed():
    listing = told().stdout
    for page in PAGES:
        text = re.sub(r"```.*?```", "", (DOCS / page).read_text("utf-8"), flags=re.DOTALL)
        sections = re.findall(r"^#+ (.+)\n\n(?!#)", text, re.MULTILINE)
        assert sections
        for title in sections:
            assert title.replace("`", "") in listing


@pytest.mark.parametrize("word", sorted(STAGE_WORDS))
def test_every_stage_is_a_topic(word):
    said = told(word)
    assert said.exit_code == 0, said.stderr
    assert f"`{word}" in said.stdout


def test_adapters_sinks_events_and_config_are_topics():
    for words in (
        *(("adapter", name) for name in ADAPTERS),
        *(("sink", name) for name in SINK_KINDS),
        *((event.name,) for event in EVENTS if event.hot and event.name in topics()),
        ("config",),
        ("units",),
        ("risk",),
    ):
        assert told(*words).exit_code == 0, words
    assert "| `seed`" in told("adapter", "fake").stdout
    assert "apiServer:" in told("config").stdout


def test_error_codes_and_commands_are_topics_too():
    assert told("e0204").stdout.startswith("# E0204: ")
    assert "E0204" in told("errors").stdout
    assert "Usage: meltica run" in told("run").stdout


def test_an_unknown_topic_suggests_the_nearest():
    said = told("dedup")
    assert said.exit_code == 1
    assert "did you mean `dedupe`" in said.stderr
    assert "`adapter-fake`" in told("adapter", "fak").stderr


def test_a_page_is_as_wide_as_the_terminal_and_coloured_only_when_it_may(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    colored = told("stages", "--color", "always").stdout
    assert "\x1b[" in colored
    plain = re.sub(r"\x1b\[[0-9;]*m", "", colored)
    assert max(map(len, plain.splitlines())) <= 60
    assert "\x1b[" not in told("stages").stdout
