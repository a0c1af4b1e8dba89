from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meltica_dsl.text.terminal_text import cut, shown, width_of, wrap


@given(st.text(max_size=40))
def test_what_is_shown_is_as_wide_as_its_columns_say(text):
    printed, starts = shown(text)
    assert width_of(printed) == starts[-1]
    assert starts == sorted(starts)
    assert len(starts) == len(text) + 1


@given(st.text(alphabet="ab日é ", max_size=30), st.integers(0, 20), st.integers(1, 20))
def test_a_cut_is_never_wider_than_asked(text, start, columns):
    assert width_of(cut(text, start, columns)) <= columns


@given(st.text(alphabet="ab ", max_size=80), st.integers(1, 20))
def test_wrapping_loses_no_word_and_keeps_to_the_width(text, columns):
    lines = wrap(text, columns)
    assert " ".join(lines).split() == text.split()
    assert all(width_of(line) <= columns or " " not in line for line in lines)
