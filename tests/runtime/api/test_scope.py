"""A strategy has to do with what it hears and what it trades."""

from __future__ import annotations

from collections.abc import Callable

from meltica_compiler.graph.graph import Graph
from meltica_runtime.api.scope import dependents, strategy_scope

TWO_VENUES = """
pipeline two
provider near { adapter = fake, symbols = [BTC-USDT, ETH-USDT], seed = 1 }
provider far { adapter = fake, symbols = [BTC-USDT, SOL-USDT], seed = 2 }
pool market { events = 64, on_full = drop_oldest }
route trades via market = near.trade -> trader
route others via market = far.trade -> watcher
strategy trader = "trader:latest" { trade_on = far, risk = small }
strategy watcher = "watcher:latest"
risk small { max_position = 1 }
"""


def test_heard_and_traded_markets_are_listed_by_provider(graph_of: Callable[[str], Graph]) -> None:
    graph = graph_of(TWO_VENUES)
    trader, watcher = graph.strategies
    assert set(strategy_scope(graph, trader)) == {"near", "far"}
    assert set(strategy_scope(graph, trader)["far"]) == set(trader.trade_symbols)
    assert strategy_scope(graph, watcher) == {"far": ("BTC-USDT", "SOL-USDT")}


def test_a_provider_names_the_strategies_that_need_it(graph_of: Callable[[str], Graph]) -> None:
    graph = graph_of(TWO_VENUES)
    assert dependents(graph, "near") == ("trader",)
    assert dependents(graph, "far") == ("trader", "watcher")
