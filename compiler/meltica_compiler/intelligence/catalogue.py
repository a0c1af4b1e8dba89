"""The keys of blocks that others than the language decide: adapters, kinds of sinks, strategy modules."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from meltica_compiler.adapters.adapters import ADAPTERS
from meltica_compiler.adapters.setting_schema import SettingSpec, SettingType
from meltica_compiler.adapters.sinks import SINK_KINDS
from meltica_compiler.graph.graph import ModuleInfo
from meltica_compiler.modules.metadata import ConfigField, ConfigType, JsonValue, ModuleMetadata
from meltica_compiler.modules.registry import StrategyLibrary
from meltica_compiler.passes.strategies import find_module
from meltica_compiler.text.spelling import spell_as, spell_setting
from meltica_dsl.intelligence.vocabulary import Key, ValueKind
from meltica_dsl.model.pipeline import Selector
from meltica_dsl.text.source import Span

_WANTED: Mapping[SettingType, ValueKind] = {
    SettingType.NUMBER: ValueKind.NUMBER,
    SettingType.INTEGER: ValueKind.WHOLE,
    SettingType.RATIO: ValueKind.RATIO,
    SettingType.DURATION: ValueKind.DURATION,
    SettingType.RATE: ValueKind.RATE,
    SettingType.SIZE: ValueKind.SIZE,
    SettingType.TEXT: ValueKind.TEXT,
    SettingType.BOOLEAN: ValueKind.TRUTH,
    SettingType.WORD: ValueKind.WORD,
    SettingType.SECRET: ValueKind.SECRET,
    SettingType.NUMBERS: ValueKind.OBJECT,
}

_CONFIG_WANTED: Mapping[ConfigType, tuple[ValueKind, ...]] = {
    ConfigType.STRING: (ValueKind.TEXT,),
    ConfigType.INT: (ValueKind.WHOLE,),
    ConfigType.FLOAT: (ValueKind.NUMBER, ValueKind.RATIO),
    ConfigType.BOOL: (ValueKind.TRUTH,),
    ConfigType.DURATION: (ValueKind.DURATION,),
    ConfigType.SYMBOL: (ValueKind.SYMBOL,),
    ConfigType.LIST: (ValueKind.LIST,),
    ConfigType.OBJECT: (ValueKind.OBJECT,),
}


def adapter_keys(adapter: str) -> tuple[Key, ...]:
    spec = ADAPTERS.get(adapter)
    return () if spec is None else tuple(_key_of(setting) for setting in spec.settings)


def sink_keys(kind: str) -> tuple[Key, ...]:
    spec = SINK_KINDS.get(kind)
    return () if spec is None else tuple(_key_of(setting) for setting in spec.settings)


def _key_of(spec: SettingSpec) -> Key:
    default = "" if spec.default is None else spell_as(spec.types, spec.default)
    choices = dict.fromkeys(spec.choices, "")
    return Key(
        spec.name,
        tuple(_WANTED[type] for type in spec.types),
        spec.description,
        default,
        spec.required,
        choices=choices,
    )


def config_keys(metadata: ModuleMetadata) -> tuple[Key, ...]:
    return tuple(_config_key(field) for field in metadata.config)


def _config_key(field: ConfigField) -> Key:
    return Key(
        field.name, _CONFIG_WANTED[field.type], field.description, _default_text(field), field.required
    )


def _default_text(field: ConfigField) -> str:
    """A module's default as a pipeline would write it; nothing for what is no single value."""
    value: JsonValue = field.default
    match value:
        case bool() | int() | Decimal():
            return spell_setting(value)
        case str() if field.type in (ConfigType.DURATION, ConfigType.SYMBOL):
            return value
        case str():
            return spell_setting(value)
        case _:
            return ""


class Modules(Struct, frozen=True):
    """The strategy modules of a project. What V8 found in one is kept by its bytes, so asking again is
    cheap; the first time it takes about 0.2 s."""

    library: StrategyLibrary

    def selectors(self) -> tuple[str, ...]:
        """What a selector may be: names, and names with a tag."""
        return tuple(
            selector
            for name in self.library.names()
            for selector in (name, *(f"{name}:{tag}" for tag in self.library.tags(name)))
        )

    def find(self, selector: str) -> tuple[ModuleInfo, ModuleMetadata] | None:
        """The module of a selector, None where there is none or it is invalid."""
        name, _, digest = selector.partition("@sha256:")
        name, _, tag = name.partition(":")
        wanted = Selector(selector, name, tag or None, digest or None, Span("", 0, 0))
        found = find_module(self.library, wanted)
        return found if isinstance(found, tuple) else None
