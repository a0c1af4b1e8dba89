"""Which markets a strategy has to do with."""

from __future__ import annotations

from meltica_compiler.graph.graph import Graph, StrategyNode


def strategy_scope(graph: Graph, strategy: StrategyNode) -> dict[str, tuple[str, ...]]:
    """Symbols by provider: those of the providers whose events reach the strategy, before any filter of a
    route, and those that it may trade. In the graph's order."""
    sources = graph.index.symbols_heard(strategy.id)
    scope = {}
    for provider in graph.providers:
        heard = provider.symbols if provider.name in sources else ()
        traded = strategy.trade_symbols if provider.name == strategy.trade_on else ()
        symbols = tuple(dict.fromkeys((*heard, *traded)))
        if symbols:
            scope[provider.name] = symbols
    return scope


def dependents(graph: Graph, provider: str) -> tuple[str, ...]:
    """The strategies that hear or trade on a provider."""
    return tuple(node.name for node in graph.strategies if provider in strategy_scope(graph, node))
