"""The latency budget: no stage on the way to a strategy holds events back for longer, unless it is said."""

from __future__ import annotations

from meltica_compiler.analyses.latency import FlowPath, StageDelay, paths
from meltica_compiler.graph.stage_text import stage_text
from meltica_compiler.passes.compile_state import CompileState
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Label, Severity
from meltica_dsl.model.value_text import duration_text
from meltica_dsl.model.values import Duration


def check_latency(state: CompileState) -> CompileState:
    """Warns of paths whose windows are longer than the budget.

    >>> from msgspec.structs import replace
    >>> from meltica_compiler.passes import assemble, resolve_providers, resolve_strategies
    >>> state = state_of('''
    ... provider paper { adapter = fake, symbols = [BTC-USDT] }
    ... pool ram { events = 100, on_full = drop_oldest }
    ... route r via ram = paper.book | conflate per symbol every 100ms -> s
    ... strategy s = "noop"
    ... ''')
    >>> state = assemble(resolve_strategies(resolve_providers(state)))
    >>> tight = replace(state, graph=replace(state.graph, latency_budget=Duration(2_000_000)))
    >>> say(check_latency(tight))
    E0611 a path to `s` holds events back for up to 100ms, and the budget is 2ms
      note: the path is paper → r → s
      help: shorten the window, or allow it: `latency = 100ms`
    """
    graph = state.graph
    if graph is None or graph.latency_budget is None:
        return state
    budget = graph.latency_budget
    found: dict[StageDelay, Diagnostic] = {}
    for path in paths(graph):
        windows = [delay for delay in path.delays if delay.most is not None]
        if path.total_delay > budget and windows:
            longest = max(windows, key=lambda delay: delay.most.ns if delay.most is not None else 0)
            found.setdefault(longest, _held_back(state, path, longest, budget))
    return state.report(*found.values())


def _held_back(state: CompileState, path: FlowPath, delay: StageDelay, budget: Duration) -> Diagnostic:
    declared = state.pipeline.latency_span
    total_delay = duration_text(path.total_delay)
    return Diagnostic(
        "E0611",
        f"a path to `{path.strategy}` holds events back for up to {total_delay}, and the budget is "
        f"{duration_text(budget)}",
        delay.stage.span,
        label=f"`{stage_text(delay.stage)}` holds them",
        labels=(Label(declared, "the budget"),) if declared is not None else (),
        notes=(f"the path is {' → '.join((path.provider, *path.routes, path.strategy))}",),
        help=(f"shorten the window, or allow it: `latency = {total_delay}`",),
        severity=Severity.WARNING,
    )
