"""Providers: the adapter exists, its settings fit, and it provides what the routes ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from meltica_compiler.adapters.adapters import ADAPTERS
from meltica_compiler.adapters.manifest import AdapterSpec
from meltica_compiler.adapters.setting_schema import read_settings
from meltica_compiler.graph.graph import SettingValue
from meltica_compiler.passes.compile_state import CompileState
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Edit, Fix
from meltica_dsl.model.pipeline import Provider, Source, Strategy
from meltica_dsl.model.values import Setting
from meltica_dsl.text.suggest import nearest


def resolve_providers(state: CompileState) -> CompileState:
    """Finds each provider's adapter and reads its settings.

    >>> say(resolve_providers(state_of('provider p { adapter = fakee, symbols = [BTC-USDT] }')))
    E0401 there is no adapter `fakee`
      help: did you mean `fake`?
    >>> paper = resolve_providers(state_of('provider p { adapter = fake, symbols = [BTC-USDT], rate = 9/s }'))
    >>> paper.provider_settings["p"]["rate"], paper.provider_settings["p"]["seed"]
    (9.0, 1)
    """
    adapters: dict[str, AdapterSpec] = {}
    settings: dict[str, dict[str, SettingValue]] = {}
    diagnostics: list[Diagnostic] = []
    for provider in state.pipeline.providers:
        spec = ADAPTERS.get(provider.adapter)
        if spec is None:
            diagnostics.append(_unknown_adapter(provider))
            continue
        adapters[provider.name] = spec
        read = read_settings(
            spec.settings,
            provider.settings,
            provider.invalid_keys,
            owner=f"the adapter `{spec.identifier}`",
            place=provider.name_span,
            kept=("adapter", "symbols"),
        )
        settings[provider.name] = read.values
        diagnostics += (
            read.diagnostics
            or (() if provider.invalid_keys else _conflicts(provider, spec, read.values))
            or _missing_files(provider, spec, state.options.data_dir)
        )
    return replace(state, adapters=adapters, provider_settings=settings).report(*diagnostics)


def check_sources(state: CompileState) -> CompileState:
    """Every source is an event that the provider's adapter, with its settings, can give.

    >>> state = resolve_providers(state_of('''
    ... provider tape { adapter = replay, symbols = [BTC-USDT], path = "t.csv", format = tardis_trades }
    ... pool ram { events = 8, on_full = block }
    ... route books via ram = tape.book -> log
    ... sink log = log {}
    ... '''))
    >>> say(check_sources(state))
    E0402 `tape` provides no book events
      note: `replay` provides trade
    """
    found: list[Diagnostic] = []
    for route in state.pipeline.routes:
        for source in route.sources:
            spec = state.adapters.get(source.provider)
            if spec is None:
                continue
            provided = spec.provides(state.provider_settings[source.provider])
            if source.event.name not in provided:
                found.append(_not_provided(source, spec, provided))
    return state.report(*found)


def check_venues(state: CompileState) -> CompileState:
    """Strategies trade where orders are taken, and there the credentials for that are given.

    >>> say(check_venues(resolve_providers(state_of('''
    ... provider paper { adapter = fake, symbols = [BTC-USDT] }
    ... strategy s = "noop" { trade_on = paper }
    ... '''))))
    """
    found: list[Diagnostic] = []
    providers = {provider.name: provider for provider in state.pipeline.providers}
    for strategy in state.pipeline.strategies:
        if strategy.trade_on is not None and strategy.trade_on in state.adapters:
            spec = state.adapters[strategy.trade_on]
            found += venue_faults(strategy, providers[strategy.trade_on], spec)
    return state.report(*dict.fromkeys(found))


def venue_faults(strategy: Strategy, provider: Provider, spec: AdapterSpec) -> tuple[Diagnostic, ...]:
    """Why the strategy cannot trade on this provider, if it cannot."""
    place = strategy.trade_on_span or strategy.name_span
    if not spec.trades:
        return (
            Diagnostic(
                "E0403",
                f"`{provider.name}` takes no orders",
                place,
                label=f"its adapter `{spec.identifier}` only brings market data",
                help=("trade on another provider, such as one with `adapter = fake`",),
            ),
        )
    given = provider.settings.keys() | provider.invalid_keys
    missing = [f"`{name}`" for name in spec.credentials if name not in given]
    if not missing:
        return ()
    return (
        Diagnostic(
            "E0404",
            f"`{provider.name}` has no credentials to trade with",
            provider.name_span,
            label=f"wants {', '.join(missing)}",
            help=tuple(f'add {name} = secret("…")' for name in missing),
        ),
    )


def _conflicts(
    provider: Provider, spec: AdapterSpec, values: Mapping[str, SettingValue]
) -> tuple[Diagnostic, ...]:
    return tuple(
        Diagnostic(
            "E0306",
            conflict.message,
            setting.span if setting else provider.name_span,
            help=(conflict.help,),
        )
        for conflict in spec.conflicts(values)
        for setting in (provider.settings.get(conflict.setting),)
    )


def _missing_files(provider: Provider, spec: AdapterSpec, folder: Path | None) -> tuple[Diagnostic, ...]:
    """The files that the adapter is to read, and that are not there."""
    if folder is None:
        return ()
    given = [setting for name, setting in provider.settings.items() if name in spec.files]
    return tuple(
        _missing_file(setting, folder / str(setting.value))
        for setting in given
        if not (folder / str(setting.value)).is_file()
    )


def _missing_file(setting: Setting, path: Path) -> Diagnostic:
    is_folder = path.is_dir()
    beside = sorted(file.name for file in path.parent.iterdir()) if path.parent.is_dir() else []
    near = nearest(path.name, beside)
    if is_folder:
        help = "name a file in it"
    elif near:
        help = f"did you mean `{near}`? it lies in {path.parent}"
    else:
        help = "a relative path starts at the project's folder"
    return Diagnostic(
        "E0405",
        f"`{setting.value}` is a folder" if is_folder else f"there is no file `{setting.value}`",
        setting.span,
        "is to be read",
        notes=(f"looked for {path}",),
        help=(help,),
    )


def _unknown_adapter(provider: Provider) -> Diagnostic:
    near = nearest(provider.adapter, ADAPTERS)
    listed = ", ".join(f"`{name}`" for name in sorted(ADAPTERS))
    return Diagnostic(
        "E0401",
        f"there is no adapter `{provider.adapter}`",
        provider.adapter_span,
        label="unknown",
        help=(f"did you mean `{near}`?" if near else f"this build has {listed}",),
        fixes=(Fix(f"replace by `{near}`", (Edit(provider.adapter_span, near),)),) if near else (),
    )


def _not_provided(source: Source, spec: AdapterSpec, provided: tuple[str, ...]) -> Diagnostic:
    near = nearest(source.event.name, provided)
    return Diagnostic(
        "E0402",
        f"`{source.provider}` provides no {source.event.name} events",
        source.span,
        label="cannot be provided",
        notes=(f"`{spec.identifier}` provides {', '.join(provided)}",),
        help=(f"did you mean `{source.provider}.{near}`?",) if near else (),
    )
