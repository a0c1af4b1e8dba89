"""Warnings on what is declared and does nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from meltica_compiler.graph.dag import reachable
from meltica_compiler.passes.compile_state import CompileState, providers_of, warning
from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.model.pipeline import (
    Binary,
    Call,
    Conditional,
    Const,
    Expr,
    ExprType,
    Membership,
    Route,
    Unary,
    Where,
)
from meltica_dsl.text.source import Span
from meltica_dsl.text.suggest import nearest

Id = tuple[str, str]
_TARGET = "target"  # strategies and sinks share their names


def warn_unused(state: CompileState) -> CompileState:
    """Everything lies on a way from a provider to a strategy or a sink.

    >>> say(warn_unused(state_of('''
    ... provider paper { adapter = fake, symbols = [BTC-USDT] }
    ... pool ram { events = 8, on_full = block }
    ... sink tape = log {}
    ... ''')))
    E0601 `paper` is never used
      help: read it in a route, trade on it, or remove it
    E0604 `ram` is never used
      help: send a route `via ram`, or remove it
    E0603 nothing flows into `tape`
      help: point a route's arrow at it, or remove it
    """
    if not state.is_whole:
        return state
    pipeline = state.pipeline
    flow = list(_flow(state))
    fed = reachable({id for id, _ in flow if id[0] == "provider"}, flow)
    names = [strategy.name for strategy in pipeline.strategies] + [sink.name for sink in pipeline.sinks]
    targets = [(_TARGET, name) for name in names]
    used = reachable(targets, [(b, a) for a, b in (*flow, *_rests_on(state))])
    found: list[Diagnostic] = []
    for provider in pipeline.providers:
        if ("provider", provider.name) not in used:
            help = "read it in a route, trade on it, or remove it"
            found.append(_unused("E0601", provider.name, provider.name_span, help))
    for strategy in pipeline.strategies:
        if (_TARGET, strategy.name) not in fed:
            found.append(_unfed("E0602", strategy.name, strategy.name_span))
    for sink in pipeline.sinks:
        if (_TARGET, sink.name) not in fed:
            found.append(_unfed("E0603", sink.name, sink.name_span))
    for pool in pipeline.pools:
        if ("pool", pool.name) not in used:
            help = f"send a route `via {pool.name}`, or remove it"
            found.append(_unused("E0604", pool.name, pool.name_span, help))
    for risk in pipeline.risks:
        if ("risk", risk.name) not in used:
            help = f"add `risk = {risk.name}` to a strategy, or remove it"
            found.append(_unused("E0605", risk.name, risk.name_span, help))
    return state.report(*found)


def warn_never_met(state: CompileState) -> CompileState:
    """Conditions name symbols and providers that can occur in the route.

    >>> say(warn_never_met(state_of('''
    ... provider paper { adapter = fake, symbols = [BTC-USDT] }
    ... pool ram { events = 8, on_full = block }
    ... route r via ram = paper.trade | where symbol == BTC-USD -> tape
    ... sink tape = log {}
    ... ''')))
    E0606 no source of `r` lists BTC-USD
      help: did you mean BTC-USDT?
    """
    found: dict[Span, Diagnostic] = {}
    listed = {p.name: frozenset(map(str, p.symbols)) for p in state.pipeline.providers}
    behind = providers_of(state.pipeline)
    for route in state.pipeline.routes:
        sources = behind[route.name]
        if not listed.keys() >= set(sources):
            # Who knows what a provider lists that is refused itself.
            continue
        for const in _constants(route):
            # A stage that several routes use, and a route with `for`, are wrong once.
            if const.span not in found and not _can_be_met(const, sources, listed):
                found[const.span] = _never_met(route, const, sources, listed)
    return state.report(*found.values())


Listed = Mapping[str, frozenset[str]]
"""The symbols of each provider."""


def _can_be_met(const: Const, sources: Collection[str], listed: Listed) -> bool:
    match const.type:
        case ExprType.SYMBOL:
            return any(const.value in listed[name] for name in sources)
        case ExprType.PROVIDER:
            return const.value in sources
        case _:
            return True


def _never_met(route: Route, const: Const, sources: Collection[str], listed: Listed) -> Diagnostic:
    name, is_symbol = str(const.value), const.type is ExprType.SYMBOL
    known = sorted({symbol for source in sources for symbol in listed[source]} if is_symbol else sources)
    near = nearest(name, known)
    help = f"did you mean {near}?" if near else f"there can be {', '.join(known)}"
    message = f"no source of `{route.name}` {'lists' if is_symbol else 'is'} {name}"
    return warning("E0606", message, const.span, "never met", help)


def _flow(state: CompileState) -> Iterator[tuple[Id, Id]]:
    for route in state.pipeline.routes:
        for source in route.sources:
            yield ("provider", source.provider), ("route", route.name)
        for upstream in route.routes:
            yield ("route", upstream.route), ("route", route.name)
        for target in route.targets:
            yield ("route", route.name), (_TARGET, target.name)


def _rests_on(state: CompileState) -> Iterator[tuple[Id, Id]]:
    """What is used without anything flowing: memory, limits, and venues that are only traded on."""
    for route in state.pipeline.routes:
        yield ("pool", route.pool), ("route", route.name)
    for strategy in state.pipeline.strategies:
        if strategy.risk is not None:
            yield ("risk", strategy.risk), (_TARGET, strategy.name)
        if strategy.trade_on is not None:
            yield ("provider", strategy.trade_on), (_TARGET, strategy.name)


def _unused(code: str, name: str, span: Span, help: str) -> Diagnostic:
    return warning(code, f"`{name}` is never used", span, "does nothing", help)


def _unfed(code: str, name: str, span: Span) -> Diagnostic:
    help = "point a route's arrow at it, or remove it"
    return warning(code, f"nothing flows into `{name}`", span, "gets no events", help)


def _constants(route: Route) -> Iterator[Const]:
    for stage in route.stages:
        if isinstance(stage, Where):
            yield from _within((stage.condition,))


def _within(exprs: Iterable[Expr]) -> Iterator[Const]:
    for expr in exprs:
        match expr:
            case Const():
                yield expr
            case Unary():
                yield from _within((expr.operand,))
            case Binary():
                yield from _within((expr.left, expr.right))
            case Membership():
                yield from _within((expr.operand, *expr.items))
            case Conditional():
                yield from _within((expr.condition, expr.then, expr.otherwise))
            case Call():
                yield from _within(expr.arguments)
