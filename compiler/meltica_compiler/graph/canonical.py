"""The graph as plain JSON values: for people and programs to read, and to take the hash of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from functools import cache
from hashlib import sha256
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from meltica_compiler.graph.graph import Graph, ModuleInfo, RouteNode
from meltica_compiler.graph.stage_text import stage_text
from meltica_dsl.model.pipeline import FieldRef
from meltica_dsl.model.value_text import decimal_text
from meltica_dsl.model.values import Duration, Ratio, Secret
from meltica_dsl.text.source import Location, Span

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

HASHED_FORMAT = 1
"""Raised when the compiler changes what a graph of the same content does."""


def graph_json(graph: Graph) -> str:
    """The whole graph, module sources left out, indented."""
    return json.dumps(_canonical(graph, of_hash=False), indent=2, ensure_ascii=False) + "\n"


def graph_hash(graph: Graph) -> str:
    """sha256, in hex, of everything that decides what the graph does.

    Places, comments, file names and the order of declarations are not part of it; names are, since orders
    and records carry them.
    """
    members = _members(replace(graph, file="", hash=""), of_hash=True)
    # Which files it was compiled of is no part of what it does.
    del members["imports"]
    content = {"format": HASHED_FORMAT, "graph": members}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256(text.encode()).hexdigest()


def content_text(value: object) -> str:
    """What the hash of a graph covers of one of its parts, as text: equal for parts that do the same."""
    return json.dumps(_canonical(value, of_hash=True), sort_keys=True, separators=(",", ":"))


def same_content(one: Any, other: Any) -> bool:
    """Whether the hash of a graph covers the two alike: what comparing their `content_text` would say, mostly
    without writing the texts. A plan asks it of every node."""
    return _alike(one, other) or content_text(one) == content_text(other)


def _alike(one: Any, other: Any) -> bool:
    if one is other:
        return True
    type_ = type(one)
    if type_ is not type(other):
        return False
    if issubclass(type_, Struct):
        return all(_alike(getattr(one, name), getattr(other, name)) for name in _content_fields(type_))
    if issubclass(type_, tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    if issubclass(type_, dict):
        return bool(one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one))
    # A zero below zero is equal to zero, and has another text.
    return bool(one == other and (one or str(one) == str(other)))


@cache
def _content_fields(type_: type[Struct]) -> tuple[str, ...]:
    """Those that the hash covers."""
    if type_ in (Location, Span):
        return ()
    skipped = _NOT_CONTENT | ({"path"} if type_ is ModuleInfo else frozenset())
    # Where the text of a node stands is not what it does.
    return tuple(name for name in type_.__struct_fields__ if name not in skipped | {"location"})


def _canonical(value: Any, *, of_hash: bool) -> Json:  # noqa: PLR0911, PLR0912 - one arm for each kind
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Decimal():
            return decimal_text(value)
        case Enum():
            return _canonical(value.value, of_hash=of_hash)
        case Location():
            return None if of_hash else str(value)
        case Span():
            return None
        case Secret():
            return {"secret": value.name}
        case Duration():
            return {"ns": value.ns}
        case Ratio():
            return decimal_text(value.value)
        case FieldRef():
            return {"field": value.field.name}
        case RouteNode() if not of_hash:
            return {**_members(value, of_hash=False), "stages": [stage_text(stage) for stage in value.stages]}
        case Mapping():
            return {str(key): _canonical(member, of_hash=of_hash) for key, member in value.items()}
        case tuple() | list():
            return [_canonical(item, of_hash=of_hash) for item in value]
        case _:
            assert isinstance(value, Struct), f"no plain form of {type(value).__name__}"
            return _members(value, of_hash=of_hash)


_NOT_CONTENT = frozenset({"span", "name_span", "source"})


def _members(value: Any, *, of_hash: bool) -> dict[str, Json]:
    """The fields of a struct, with its name as `kind` where the hash has to tell unions apart."""
    members: dict[str, Json] = {"kind": type(value).__name__} if of_hash else {}
    for name in value.__struct_fields__:
        if name in _NOT_CONTENT or (of_hash and isinstance(value, ModuleInfo) and name == "path"):
            continue
        members[name] = _canonical(getattr(value, name), of_hash=of_hash)
    return members
