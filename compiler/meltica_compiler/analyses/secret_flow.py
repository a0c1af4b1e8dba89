"""Where each secret goes: the one adapter that it was given to, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from meltica_compiler.graph.graph import Graph, SettingValue
from meltica_dsl.model.values import Secret
from meltica_dsl.text.source import Location


class SecretFlow(Struct, frozen=True):
    """One place that a secret reaches. `adapter` is None where it may not be: the compiler lets no such
    graph come about, and this looks everywhere nevertheless."""

    secret: str
    kind: str
    node: str
    setting: str
    adapter: str | None
    location: Location


def secret_flows(graph: Graph) -> tuple[SecretFlow, ...]:
    """Every secret in the graph, by its name."""
    return tuple(sorted(_flows(graph), key=lambda flow: (flow.secret, flow.kind, flow.node, flow.setting)))


def _flows(graph: Graph) -> Iterator[SecretFlow]:
    for provider in graph.providers:
        for name, setting in _secrets(provider.settings):
            yield SecretFlow(name, "provider", provider.name, setting, provider.adapter, provider.location)
    for strategy in graph.strategies:
        for name, setting in _secrets(strategy.config):
            yield SecretFlow(name, "strategy", strategy.name, setting, None, strategy.location)
    for sink in graph.sinks:
        for name, setting in _secrets(sink.settings):
            yield SecretFlow(name, "sink", sink.name, setting, None, sink.location)


def _secrets(settings: Mapping[str, SettingValue]) -> Iterator[tuple[str, str]]:
    """Names of secrets among the settings, in lists and objects too, and the setting of each."""
    for key, value in settings.items():
        yield from ((secret, key) for secret in _within(value))


def _within(value: SettingValue) -> Iterator[str]:
    inner: Iterable[SettingValue] = ()
    match value:
        case Secret(name):
            yield name
        case tuple():
            inner = value
        case dict():
            inner = value.values()
    for part in inner:
        yield from _within(part)
