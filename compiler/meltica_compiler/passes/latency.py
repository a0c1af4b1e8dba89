"""The latency budget: no stage on the way to a strategy holds events back for longer, unless it is said."""

from __future__ import annotations

from meltica_compiler.analyses.latency import Hold, Path, paths
from meltica_compiler.graph.stage_text import stage_text
from meltica_compiler.passes.compile_state import Draft
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Label, Severity
from meltica_dsl.model.value_text import duration_text
from meltica_dsl.model.values import Duration


def check_latency(draft: Draft) -> Draft:
    """Warns of paths whose windows are longer than the budget.

    >>> from msgspec.structs import replace
    >>> from meltica_compiler.passes import assemble, settle_providers, settle_strategies
    >>> draft = draft_of('''
    ... provider paper { adapter = fake, symbols = [BTC-USDT] }
    ... pool ram { events = 100, on_full = drop_oldest }
    ... route r via ram = paper.book | conflate per symbol every 100ms -> s
    ... strategy s = "noop"
    ... ''')
    >>> draft = assemble(settle_strategies(settle_providers(draft)))
    >>> tight = replace(draft, graph=replace(draft.graph, latency_budget=Duration(2_000_000)))
    >>> say(check_latency(tight))
    E0611 a path to `s` holds events back for up to 100ms, and the budget is 2ms
      note: the path is paper → r → s
      help: shorten the window, or allow it: `latency = 100ms`
    """
    graph = draft.graph
    if graph is None or graph.latency_budget is None:
        return draft
    budget = graph.latency_budget
    found: dict[Hold, Diagnostic] = {}
    for path in paths(graph):
        windows = [hold for hold in path.holds if hold.most is not None]
        if path.held > budget and windows:
            longest = max(windows, key=lambda hold: hold.most.ns if hold.most is not None else 0)
            found.setdefault(longest, _held_back(draft, path, longest, budget))
    return draft.report(*found.values())


def _held_back(draft: Draft, path: Path, hold: Hold, budget: Duration) -> Diagnostic:
    declared = draft.pipeline.latency_span
    held = duration_text(path.held)
    return Diagnostic(
        "E0611",
        f"a path to `{path.strategy}` holds events back for up to {held}, and the budget is "
        f"{duration_text(budget)}",
        hold.stage.span,
        label=f"`{stage_text(hold.stage)}` holds them",
        labels=(Label(declared, "the budget"),) if declared is not None else (),
        notes=(f"the path is {' → '.join((path.provider, *path.routes, path.strategy))}",),
        help=(f"shorten the window, or allow it: `latency = {held}`",),
        severity=Severity.WARNING,
    )
