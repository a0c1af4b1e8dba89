"""Memory: what the rings take fits the budget, and codes fit their records."""

from __future__ import annotations

from meltica_compiler.analyses.budget import budget, size_text
from meltica_compiler.graph.graph import Graph
from meltica_compiler.passes.compile_state import CompileState
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Edit, Fix
from meltica_dsl.model.values import Size

MAX_CODES = 65_536
"""Symbols and providers are u16 in records."""

_SHOWN = 4
"""Largest pieces that the error lists; the whole table is `meltica compile --emit budget`."""
_MIB = 1 << 20


def check_memory(state: CompileState) -> CompileState:
    """Rings, inboxes and waiting places stay within the pipeline's `memory`.

    >>> from msgspec.structs import replace
    >>> from meltica_dsl.model.values import Size
    >>> from meltica_compiler.passes import assemble, resolve_providers, resolve_sinks
    >>> state = state_of('''
    ... provider paper { adapter = fake, symbols = [BTC-USDT] }
    ... pool ram { events = 100_000, on_full = block }
    ... route r via ram = paper.trade -> tape
    ... sink tape = log {}
    ... ''')
    >>> state = assemble(resolve_sinks(resolve_providers(state)))
    >>> check_memory(state) == state
    True
    >>> small = replace(state.graph, memory_budget=Size(1 << 20))
    >>> say(check_memory(replace(state, graph=small)))
    E0701 the pipeline takes 12.2MiB, more than its budget of 1MiB
      note: 6,400,064 bytes: paper.trade, ingress ring (100,000 × 64 + 64)
      note: 6,400,064 bytes: r → tape, edge ring of ram (100,000 × 64 + 64)
      help: make the pools smaller, or allow it: `memory = 13MiB`
    """
    graph = state.graph
    if graph is None or graph.memory_budget is None or graph.total_bytes <= graph.memory_budget.bytes:
        return state
    return state.report(_over_budget(state, graph, graph.memory_budget))


def check_codes(state: CompileState) -> CompileState:
    """There are no more symbols and providers than codes for them.

    >>> check_codes(state_of('provider paper { adapter = fake, symbols = [BTC-USDT] }')).diagnostics
    ()
    """
    pipeline = state.pipeline
    symbols = {symbol for provider in pipeline.providers for symbol in provider.symbols}
    counted = (("symbols", len(symbols)), ("providers", len(pipeline.providers)))
    return state.report(
        *(
            Diagnostic(
                "E0702",
                f"the pipeline has {count:,} {what}, more than {MAX_CODES:,}",
                pipeline.span,
                help=("split it into several pipelines",),
            )
            for what, count in counted
            if count > MAX_CODES
        )
    )


def _over_budget(state: CompileState, graph: Graph, allowed: Size) -> Diagnostic:
    largest = sorted(budget(graph), key=lambda item: -item.bytes)[:_SHOWN]
    enough = f"{-(-graph.total_bytes // _MIB)}MiB"
    span = state.pipeline.memory_span
    taken, budgeted = size_text(graph.total_bytes), size_text(allowed.bytes)
    return Diagnostic(
        "E0701",
        f"the pipeline takes {taken}, more than its budget of {budgeted}",
        span or state.pipeline.span,
        label=f"needs {graph.total_bytes:,} bytes",
        notes=tuple(f"{item.bytes:,} bytes: {item.holder}, {item.what} ({item.sum})" for item in largest),
        help=(f"make the pools smaller, or allow it: `memory = {enough}`",),
        fixes=(Fix(f"raise it to {enough}", (Edit(span, enough),)),) if span else (),
    )
