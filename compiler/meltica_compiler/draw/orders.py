"""The way of orders through a graph: strategy, risk, venue."""

from __future__ import annotations

from msgspec import Struct

from meltica_compiler.graph.graph import Graph, ProviderNode, StrategyNode
from meltica_dsl.model.pipeline import Risk


class Gate(Struct, frozen=True):
    """A risk block in front of one venue, and the strategies whose orders pass it.

    `live` when at least one of them is not in dry run, so that orders do reach the venue.
    """

    risk: Risk
    venue: str
    strategies: tuple[str, ...]
    live: bool


def gates(graph: Graph) -> tuple[Gate, ...]:
    """One gate for each pair of risk block and venue, in the order of the strategies."""
    groups: dict[tuple[str, str], list[StrategyNode]] = {}
    for strategy in graph.strategies:
        if strategy.trade_on is not None and strategy.risk is not None:
            groups.setdefault((strategy.risk.name, strategy.trade_on), []).append(strategy)
    found = []
    for (_, venue), members in groups.items():
        risk = members[0].risk
        assert risk is not None, "only strategies with a risk block are grouped"
        live = any(not member.dry_run for member in members)
        found.append(Gate(risk, venue, tuple(member.name for member in members), live))
    return tuple(found)


def venues(graph: Graph) -> tuple[ProviderNode, ...]:
    """The providers that some strategy's orders go to."""
    named = {strategy.trade_on for strategy in graph.strategies}
    return tuple(provider for provider in graph.providers if provider.name in named)


def listens(provider: ProviderNode) -> bool:
    """It has its place among the sources of events; one that only takes orders stands with the venues."""
    return bool(provider.ingresses) or not provider.trades
