"""The diagram that all drawings share."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from meltica_compiler.draw.diagram import Lane, LinkKind, diagram
from meltica_compiler.graph.graph import Graph


def test_the_lanes_hold_every_node_once(quickstart_graph: Graph) -> None:
    drawn = diagram(quickstart_graph)
    names = {lane: [box.name for box in drawn.lane(lane)] for lane in Lane}
    assert names == {
        Lane.PROVIDERS: ["binance", "okx", "paper"],
        Lane.ROUTES: ["trades", "quotes"],
        Lane.STRATEGIES: ["maker"],
        Lane.SINKS: ["tape"],
        Lane.RISK: ["careful"],
        Lane.VENUES: ["paper"],
    }


def test_links_say_what_flows_and_under_which_policy(quickstart_graph: Graph) -> None:
    links = {link.key: link for link in diagram(quickstart_graph).links}
    assert links["provider_okx--route_trades"].kind is LinkKind.FEED
    assert links["route_trades--sink_tape"].kind is LinkKind.BLOCKING
    lossy = links["route_trades--strategy_maker"]
    assert lossy.kind is LinkKind.LOSSY
    assert lossy.ring == ("market 65,536 × drop_oldest", "4.00 MiB")
    waiting = links["route_quotes--strategy_maker"]
    assert waiting.ring == ("books 1,024 × conflate", "696 KiB + 2.72 KiB waiting")


def test_orders_go_through_the_risk_block_to_the_venue(quickstart_graph: Graph) -> None:
    orders = [
        (link.tail, link.head) for link in diagram(quickstart_graph).links if link.kind is LinkKind.ORDERS
    ]
    assert orders == [("strategy_maker", "risk_careful_paper"), ("risk_careful_paper", "venue_paper")]


def test_orders_without_limits_are_remarked(quickstart_graph: Graph) -> None:
    bare = replace(quickstart_graph.strategies[0], risk=None)
    links = diagram(replace(quickstart_graph, strategies=(bare,))).links
    assert [(link.head, link.remark) for link in links if link.kind is LinkKind.ORDERS] == [
        ("venue_paper", "no risk limits")
    ]


def test_keys_are_unique_in_a_large_graph(generate: Callable[[int], Graph]) -> None:
    drawn = diagram(generate(500))
    keys = [box.key for box in drawn.boxes] + [link.key for link in drawn.links]
    assert len(set(keys)) == len(keys)
