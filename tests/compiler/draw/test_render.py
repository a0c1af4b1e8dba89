"""One entry for all kinds of drawings."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from meltica_compiler.draw.render import SUFFIXES, UnknownDrawingError, render
from meltica_compiler.graph.canonical import graph_hash
from meltica_compiler.graph.graph import Graph

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


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_equal_hashes_give_equal_bytes(quickstart_graph: Graph, suffix: str) -> None:
    """The order of settings is spelling, and so is a number's last zero."""
    maker = quickstart_graph.strategies[0]
    respelled = replace(
        quickstart_graph,
        providers=tuple(
            replace(p, settings=dict(reversed(p.settings.items()))) for p in quickstart_graph.providers
        ),
        strategies=(replace(maker, config={"size": Decimal("0.010"), "spread": Decimal("0.00050")}),),
    )
    assert graph_hash(respelled) == graph_hash(quickstart_graph)
    assert render(respelled, suffix) == render(quickstart_graph, suffix)


def test_an_unknown_suffix_names_the_known_ones(quickstart_graph: Graph) -> None:
    with pytest.raises(
        UnknownDrawingError, match=r"no drawing for `\.gif`: use one of \.dot, \.svg, \.png, "
    ):
        render(quickstart_graph, ".gif")
    with pytest.raises(UnknownDrawingError, match="a name without a suffix"):
        render(quickstart_graph, "")
