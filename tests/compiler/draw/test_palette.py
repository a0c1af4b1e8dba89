"""Colours: told apart by a page, and seen on it."""

from __future__ import annotations

import re
from operator import attrgetter

import pytest

from meltica_compiler.draw.diagram import Lane, LinkKind
from meltica_compiler.draw.palette import (
    BLOCKING,
    INK,
    LANE,
    LINKS,
    LOSSY,
    MARK_TONES,
    ORDERS,
    PAGE,
    SHADES,
    SOFT,
    TONES,
)


def test_no_two_shades_share_a_light_colour() -> None:
    assert len({shade.light for shade in SHADES}) == len(SHADES)


def test_colours_are_written_as_graphviz_repeats_them() -> None:
    assert all(re.fullmatch("#[0-9a-f]{6}", color) for shade in SHADES for color in (shade.light, shade.dark))


def contrast(one: str, other: str) -> float:
    """The contrast of WCAG 2.1 between two colours, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    """The relative luminance of WCAG 2.1."""
    parts = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("page", ["light", "dark"])
def test_text_and_lines_stand_out_on_light_and_on_dark_pages(page: str) -> None:
    """By WCAG 2.1: 4.5 for text (1.4.3), 3 for lines (1.4.11). The names of rings are in the colour of
    their link, the notes of boxes in that of their border."""
    color = attrgetter(page)
    for tone in (*TONES.values(), *MARK_TONES.values()):
        for text in (INK, SOFT, tone.line):
            assert contrast(color(text), color(tone.fill)) >= 4.5, (text, tone.fill)
        assert contrast(color(tone.line), color(PAGE)) >= 4.5, tone.line
    for text in (INK, SOFT, BLOCKING, LOSSY, ORDERS):
        assert contrast(color(text), color(PAGE)) >= 4.5, text
    for line in LINKS.values():
        assert contrast(color(line), color(LANE)) >= 3, line


def test_every_lane_and_link_has_its_colour() -> None:
    assert set(TONES) == set(Lane)
    assert set(LINKS) == set(LinkKind)
