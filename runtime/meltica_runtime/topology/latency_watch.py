"""Compares what strategies measure with the latency budget, and says so now and then."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from meltica_compiler.graph.graph import Graph, StrategyNode
from meltica_dsl.model.values import Duration
from meltica_runtime.strategies.instance import StrategyInstance

LOOK_SECONDS = 1.0
TELL_SECONDS = 30.0
"""How often one strategy is told of: often enough to be seen, seldom enough to leave a log readable."""

Tell = Callable[[StrategyNode, float, Duration], None]
"""The strategy, the longest that an event took, in microseconds, and the budget."""


class LatencyWatch:
    """`look` as often as you like: it does something once a second."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._next_look_s = 0.0
        self._told_s: dict[str, float] = {}

    def look(self, graph: Graph, strategies: Mapping[str, StrategyInstance], now_s: float) -> None:
        if graph.latency_budget is None or now_s < self._next_look_s:
            return
        self._next_look_s = now_s + LOOK_SECONDS
        for node in graph.strategies:
            worst_us = strategies[node.name].latency.take_worst_us()
            told = self._told_s.get(node.name)
            if worst_us > graph.latency_budget.us and (told is None or now_s - told >= TELL_SECONDS):
                self._told_s[node.name] = now_s
                self._tell(node, worst_us, graph.latency_budget)
