"""The proofs, in their order: each takes a state of the compile and gives one that knows more."""

from __future__ import annotations

from collections.abc import Callable

from meltica_compiler.passes.assembly import assemble
from meltica_compiler.passes.compile_state import CompileState
from meltica_compiler.passes.flow import check_arrows, check_depths, check_durable, check_flush_room
from meltica_compiler.passes.latency import check_latency
from meltica_compiler.passes.memory import check_codes, check_memory
from meltica_compiler.passes.providers import check_sources, check_venues, resolve_providers
from meltica_compiler.passes.scenarios import check_scenarios
from meltica_compiler.passes.sinks import resolve_sinks
from meltica_compiler.passes.strategies import check_handlers, check_risk, resolve_strategies
from meltica_compiler.passes.unused import warn_never_met, warn_unused

Pass = Callable[[CompileState], CompileState]

PASSES: tuple[Pass, ...] = (
    resolve_providers,
    check_sources,
    check_venues,
    resolve_sinks,
    resolve_strategies,
    check_handlers,
    check_risk,
    check_arrows,
    check_durable,
    check_depths,
    check_flush_room,
    check_codes,
    check_scenarios,
    warn_unused,
    warn_never_met,
    assemble,
    check_memory,
    check_latency,
)
