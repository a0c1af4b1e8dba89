"""From the JSON form to a pipeline's canonical text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from meltica_dsl.diagnostics.diagnostic import in_source_order
from meltica_dsl.formatting.formatter import format_source
from meltica_dsl.json_form.json_parser import NoJson, read_json
from meltica_dsl.json_form.json_validator import JsonValidator, Members
from meltica_dsl.json_form.mel_builder import MelBuilder
from meltica_dsl.json_form.shapes import COMMENTS, FORMAT_VERSION, KINDS, Part, Shape
from meltica_dsl.json_form.to_json import Converted
from meltica_dsl.json_form.values import JsonNumber, JsonValue
from meltica_dsl.text.source import Span

_TOP = (
    Part("meltica", Shape.VALUE, is_required=True, doc=""),
    Part("declarations", Shape.STEPS, is_required=True, doc=""),
    Part("below", Shape.COMMENTS, is_required=False, doc=""),
)


def json_to_mel(path: str, text: str) -> Converted:
    """The canonical text of a pipeline in JSON form, or all that is wrong with the JSON."""
    try:
        value = read_json(path, text)
    except NoJson as error:
        return Converted(None, (error.diagnostic,))
    validator = JsonValidator()
    builder = MelBuilder(validator)
    _document(builder, validator, value)
    if validator.faults:
        return Converted(None, in_source_order(tuple(validator.faults)))
    formatted = format_source(path, builder.text())
    if formatted.text is None:
        # The pieces are right, each by itself: together they are nested too deep, or too long.
        whole = Span(path, 0, len(text))
        faults = tuple(replace(d, span=whole, labels=(), fixes=()) for d in formatted.diagnostics[:1])
        return Converted(None, faults)
    return Converted(formatted.text, ())


def _document(builder: MelBuilder, validator: JsonValidator, value: JsonValue) -> None:
    top = validator.members(value, "the file", _TOP)
    if top is None:
        return
    version = top.get("meltica")
    if not isinstance(version, JsonNumber) or version.text != FORMAT_VERSION:
        place = value.span if version is None else version.span
        validator.fault(
            place,
            f"this is not version {FORMAT_VERSION} of the form",
            f'begin with `"meltica": {FORMAT_VERSION}`',
        )
        return
    for node in validator.items(top.get("declarations")):
        _declaration(builder, validator, node)
    builder.lines(top.get("below"))


def _declaration(builder: MelBuilder, validator: JsonValidator, node: JsonValue) -> None:
    kind = validator.choice(node, "kind", KINDS)
    if kind is None:
        return
    kind_part = Part("kind", Shape.NAME, is_required=True, doc="")
    members = validator.members(node, f"this {kind}", (kind_part, *KINDS[kind], *COMMENTS))
    if members is None:
        return
    builder.lines(members.get("above"))
    _WRITERS[kind](builder, members, kind)
    builder.aside(members.get("beside"))
    builder.line()


def _block(builder: MelBuilder, members: Members, kind: str) -> None:
    """A keyword, a name, modifiers and settings."""
    builder.add(kind)
    builder.name(members["name"])
    builder.modifiers(members.get("modifiers"))
    builder.settings(members.get("settings"))


def _import(builder: MelBuilder, members: Members, _kind: str) -> None:
    builder.add("import")
    builder.string(members["path"])


def _let(builder: MelBuilder, members: Members, _kind: str) -> None:
    builder.add("let")
    builder.name(members["name"])
    builder.add(" = ")
    builder.value(members["value"])


def _strategy(builder: MelBuilder, members: Members, _kind: str) -> None:
    builder.add("strategy")
    builder.name(members["name"])
    builder.modifiers(members.get("modifiers"))
    builder.add(" = ")
    builder.value(members["module"])
    builder.settings(members.get("settings"))


def _sink(builder: MelBuilder, members: Members, _kind: str) -> None:
    builder.add("sink")
    builder.name(members["name"])
    builder.modifiers(members.get("modifiers"))
    builder.add(" =")
    builder.name(members["type"])
    builder.settings(members.get("settings"))


def _stage(builder: MelBuilder, members: Members, _kind: str) -> None:
    builder.add("stage")
    builder.name(members["name"])
    builder.names(members.get("parameters"))
    builder.add(" =")
    builder.aside(members.get("open"))
    builder.stages(members["stages"])


def _route(builder: MelBuilder, members: Members, _kind: str) -> None:
    builder.add("route")
    builder.name(members["name"])
    builder.modifiers(members.get("modifiers"))
    builder.add(" via")
    builder.pool(members["via"])
    builder.truth(members.get("durable"), " durable")
    builder.add(" =")
    builder.aside(members.get("open"))
    builder.sources(members["sources"])
    builder.stages(members.get("stages"), first="| ")
    builder.targets(members.get("targets"))


def _test(builder: MelBuilder, members: Members, _kind: str) -> None:
    builder.add("test")
    builder.string(members["title"])
    builder.add(" {")
    builder.aside(members.get("open"))
    builder.steps(members["steps"])
    builder.lines(members.get("below"))
    builder.add("}")


_WRITERS: Mapping[str, Callable[[MelBuilder, Members, str], None]] = {
    "pipeline": _block,
    "import": _import,
    "let": _let,
    "provider": _block,
    "pool": _block,
    "risk": _block,
    "place": _block,
    "strategy": _strategy,
    "sink": _sink,
    "stage": _stage,
    "route": _route,
    "test": _test,
}
