"""The JSON Schema (draft 2020-12) of the JSON form, made of the shapes that reading goes by."""

from __future__ import annotations

from collections.abc import Mapping

from meltica_dsl.json_form.shapes import COMMENTS, FORMAT_VERSION, KINDS, Part, Shape
from meltica_dsl.json_form.values import JsonData, Number

Object = dict[str, JsonData]


def schema() -> Object:
    """The schema. It knows the form of the JSON, not the language in its texts: that, `meltica convert`
    and `meltica check` judge."""
    kinds: list[JsonData] = [_ref(f"kind-{kind}") for kind in KINDS]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Meltica pipeline",
        **_object(
            {
                "meltica": {"const": Number(FORMAT_VERSION)},
                "declarations": {"type": "array", "items": _ref("declaration")},
                "below": _ref("comments"),
            },
            ["meltica", "declarations"],
        ),
        "$defs": {"declaration": {"oneOf": kinds}, **_kinds(), **_shapes()},
    }


def _kinds() -> Object:
    return {f"kind-{kind}": _kind(kind, parts) for kind, parts in KINDS.items()}


def _kind(kind: str, parts: tuple[Part, ...]) -> Object:
    properties: Object = {"kind": {"const": kind}}
    for part in (*parts, *COMMENTS):
        properties[part.key] = {**_ref(part.shape.value), "description": part.doc}
    return _object(properties, ["kind", *(part.key for part in parts if part.is_required)])


def _shapes() -> Object:
    """One definition for each shape, and those that these need."""
    shapes: Mapping[Shape, Object] = {
        Shape.NAME: {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
        Shape.NAMES: {"type": "array", "items": _ref("name")},
        Shape.STRING: _any_of({"type": "string"}, _object({"$literal": {"type": "string"}}, ["$literal"])),
        Shape.VALUE: _any_of(
            {"type": ["boolean", "number"]},
            {"type": "string", "description": "an expression as in a file: `5bps`, `BTC-USDT`, `price > 5`"},
            _ref("text"),
            {"type": "array", "items": _ref("value")},
            _ref("items"),
            _ref("settings"),
        ),
        Shape.SETTINGS: _any_of(_plain_settings(), _ref("entries")),
        Shape.MODIFIERS: {
            "type": "array",
            "items": _any_of(
                _object({"for": _ref("name"), "in": _ref("value")}, ["for", "in"]),
                _object({"if": _ref("value")}, ["if"]),
            ),
        },
        Shape.POOL: {"type": "string"},
        Shape.SOURCES: _noted_list("source"),
        Shape.STAGES: _noted_list("stage"),
        Shape.TARGETS: _noted_list("target"),
        Shape.STEPS: {"type": "array", "items": _any_of(*_noted("step"), _event())},
        Shape.TRUTH: {"type": "boolean"},
        Shape.COMMENT: {"type": "string", "pattern": "^(#[^\n]*)?$"},
        Shape.COMMENTS: {"type": "array", "items": _ref("comment")},
    }
    return {shape.value: made for shape, made in shapes.items()} | _long_forms()


def _plain_settings() -> Object:
    return {"type": "object", "propertyNames": _ref("name"), "additionalProperties": _ref("value")}


def _long_forms() -> Object:
    entry: Object = {"key": _ref("name"), "value": _ref("value"), "block": {"type": "boolean"}}
    around: Object = {"$open": _ref("comment"), "$below": _ref("comments")}
    entries: JsonData = {"type": "array", "items": _with_comments(entry, ["key", "value"])}
    items: JsonData = {"type": "array", "items": _with_comments({"value": _ref("value")}, ["value"])}
    return {
        "text": {
            **_object({"$text": {"type": "string"}}, ["$text"]),
            "description": 'a string of the language: {"$text": "a"} is `"a"`',
        },
        "entries": {
            **_object({"$entries": entries, **around}, ["$entries"]),
            "description": "settings with comments, empty lines or blocks",
        },
        "items": {
            **_object({"$items": items, **around}, ["$items"]),
            "description": "a list with comments or empty lines",
        },
    }


def _event() -> Object:
    return _with_comments({"step": {"type": "string"}, "fields": _ref("settings")}, ["step", "fields"])


def _noted_list(key: str) -> Object:
    return {"type": "array", "items": _any_of(*_noted(key))}


def _noted(key: str) -> tuple[Object, Object]:
    """A text, or an object of it with its comments."""
    return {"type": "string"}, _with_comments({key: {"type": "string"}}, [key])


def _with_comments(properties: Object, required: list[JsonData]) -> Object:
    comments: Object = {part.key: _ref(part.shape.value) for part in COMMENTS}
    return _object({**properties, **comments}, required)


def _object(properties: Object, required: list[JsonData]) -> Object:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _any_of(*schemas: JsonData) -> Object:
    return {"anyOf": list(schemas)}


def _ref(name: str) -> Object:
    return {"$ref": f"#/$defs/{name}"}
