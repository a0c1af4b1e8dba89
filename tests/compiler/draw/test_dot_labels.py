"""What boxes say, and what they leave to the page."""

from __future__ import annotations

import re

from meltica_compiler.draw.diagram import Box, Lane, Link, LinkKind, Row
from meltica_compiler.draw.dot_labels import Columns, Density, box_label, lane_columns, remark_label
from meltica_compiler.draw.palette import ORDERS

COLUMNS = Columns(10, 10)


def sink(*rows: Row, name: str = "tape") -> Box:
    return Box("sink_tape", Lane.SINKS, name, "parquet", rows, "parquet · brief")


def words(label: str) -> list[str]:
    return [text for text in re.findall(r">([^<>]+)<", label) if text.strip()]


def test_long_lists_are_cut_and_say_so() -> None:
    rows = tuple(Row(f"key_{i}", "1") for i in range(20))
    assert words(box_label(sink(*rows), Density.MEDIUM, COLUMNS))[-1] == "and 16 more"


def test_rows_that_links_begin_at_are_all_kept() -> None:
    rows = tuple(Row(f"event_{i}", "1", f"event_{i}") for i in range(20))
    label = box_label(sink(*rows), Density.MEDIUM, COLUMNS)
    assert label.count("PORT=") == 20


def test_brief_boxes_are_one_line() -> None:
    assert words(box_label(sink(Row("path", "x")), Density.BRIEF, COLUMNS)) == [
        "tape",
        "parquet · brief",
    ]


def test_long_names_and_values_are_shortened() -> None:
    label = box_label(sink(Row("path", "x" * 200), name="n" * 200), Density.FULL, COLUMNS)
    assert all(len(text) <= 56 for text in words(label))
    assert label.count("…") == 2


def test_a_sentence_takes_two_lines_before_it_is_cut() -> None:
    sentence = "its open orders on paper expire, and its balances are forgotten"
    label = box_label(sink(Row(sentence)), Density.FULL, COLUMNS)
    assert " ".join(words(label)[2:]) == sentence
    assert all(len(text) <= 56 for text in words(label))
    third = box_label(sink(Row(" ".join([sentence] * 3))), Density.FULL, COLUMNS)
    assert len(words(third)) == 4
    assert words(third)[-1].endswith("…")
    assert lane_columns((sink(Row(sentence)),), Density.FULL).right < 56 * 6


def test_a_short_amount_leaves_its_room_to_the_text() -> None:
    row = Row("» edge from trades[BONK-USDT, binance]", "there → nothing")
    assert words(box_label(sink(row), Density.FULL, COLUMNS))[2:] == [row.text, row.amount]


def test_a_lane_is_as_wide_as_its_widest_box() -> None:
    narrow, wide = sink(Row("a", "b")), sink(Row("a", "b" * 40))
    assert lane_columns((narrow, wide), Density.FULL) == lane_columns((wide,), Density.FULL)
    assert lane_columns((wide,), Density.FULL).right > lane_columns((narrow,), Density.FULL).right


def test_a_remark_is_drawn_in_the_colour_of_its_link() -> None:
    link = Link("a--b", LinkKind.ORDERS, "a", "b", remark="no risk limits")
    assert remark_label(link, ORDERS) == f'<<FONT COLOR="{ORDERS.light}">no risk limits</FONT>>'
