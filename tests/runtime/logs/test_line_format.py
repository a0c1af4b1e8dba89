"""A log line is one line, and says where."""

from __future__ import annotations

import logging
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from meltica_runtime.logs.line_format import MAX_LINE_CHARACTERS, LineFormatter, single_line

PLAIN = LineFormatter(color=False)


def record(message: str, *arguments: object, level: int = logging.WARNING, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("meltica", level, "", 0, message, arguments, None)
    made.created = 1_795_388_750.1234
    vars(made).update(extra)
    return made


def test_a_line_has_time_level_node_place_and_message() -> None:
    line = PLAIN.format(record("lost %d", 3, node="provider:okx", place="maker.mel:14"))
    assert line == "2026-11-22T23:05:50.123Z warning provider:okx maker.mel:14 lost 3"


def test_without_a_node_there_is_only_the_message() -> None:
    assert PLAIN.format(record("hello", level=logging.INFO)) == "2026-11-22T23:05:50.123Z info hello"


def test_color_is_on_the_level_alone() -> None:
    line = LineFormatter(color=True).format(record("bad", level=logging.ERROR))
    assert line == "2026-11-22T23:05:50.123Z \x1b[31merror\x1b[0m bad"


def test_passwords_of_urls_are_left_out() -> None:
    line = single_line("cannot reach postgresql://user:pa55@db/x, nor http://u:p@c:4318/")
    assert line == "cannot reach postgresql://db/x, nor http://c:4318/"


def test_a_long_message_is_cut_and_says_so() -> None:
    line = single_line("x" * 5_000)
    assert line == "x" * MAX_LINE_CHARACTERS + "… (5,000 characters)"


def test_control_characters_are_written_out() -> None:
    assert single_line("a\nb\x1b[2J\tc\u2028") == r"a\nb\x1b[2J\tc\u2028"


@given(st.text(max_size=200))
def test_nothing_that_is_said_can_begin_a_line(text: str) -> None:
    assert len(single_line(text).splitlines()) <= 1


def test_a_traceback_follows_without_its_passwords() -> None:
    made = record("failed")
    made.exc_info = (ValueError, ValueError("http://u:p@host"), None)
    line = PLAIN.format(made)
    assert line.startswith("2026-11-22T23:05:50.123Z warning failed\n")
    assert line.endswith("ValueError: http://host")
