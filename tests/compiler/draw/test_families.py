"""Folding: a large graph fits a page, and nothing of it is lost in the sums."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace
from tests.compiler.draw.desks import BASES, chained, large, small

from meltica_compiler.draw.diagram import Box, Lane, LinkKind, diagram
from meltica_compiler.draw.families import FOLD_FROM, folded
from meltica_compiler.graph.graph import Graph


def by_name(boxes: tuple[Box, ...]) -> dict[str, Box]:
    return {box.name: box for box in boxes}


def test_a_small_graph_is_drawn_as_it_is() -> None:
    drawn = diagram(small())
    assert folded(drawn) is drawn


def test_the_instances_of_a_declaration_become_one_box() -> None:
    boxes = by_name(folded(diagram(large())).boxes)
    trades, maker = boxes["trades[…]"], boxes["maker[…]"]
    assert (trades.note, maker.note) == ("160 × trade", "40 × market-making:latest")
    assert [row.text for row in trades.rows][2:] == [
        "| where symbol == …",
        "| where quantity >= 0.001",
        "| dedupe within 1m",
    ]
    assert [row.amount for row in trades.rows][:2] == ["40 of them", "4 of them"]
    assert "audit" in boxes


def test_a_bundle_counts_the_rings_and_sums_their_bytes() -> None:
    whole = diagram(large())
    links = {link.key: link for link in folded(whole).links}
    rings = [link for link in whole.links if link.tail.startswith("route_quotes") and "maker" in link.head]
    bundle = links["family_route_quotes_BTC_USDT_binance--family_strategy_maker_BTC_USDT"]
    assert bundle.bytes == sum(link.bytes for link in rings)
    assert bundle.ring == ("books 4,096 × conflate", "160 rings · 435 MiB")
    assert bundle.kind is LinkKind.LOSSY


def test_a_bundle_says_of_how_many_kinds_its_rings_are(generate: Callable[[int], Graph]) -> None:
    notes = {link.ring[0] for link in folded(diagram(generate(50))).links if link.ring}
    assert "wide 2,048 × block and 1 more kind" in notes
    assert "market 1,024 × block and 2 more kinds" in notes


def test_no_byte_and_no_node_is_lost(generate: Callable[[int], Graph]) -> None:
    for graph in (large(), generate(500)):
        whole = diagram(graph)
        drawn = folded(whole)
        shown = [key for box in drawn.boxes for key in box.members or (box.key,)]
        assert sorted(shown) == sorted(box.key for box in whole.boxes)
        assert sum(link.bytes for link in drawn.links) == sum(link.bytes for link in whole.links)
        assert {end for link in drawn.links for end in (link.tail, link.head)} <= {b.key for b in drawn.boxes}
        assert len({link.key for link in drawn.links}) == len(drawn.links)


def test_a_page_holds_a_large_graph_whatever_its_names_are(generate: Callable[[int], Graph]) -> None:
    whole = diagram(generate(500))
    unlike = replace(
        whole, boxes=tuple(replace(box, name=f"{i:x}name{i}") for i, box in enumerate(whole.boxes))
    )
    for drawn in (whole, unlike):
        lanes = [len(folded(drawn).lane(lane)) for lane in Lane]
        assert sum(lanes) < FOLD_FROM * 2


def test_two_of_a_kind_are_no_family() -> None:
    drawn = folded(diagram(large()))
    assert {"binance", "okx", "paper"} <= {box.name for box in drawn.lane(Lane.PROVIDERS)}


def test_routes_are_folded_apart_from_those_that_they_read() -> None:
    whole = diagram(chained(BASES[:14]))
    alike = (
        replace(box, name=f"trades_{i}", note="trade") if box.lane is Lane.ROUTES else box
        for i, box in enumerate(whole.boxes)
    )
    drawn = folded(replace(whole, boxes=tuple(alike)))
    routes = drawn.lane(Lane.ROUTES)
    assert [(box.name, len(box.members)) for box in routes] == [("trades_…", 14)] * 3
    first, second, third = (box.key for box in routes)
    assert {(link.tail, link.head) for link in drawn.chains()} == {(first, second), (second, third)}
