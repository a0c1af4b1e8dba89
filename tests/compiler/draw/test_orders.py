"""Where orders go: one gate for each risk block and venue."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from meltica_compiler.draw.orders import gates, listens, venues
from meltica_compiler.graph.graph import Graph


def test_a_strategy_with_risk_gets_a_gate_before_its_venue(quickstart_graph: Graph) -> None:
    (gate,) = gates(quickstart_graph)
    assert (gate.risk.name, gate.venue, gate.strategies, gate.live) == ("careful", "paper", ("maker",), True)
    assert [venue.name for venue in venues(quickstart_graph)] == ["paper"]


def test_strategies_that_share_risk_and_venue_share_the_gate(quickstart_graph: Graph) -> None:
    maker = quickstart_graph.strategies[0]
    graph = replace(quickstart_graph, strategies=(maker, replace(maker, name="shadow", dry_run=True)))
    (gate,) = gates(graph)
    assert gate.strategies == ("maker", "shadow")
    assert gate.live


def test_a_gate_of_dry_runs_only_is_not_live(quickstart_graph: Graph) -> None:
    maker = replace(quickstart_graph.strategies[0], dry_run=True)
    (gate,) = gates(replace(quickstart_graph, strategies=(maker,)))
    assert not gate.live


def test_a_provider_that_only_takes_orders_does_not_listen(quickstart_graph: Graph) -> None:
    paper = quickstart_graph.providers[2]
    assert listens(paper)
    assert not listens(replace(paper, ingresses=()))


def test_every_trading_strategy_passes_one_gate(generate: Callable[[int], Graph]) -> None:
    graph = generate(50)
    guarded = [name for gate in gates(graph) for name in gate.strategies]
    assert sorted(guarded) == sorted(s.name for s in graph.strategies if s.trade_on is not None)
