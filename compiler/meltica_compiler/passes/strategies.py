"""Strategies: the module is found and sound, its config fits, and it handles what it is sent."""

from __future__ import annotations

from msgspec.structs import replace

from meltica_compiler.graph.graph import ModuleInfo, SettingValue
from meltica_compiler.modules.inspection import FaultStage, ModuleFault, inspect
from meltica_compiler.modules.metadata import ModuleMetadata
from meltica_compiler.modules.registry import ResolveFailure, StrategyLibrary
from meltica_compiler.modules.strategy_config import read_config
from meltica_compiler.passes.compile_state import CompileState, first_source, given_by
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Label
from meltica_dsl.model.fields import EVENT_BY_NAME
from meltica_dsl.model.pipeline import Kline, Route, Selector, Strategy
from meltica_dsl.text.source import Span

FoundModule = tuple[ModuleInfo, ModuleMetadata] | ResolveFailure | ModuleFault

_FAULT_CODES = {FaultStage.COMPILE: "E0511", FaultStage.EXECUTE: "E0512", FaultStage.VALIDATE: "E0513"}


def resolve_strategies(state: CompileState) -> CompileState:
    """Finds each strategy's module, reads what it says of itself, and reads the config by that.

    >>> say(resolve_strategies(state_of('strategy s = "nop" {}')))  # doctest: +ELLIPSIS
    E0501 there is no strategy `nop` in `...strategies`
      help: did you mean `noop`?
    >>> resolve_strategies(state_of('strategy s = "noop" {}')).modules["s"].name
    'noop'
    """
    library = StrategyLibrary(
        state.options.strategies_dir, state.options.require_registry, state.options.shipped_dir
    )
    seen: dict[str, FoundModule] = {}
    modules: dict[str, ModuleInfo] = {}
    configs: dict[str, dict[str, SettingValue]] = {}
    found: list[Diagnostic] = []
    for strategy in state.pipeline.strategies:
        selector = strategy.selector
        if selector.text not in seen:
            seen[selector.text] = find_module(library, selector)
        match seen[selector.text]:
            case ResolveFailure() as failure:
                found.append(_not_resolved(strategy, failure))
            case ModuleFault() as fault:
                found.append(_faulty(strategy, fault))
            case info, metadata:
                modules[strategy.name] = info
                config = read_config(strategy, metadata.config)
                configs[strategy.name] = config.values
                found += config.diagnostics
    return replace(state, modules=modules, configs=configs).report(*found)


def find_module(library: StrategyLibrary, selector: Selector) -> FoundModule:
    """The module that a selector leads to, with what it says of itself, or why there is none."""
    resolved = library.resolve(selector)
    if isinstance(resolved, ResolveFailure):
        return resolved
    metadata = inspect(resolved.source, resolved.path)
    if isinstance(metadata, ModuleFault):
        return metadata
    info = ModuleInfo(
        name=resolved.name,
        tag=resolved.tag,
        sha256=resolved.sha256,
        path=resolved.path,
        source=resolved.source,
        display_name=metadata.display_name,
        description=metadata.description,
        events=metadata.events,
    )
    return info, metadata


def check_handlers(state: CompileState) -> CompileState:
    """What a route sends to a strategy, the module handles.

    >>> say(check_handlers(resolve_strategies(state_of('''
    ... provider paper { adapter = fake, symbols = [BTC-USDT] }
    ... pool ram { events = 8, on_full = block }
    ... route candles via ram = paper.kline -> s
    ... strategy s = "market-making" { config { spread = 5bps, size = 1 } }
    ... '''))))
    E0521 `market-making` does not handle kline events
      note: it handles trade, ticker, book
      help: send it something else, or list `KlineSummary` in the module's `metadata.events`
    """
    found: list[Diagnostic] = []
    for route in state.pipeline.routes:
        event = given_by(route)
        for target in route.targets:
            module = state.modules.get(target.name)
            if module is None or event.name in module.events:
                continue
            handled = ", ".join(name for name in module.events if EVENT_BY_NAME[name].hot) or "no market data"
            found.append(
                Diagnostic(
                    "E0521",
                    f"`{module.name}` does not handle {event.name} events",
                    target.span,
                    label=f"would get {event.name} events",
                    labels=(Label(_origin(route), f"{event.name} events come from here"),),
                    notes=(f"it handles {handled}",),
                    help=(
                        f"send it something else, or list `{event.metadata_name}` in the module's "
                        "`metadata.events`",
                    ),
                )
            )
    return state.report(*found)


def _origin(route: Route) -> Span:
    """Where the type of event that the route gives comes from: a stage that makes it, or the source."""
    stages = [stage for stage in route.stages if isinstance(stage, Kline)]
    return stages[-1].span if stages else first_source(route).span


def check_risk(state: CompileState) -> CompileState:
    """Whoever trades has limits.

    >>> say(check_risk(state_of('''
    ... provider paper { adapter = fake, symbols = [BTC-USDT] }
    ... strategy s = "noop" { trade_on = paper }
    ... ''')))
    E0525 `s` trades without limits
      note: dry run or not, every order passes a `risk` block, so that a typo cannot cost a fortune
      help: declare one, `risk careful { max_position = 1, max_open_orders = 10 }`, and add `risk = careful`
    """
    return state.report(
        *(
            Diagnostic(
                "E0525",
                f"`{strategy.name}` trades without limits",
                strategy.name_span,
                label="no `risk`",
                labels=(Label(strategy.trade_on_span, "it trades here"),) if strategy.trade_on_span else (),
                notes=(
                    "dry run or not, every order passes a `risk` block, so that a typo cannot cost a fortune",
                ),
                help=(_risk_help(state),),
            )
            for strategy in state.pipeline.strategies
            if strategy.trade_on is not None and strategy.risk is None
        )
    )


def _risk_help(state: CompileState) -> str:
    if state.pipeline.risks:
        return f"add `risk = {state.pipeline.risks[0].name}`"
    return "declare one, `risk careful { max_position = 1, max_open_orders = 10 }`, and add `risk = careful`"


def _not_resolved(strategy: Strategy, failure: ResolveFailure) -> Diagnostic:
    return Diagnostic(
        failure.problem.value,
        failure.message,
        strategy.selector.span,
        label="leads to no module",
        notes=failure.notes,
        help=failure.help,
    )


def _faulty(strategy: Strategy, fault: ModuleFault) -> Diagnostic:
    place = ":".join(str(part) for part in (fault.path, fault.line, fault.column) if part is not None)
    return Diagnostic(
        _FAULT_CODES[fault.stage],
        fault.message,
        strategy.selector.span,
        label="in this module",
        notes=(f"at {place}",),
        help=(fault.hint,) if fault.hint else (),
    )
