"""Colours by which a page finds the parts of a drawing."""

from __future__ import annotations

import re

from meltica_compiler.draw.palette import LINKS, SHADES, TONES
from meltica_compiler.draw.sketch import Lane, LinkKind


def test_no_two_shades_share_a_light_colour() -> None:
    assert len({shade.light for shade in SHADES}) == len(SHADES)


def test_colours_are_written_as_graphviz_repeats_them() -> None:
    assert all(re.fullmatch("#[0-9a-f]{6}", color) for shade in SHADES for color in (shade.light, shade.dark))


def test_every_lane_and_link_has_its_colour() -> None:
    assert set(TONES) == set(Lane)
    assert set(LINKS) == set(LinkKind)
