"""The proofs, in their order: each takes a draft and gives one that knows more."""

from __future__ import annotations

from collections.abc import Callable

from meltica_compiler.passes.assembly import assemble
from meltica_compiler.passes.compile_state import Draft
from meltica_compiler.passes.flow import check_arrows, check_depths, check_durable, check_letting_go
from meltica_compiler.passes.latency import check_latency
from meltica_compiler.passes.memory import check_codes, check_memory
from meltica_compiler.passes.providers import check_sources, check_venues, settle_providers
from meltica_compiler.passes.scenarios import check_scenarios
from meltica_compiler.passes.sinks import settle_sinks
from meltica_compiler.passes.strategies import check_handlers, check_risk, settle_strategies
from meltica_compiler.passes.unused import warn_never_met, warn_unused

Pass = Callable[[Draft], Draft]

PASSES: tuple[Pass, ...] = (
    settle_providers,
    check_sources,
    check_venues,
    settle_sinks,
    settle_strategies,
    check_handlers,
    check_risk,
    check_arrows,
    check_durable,
    check_depths,
    check_letting_go,
    check_codes,
    check_scenarios,
    warn_unused,
    warn_never_met,
    assemble,
    check_memory,
    check_latency,
)
