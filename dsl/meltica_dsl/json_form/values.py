"""JSON values with their places, as they were read and as they are written.

Numbers keep their spelling: `0.10` is not `0.1` to whoever wrote it.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from meltica_dsl.text.source import Span

MAX_COLUMNS = 100
"""Of a list or object that stands on one line."""


class JsonText(NamedTuple):
    """`value` is what the text means, escapes resolved."""

    value: str
    span: Span


class JsonNumber(NamedTuple):
    text: str
    span: Span


class JsonTruth(NamedTuple):
    value: bool
    span: Span


class JsonNull(NamedTuple):
    span: Span


class JsonList(NamedTuple):
    items: tuple[JsonValue, ...]
    span: Span


class JsonMember(NamedTuple):
    key: JsonText
    value: JsonValue


class JsonObject(NamedTuple):
    """Keys are unique."""

    members: tuple[JsonMember, ...]
    span: Span


JsonValue = JsonText | JsonNumber | JsonTruth | JsonNull | JsonList | JsonObject


class Number(str):
    """A number to be written as it is spelled."""

    __slots__ = ()


JsonData = Number | str | bool | list["JsonData"] | dict[str, "JsonData"]
"""What is written."""


def dump_json(value: JsonData) -> str:
    """JSON text, with lists and objects on one line where they fit. Ends with a line break."""
    return _written(value, 0, 0) + "\n"


def _written(value: JsonData, indent: int, used: int) -> str:
    """`used` are the columns before the value on its first line, and after it on its last."""
    line = _line(value)
    if indent + used + len(line) <= MAX_COLUMNS or not isinstance(value, list | dict) or not value:
        return line
    inner = indent + 2
    if isinstance(value, list):
        lines = [_written(item, inner, 1) for item in value]
    else:
        keys = [f"{_text(key)}: " for key in value]
        lines = [
            key + _written(item, inner, len(key) + 1) for key, item in zip(keys, value.values(), strict=True)
        ]
    opening, closing = "[]" if isinstance(value, list) else "{}"
    body = ",\n".join(" " * inner + line for line in lines)
    return f"{opening}\n{body}\n{' ' * indent}{closing}"


def _line(value: JsonData) -> str:
    match value:
        case Number():
            return str.__str__(value)
        case str():
            return _text(value)
        case bool():
            return "true" if value else "false"
        case list():
            return f"[{', '.join(map(_line, value))}]"
        case dict():
            inner = ", ".join(f"{_text(key)}: {_line(item)}" for key, item in value.items())
            return f"{{{inner}}}"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
