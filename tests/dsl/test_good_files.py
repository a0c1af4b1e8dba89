"""Every file in `good/` gives no error and the model that its snapshot shows, without its places."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import fields, replace

from meltica_dsl.formatting.formatter import format_source
from meltica_dsl.load import load
from meltica_dsl.model.fields import EventType
from meltica_dsl.model.pipeline import Binary, Call, Conditional, Const, FieldRef, Membership, Unary
from meltica_dsl.model.values import Setting, Symbol
from meltica_dsl.parse.read import read_source
from meltica_dsl.text.source import Span

FOLDER = Path(__file__).parent / "good"
FILES = sorted(FOLDER.glob("*.mel"))
ALL = sorted(FOLDER.rglob("*.mel"))


def expression(node):
    """The tree of an expression, with the type of each node."""
    match node:
        case FieldRef():
            return f"{node.field.name}:{node.type.value}"
        case Const():
            return f"{node.value}:{node.type.value}"
        case Unary():
            parts = [node.op, node.operand]
        case Binary():
            parts = [node.op, node.left, node.right]
        case Membership():
            parts = ["in", node.operand, *node.items]
        case Conditional():
            parts = ["if", node.condition, node.then, node.otherwise]
        case Call():
            parts = [node.function, *node.arguments]
    return f"({' '.join([parts[0], *map(expression, parts[1:])])}):{node.type.value}"


def value(node):
    """The model as text that is small enough to review."""
    match node:
        case EventType():
            return node.name
        case Enum():
            return node.value
        case Decimal() | Symbol():
            return str(node)
        case Setting():
            return value(node.value)
        case tuple():
            return f"[{', '.join(map(value, node))}]"
        case dict():
            return f"{{{', '.join(f'{key}: {value(item)}' for key, item in node.items())}}}"
        case FieldRef() | Const() | Unary() | Binary() | Membership() | Conditional() | Call():
            return expression(node)
    if not isinstance(node, Struct):
        return repr(node)
    shown = [(f.name, getattr(node, f.name)) for f in fields(node)]
    told = (pair for pair in shown if not isinstance(pair[1], Span | frozenset | None))
    parts = [f"{name}={value(item)}" for name, item in told]
    return f"{type(node).__name__}({', '.join(parts)})"


def lines(pipeline):
    yield f"{pipeline.name} memory={value(pipeline.memory)} latency={value(pipeline.latency)}"
    for declaration in (*pipeline.providers, *pipeline.pools, *pipeline.risks, *pipeline.sinks):
        yield value(declaration)
    for strategy in pipeline.strategies:
        yield value(strategy)
    for route in pipeline.routes:
        yield value(replace(route, stages=()))
        for stage in route.stages:
            yield f"  {value(stage)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_good_file_gives_its_model(path, snapshot):
    loaded = load(path.name, path.read_text("utf-8"), {}, lambda part: read_source(FOLDER / part))
    assert loaded.diagnostics == ()
    assert loaded.is_valid
    assert "\n".join(lines(loaded.pipeline)) == snapshot


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_a_good_file_is_in_canonical_form(path):
    text = path.read_text("utf-8")
    assert format_source(path.name, text).text == text
