"""What a strategy module says of itself: its metadata, validated strictly.

`read_metadata` takes what V8 found in `module.exports` (see `module_inspection`) and gives either a
`ModuleMetadata` or a `MetadataFault` that names the wrong part and the way out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import TypeGuard

from msgspec import Struct

from meltica_dsl.model.fields import EVENTS
from meltica_dsl.text.suggest import nearest

MAX_CONFIG_FIELDS = 256
"""More keys than that are data, and data belongs in a file of its own."""

JsonValue = None | bool | int | Decimal | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"]
"""A value out of JSON; numbers with a fraction are exact decimals."""


class ConfigType(Enum):
    """The type of a config key. The value is the spelling in `metadata.config`."""

    STRING = "string"
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    DURATION = "duration"
    SYMBOL = "symbol"
    LIST = "list"
    OBJECT = "object"


_SPELLINGS = {t.value: t for t in ConfigType} | {
    "integer": ConfigType.INT,
    "number": ConfigType.FLOAT,
    "boolean": ConfigType.BOOL,
    "array": ConfigType.LIST,
}
_EVENT_NAMES = {e.metadata_name: e.name for e in EVENTS} | {e.name: e.name for e in EVENTS}
_METADATA_KEYS = ("name", "tag", "displayName", "description", "config", "events")
_CONFIG_KEYS = ("name", "type", "description", "default", "required")

NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*", re.ASCII)
"""Names of strategies and tags: what a selector can spell and every file system can hold."""

_CONFIG_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_DURATION = re.compile(r"(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+", re.ASCII)
_SYMBOL = re.compile(r"[A-Z0-9]+-[A-Z0-9]+", re.ASCII)


_PATTERNS = {ConfigType.DURATION: _DURATION, ConfigType.SYMBOL: _SYMBOL}
_KINDS = {
    ConfigType.STRING: "string",
    ConfigType.INT: "integer",
    ConfigType.FLOAT: "number",
    ConfigType.BOOL: "boolean",
    ConfigType.LIST: "array",
    ConfigType.OBJECT: "object",
}


class ConfigField(Struct, frozen=True):
    """One key of a strategy's config. `default` is None when the module gives none."""

    name: str
    type: ConfigType
    description: str
    default: JsonValue
    required: bool


class ModuleMetadata(Struct, frozen=True):
    """`events` are our names (`trade`, `book`, …), in the module's order; `tag` is "" when it gives none."""

    name: str
    tag: str
    display_name: str
    description: str
    config: tuple[ConfigField, ...]
    events: tuple[str, ...]


class MetadataFault(Struct, frozen=True):
    """`anchor` is the text in the source that the fault is about, "" when there is none."""

    message: str
    hint: str
    anchor: str


class _WrongError(Exception):
    def __init__(self, message: str, hint: str, anchor: str) -> None:
        super().__init__(message)
        self.fault = MetadataFault(message, hint, anchor)


def read_metadata(described: Mapping[str, JsonValue]) -> ModuleMetadata | MetadataFault:
    """Validate `described`: the kinds of `exports` and `exports.create`, and `exports.metadata` as JSON."""
    try:
        _require_exports(described)
        return _metadata(described.get("metadata"))
    except _WrongError as wrong:
        return wrong.fault


def _require_exports(described: Mapping[str, JsonValue]) -> None:
    shape = "write `module.exports = { metadata: { … }, create(env) { … } }`"
    if described.get("exports") not in ("object", "function"):
        raise _WrongError("the module exports nothing", shape, "module.exports")
    if "metadata" not in described:
        raise _WrongError("the module exports no `metadata`", shape, "module.exports")
    create = described.get("create")
    if create == "undefined":
        raise _WrongError("the module exports no `create`", shape, "module.exports")
    if create != "function":
        raise _WrongError(
            f"`create` is {_article(create)}, not a function",
            "write `create(env) { … return { onTrade(ctx, evt, payload, price) { … } } }`",
            "create",
        )


def _metadata(raw: JsonValue) -> ModuleMetadata:
    if not isinstance(raw, Mapping) or _kind_of(raw) != "object":
        raise _WrongError(
            f"`metadata` is {_article(_kind_of(raw))}, not an object",
            "write `metadata: { name, tag, displayName, description, config, events }`",
            "metadata",
        )
    _refuse_slips(raw, _METADATA_KEYS, "metadata")
    name = _name(raw)
    return ModuleMetadata(
        name=name,
        tag=_tag(raw),
        display_name=_text(raw, "displayName", "metadata.displayName") or name,
        description=_text(raw, "description", "metadata.description"),
        config=_config(raw.get("config", ())),
        events=_events(raw),
    )


def _name(raw: Mapping[str, JsonValue]) -> str:
    name = _text(raw, "name", "metadata.name")
    if not name:
        raise _WrongError(
            "`metadata.name` is missing", "name the module as selectors do: `name: 'my-strategy'`", "metadata"
        )
    if not NAME.fullmatch(name):
        raise _WrongError(
            f"`metadata.name` is `{name}`, which no selector can spell",
            "use lower-case letters, digits, `-`, `_` and `.`, beginning with a letter or digit",
            name,
        )
    return name


def _tag(raw: Mapping[str, JsonValue]) -> str:
    tag = _text(raw, "tag", "metadata.tag")
    if tag and not NAME.fullmatch(tag):
        raise _WrongError(
            f"`metadata.tag` is `{tag}`, which no selector can spell",
            "use lower-case letters, digits, `-`, `_` and `.`, such as `1.0.0`",
            tag,
        )
    return tag


def _events(raw: Mapping[str, JsonValue]) -> tuple[str, ...]:
    events = raw.get("events")
    known = ", ".join(e.metadata_name for e in EVENTS)
    if not _is_list(events):
        raise _WrongError(
            "`metadata.events` is not a list", f"list the events it handles, of {known}", "events"
        )
    found: dict[str, None] = {}
    for event in events:
        if not isinstance(event, str):
            raise _WrongError(
                f"`metadata.events` holds {_article(_kind_of(event))}, not a name",
                f"list names out of {known}",
                "events",
            )
        if event not in _EVENT_NAMES:
            near = nearest(event, [e.metadata_name for e in EVENTS])
            hint = f"did you mean `{near}`?" if near else f"the events are {known}"
            raise _WrongError(f"`metadata.events` names `{event}`, which is no event", hint, event)
        if _EVENT_NAMES[event] in found:
            raise _WrongError(f"`metadata.events` names `{event}` twice", "name it once", event)
        found[_EVENT_NAMES[event]] = None
    return tuple(found)


def _config(raw: JsonValue) -> tuple[ConfigField, ...]:
    if not _is_list(raw):
        raise _WrongError(
            "`metadata.config` is not a list",
            "write `config: [{ name, type, description, default, required }]`, or `[]`",
            "config",
        )
    if len(raw) > MAX_CONFIG_FIELDS:
        raise _WrongError(
            f"`metadata.config` has {len(raw)} keys, and {MAX_CONFIG_FIELDS} is the limit",
            "keep data out of the config",
            "config",
        )
    fields = tuple(_config_field(entry, index) for index, entry in enumerate(raw))
    seen: set[str] = set()
    for field in fields:
        if field.name in seen:
            raise _WrongError(
                f"`metadata.config` declares `{field.name}` twice", "keep one of them", field.name
            )
        seen.add(field.name)
    return fields


def _config_field(raw: JsonValue, index: int) -> ConfigField:
    where = f"metadata.config[{index}]"
    if not isinstance(raw, Mapping) or _kind_of(raw) != "object":
        raise _WrongError(
            f"`{where}` is {_article(_kind_of(raw))}, not an object",
            "write `{ name, type, description, default, required }`",
            "config",
        )
    name = _text(raw, "name", f"{where}.name")
    if not _CONFIG_NAME.fullmatch(name):
        raise _WrongError(
            f"`{where}.name` is `{name}`, which no pipeline can spell"
            if name
            else f"`{where}` has no `name`",
            "use letters, digits and `_`, beginning with a letter: `name: 'order_size'`",
            name or "config",
        )
    _refuse_slips(raw, _CONFIG_KEYS, f"metadata.config `{name}`")
    type_ = _config_type(raw, name)
    required = raw.get("required", False)
    if not isinstance(required, bool):
        raise _WrongError(
            f"config `{name}`: `required` is {_article(_kind_of(required))}", "write true or false", name
        )
    default = raw.get("default")
    if default is not None and not _fits(default, type_):
        raise _WrongError(
            f"config `{name}`: the default {_shown(default)} is not {_WANTED[type_]}",
            "correct the default, or the type",
            name,
        )
    return ConfigField(name, type_, _text(raw, "description", f"{where}.description"), default, required)


def _config_type(raw: Mapping[str, JsonValue], name: str) -> ConfigType:
    spelling = _text(raw, "type", f"metadata.config `{name}`.type")
    if spelling in _SPELLINGS:
        return _SPELLINGS[spelling]
    known = ", ".join(t.value for t in ConfigType)
    if not spelling:
        raise _WrongError(f"config `{name}` has no `type`", f"the types are {known}", name)
    near = nearest(spelling, _SPELLINGS)
    hint = f"did you mean `{near}`?" if near else f"the types are {known}"
    raise _WrongError(f"config `{name}`: there is no type `{spelling}`", hint, spelling)


_WANTED = {
    ConfigType.STRING: "a string",
    ConfigType.INT: "a whole number",
    ConfigType.FLOAT: "a number",
    ConfigType.BOOL: "true or false",
    ConfigType.DURATION: "a duration as text, such as '500ms'",
    ConfigType.SYMBOL: "a symbol, such as 'BTC-USDT'",
    ConfigType.LIST: "a list",
    ConfigType.OBJECT: "an object",
}


def _fits(value: JsonValue, type_: ConfigType) -> bool:
    pattern = _PATTERNS.get(type_)
    if pattern is not None:
        return isinstance(value, str) and pattern.fullmatch(value) is not None
    if isinstance(value, bool):
        return type_ is ConfigType.BOOL
    if isinstance(value, int):
        return type_ in (ConfigType.INT, ConfigType.FLOAT)
    return _kind_of(value) == _KINDS[type_]


def _text(raw: Mapping[str, JsonValue], key: str, where: str) -> str:
    value = raw.get(key, "")
    if not isinstance(value, str):
        raise _WrongError(f"`{where}` is {_article(_kind_of(value))}, not a string", "write a string", key)
    return value


def _refuse_slips(raw: Mapping[str, JsonValue], known: Iterable[str], where: str) -> None:
    """Keys of other programs are none of our business, but a key one letter off is a mistake."""
    keys = tuple(known)
    for key in raw:
        near = nearest(key, keys) if key not in keys else None
        if near is not None and near not in raw:
            raise _WrongError(f"`{where}` has no key `{key}`", f"did you mean `{near}`?", key)


def _is_list(value: JsonValue) -> TypeGuard[Sequence[JsonValue]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _kind_of(value: JsonValue) -> str:
    """The JavaScript kind. What JSON cannot hold comes as `{"$kind": …}`."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | Decimal():
            return "number"
        case str():
            return "string"
        case Mapping():
            kind = value.get("$kind", "object")
            return kind if isinstance(kind, str) else "object"
        case _:
            return "array"


def _article(kind: JsonValue) -> str:
    if kind in ("null", "undefined", "NaN"):
        return str(kind)
    return f"an {kind}" if str(kind)[0] in "aeiou" else f"a {kind}"


def _shown(value: JsonValue) -> str:
    match value:
        case str():
            return f"'{value}'"
        case bool():
            return str(value).lower()
        case int() | Decimal():
            return str(value)
        case _:
            return f"({_article(_kind_of(value))})"
