"""What the page tells of nodes and edges: everything but secrets."""

from __future__ import annotations

from collections.abc import Callable

from meltica_compiler.draw.details import box_details, link_details
from meltica_compiler.draw.diagram import diagram
from meltica_compiler.draw.keys import keys_of
from meltica_compiler.graph.graph import Graph


def test_every_box_has_its_details(generate: Callable[[int], Graph]) -> None:
    graph = generate(50)
    assert [d.key for d in box_details(graph, keys_of(graph))] == [box.key for box in diagram(graph).boxes]


def test_details_belong_to_links_that_are_drawn(generate: Callable[[int], Graph]) -> None:
    graph = generate(50)
    drawn = {link.key for link in diagram(graph).links}
    assert {d.key for d in link_details(graph, keys_of(graph))} <= drawn


def test_settings_are_told_and_secrets_only_named(quickstart_graph: Graph) -> None:
    okx = dict(
        next(d for d in box_details(quickstart_graph, keys_of(quickstart_graph)) if d.name == "okx").facts
    )
    assert okx["setting api_key"] == 'secret("OKX_API_KEY")'
    assert okx["place"] == "demo.mel:6:1"
    assert okx["trade ring"] == "65,536 × 64 B = 4.00 MiB"


def test_an_edge_says_what_its_policy_costs(quickstart_graph: Graph) -> None:
    rings = {
        d.name: dict(d.facts)
        for d in link_details(quickstart_graph, keys_of(quickstart_graph))
        if d.kind == "ring"
    }
    assert rings["trades → tape"]["when full"] == "block: stalls the providers behind it"
    assert rings["trades → maker"]["when full"] == "drop_oldest: this edge alone may lose events"
    assert rings["quotes → maker"]["waiting places"] == "2.72 KiB"
