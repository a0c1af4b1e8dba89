"""Tests: what they give, somebody takes; and what they expect can be."""

from __future__ import annotations

from collections.abc import Iterator

from meltica_compiler.passes.compile_state import CompileState, event_of, given_by
from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.model.pipeline import Pipeline
from meltica_dsl.model.scenario import Expectation, GivenEvent, Recording, Scenario, Subject, Verb

_MATCHED_AGAINST = ("trade", "ticker", "book")
"""Events that the venue on paper fills orders against."""


def check_scenarios(state: CompileState) -> CompileState:
    """What a test gives reaches somebody, and what it expects of a node is something that can come to it.

    >>> say(check_scenarios(state_of('''
    ... provider paper { adapter = fake, symbols = [BTC-USDT] }
    ... pool ram { events = 8, on_full = block }
    ... route trades via ram = paper.trade -> tape
    ... sink tape = log
    ... test "candles" {
    ...   at 0ms paper.kline { open = 1, high = 2, low = 1, close = 2 }
    ...   expect tape receives kline
    ... }
    ... ''')))
    E1009 nobody takes kline events of `paper`
      help: read `paper.kline` in a route, or leave the step out
    E1010 no kline events come to `tape`
      help: expect trade
    """
    if not state.is_whole:
        return state
    found: list[Diagnostic] = []
    there = (scenario for scenario in state.pipeline.scenarios if isinstance(scenario, Scenario))
    for scenario in there:
        for step in scenario.steps:
            match step:
                case GivenEvent() | Recording():
                    found += _untaken(state.pipeline, step)
                case Expectation():
                    found += _impossible(state.pipeline, step)
                case _:
                    pass
    return state.report(*found)


def _untaken(pipeline: Pipeline, step: GivenEvent | Recording) -> Iterator[Diagnostic]:
    name = step.event.name
    if name in _events_of(pipeline, step.provider):
        return
    yield Diagnostic(
        "E1009",
        f"nobody takes {name} events of `{step.provider}`",
        step.event_span,
        "goes nowhere",
        help=(f"read `{step.provider}.{name}` in a route, or leave the step out",),
    )


def _events_of(pipeline: Pipeline, provider: str) -> set[str]:
    """The events that a provider is asked for, by routes and by the venue that matches orders."""
    asked = {
        source.event.name
        for route in pipeline.routes
        for source in route.sources
        if source.provider == provider
    }
    is_traded_on = any(strategy.trade_on == provider for strategy in pipeline.strategies)
    return asked | set(_MATCHED_AGAINST if is_traded_on else ())


def _impossible(pipeline: Pipeline, step: Expectation) -> Iterator[Diagnostic]:
    trades = {strategy.name for strategy in pipeline.strategies if strategy.trade_on is not None}
    is_dry = step.subject is Subject.STRATEGY and step.node not in trades
    if is_dry and not step.verb.is_of_events and not step.verb.is_of_texts:
        yield _cannot_be(
            step, f"`{step.node}` trades nowhere, so it has no {step.verb.value}", "set its `trade_on`"
        )
    if not step.verb.is_of_events:
        return
    if step.subject is Subject.ROUTE and step.verb is Verb.DROPS and _makes_others(pipeline, step.node):
        yield _cannot_be(
            step, f"`{step.node}` makes other events of what comes to it", "expect what it `emits`"
        )
        return
    if step.event is None:
        return
    possible = sorted(_possible(pipeline, step, trades))
    if step.event.name not in possible:
        listed = f"expect {' or '.join(possible)}" if possible else "leave it out"
        where = "come to" if step.verb is Verb.RECEIVES else "come from"
        where = "are lost before" if step.verb is Verb.DROPS else where
        yield _cannot_be(step, f"no {step.event.name} events {where} `{step.node}`", listed)


def _possible(pipeline: Pipeline, step: Expectation, trades: set[str]) -> set[str]:
    """The events that a node can have to do with."""
    match step.subject:
        case Subject.PROVIDER:
            return _events_of(pipeline, step.node)
        case Subject.ROUTE:
            route = next(route for route in pipeline.routes if route.name == step.node)
            return {(given_by(route) if step.verb is Verb.EMITS else event_of(route)).name}
        case _:
            hot = {
                given_by(route).name
                for route in pipeline.routes
                if any(target.name == step.node for target in route.targets)
            }
            if step.verb is Verb.RECEIVES and step.node in trades:
                hot |= {"execution", "balance", "instrument", "risk"}
            return hot


def _makes_others(pipeline: Pipeline, name: str) -> bool:
    route = next(route for route in pipeline.routes if route.name == name)
    return given_by(route) is not event_of(route)


def _cannot_be(step: Expectation, message: str, help_text: str) -> Diagnostic:
    return Diagnostic("E1010", message, step.what_span, "cannot be", help=(help_text,))
