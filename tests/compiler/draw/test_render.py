"""One entry for all kinds of drawings."""

from __future__ import annotations

import pytest

from meltica_compiler.draw.render import SUFFIXES, UnknownDrawingError, render
from meltica_compiler.graph import Graph

STARTS = {
    ".dot": b"digraph {",
    ".svg": b"<?xml",
    ".png": b"\x89PNG",
    ".mmd": b"%% spot_maker",
    ".html": b"<!doctype html>",
}


def test_every_known_suffix_is_in_the_table() -> None:
    assert tuple(STARTS) == SUFFIXES


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_each_suffix_gives_its_own_kind(quickstart_graph: Graph, suffix: str) -> None:
    assert render(quickstart_graph, suffix).startswith(STARTS[suffix])
    assert render(quickstart_graph, suffix.upper()) == render(quickstart_graph, suffix)


def test_an_unknown_suffix_names_the_known_ones(quickstart_graph: Graph) -> None:
    with pytest.raises(
        UnknownDrawingError, match=r"no drawing for `\.gif`: use one of \.dot, \.svg, \.png, "
    ):
        render(quickstart_graph, ".gif")
    with pytest.raises(UnknownDrawingError, match="a name without a suffix"):
        render(quickstart_graph, "")
