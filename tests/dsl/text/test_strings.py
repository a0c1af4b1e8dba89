from __future__ import annotations

import pytest

from meltica_dsl.text.strings import BadEscape, read_string


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"plain"', "plain"),
        (r'""', ""),
        (r'"a\"b\\c"', 'a"b\\c'),
        (r'"\n\t\r"', "\n\t\r"),
        (r'"\u{20AC}\u{1F600}"', "€😀"),
        (r'"日本"', "日本"),
    ],
)
def test_escapes_mean_what_they_say(text, value):
    assert read_string(text) == value


@pytest.mark.parametrize(
    ("text", "bad"),
    [
        (r'"C:\tape\quotes"', r"\q"),
        (r'"\u{110000}"', r"\u{110000}"),
        (r'"\u{D800}"', r"\u{D800}"),
        (r'"\u12"', r"\u"),
    ],
)
def test_other_escapes_are_shown_where_they_stand(text, bad):
    found = read_string(text)
    assert isinstance(found, BadEscape)
    assert text[found.start : found.end] == bad
