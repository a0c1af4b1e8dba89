"""From the JSON form to a pipeline's canonical text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from meltica_dsl.diagnostics.diagnostic import in_source_order
from meltica_dsl.formatting.formatter import format_source
from meltica_dsl.json_form.checked import Checked, Members
from meltica_dsl.json_form.draft import Draft
from meltica_dsl.json_form.reader import NoJson, read_json
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
    checked = Checked()
    draft = Draft(checked)
    _document(draft, checked, value)
    if checked.faults:
        return Converted(None, in_source_order(tuple(checked.faults)))
    formatted = format_source(path, draft.text())
    if formatted.text is None:
        # The pieces are right, each by itself: together they are nested too deep, or too long.
        whole = Span(path, 0, len(text))
        faults = tuple(replace(d, span=whole, labels=(), fixes=()) for d in formatted.diagnostics[:1])
        return Converted(None, faults)
    return Converted(formatted.text, ())


def _document(draft: Draft, checked: Checked, value: JsonValue) -> None:
    top = checked.members(value, "the file", _TOP)
    if top is None:
        return
    version = top.get("meltica")
    if not isinstance(version, JsonNumber) or version.text != FORMAT_VERSION:
        place = value.span if version is None else version.span
        checked.fault(
            place,
            f"this is not version {FORMAT_VERSION} of the form",
            f'begin with `"meltica": {FORMAT_VERSION}`',
        )
        return
    for node in checked.items(top.get("declarations")):
        _declaration(draft, checked, node)
    draft.lines(top.get("below"))


def _declaration(draft: Draft, checked: Checked, node: JsonValue) -> None:
    kind = checked.choice(node, "kind", KINDS)
    if kind is None:
        return
    kind_part = Part("kind", Shape.NAME, is_required=True, doc="")
    members = checked.members(node, f"this {kind}", (kind_part, *KINDS[kind], *COMMENTS))
    if members is None:
        return
    draft.lines(members.get("above"))
    _WRITERS[kind](draft, members, kind)
    draft.aside(members.get("beside"))
    draft.line()


def _block(draft: Draft, members: Members, kind: str) -> None:
    """A keyword, a name, modifiers and settings."""
    draft.add(kind)
    draft.name(members["name"])
    draft.modifiers(members.get("modifiers"))
    draft.settings(members.get("settings"))


def _import(draft: Draft, members: Members, _kind: str) -> None:
    draft.add("import")
    draft.string(members["path"])


def _let(draft: Draft, members: Members, _kind: str) -> None:
    draft.add("let")
    draft.name(members["name"])
    draft.add(" = ")
    draft.value(members["value"])


def _strategy(draft: Draft, members: Members, _kind: str) -> None:
    draft.add("strategy")
    draft.name(members["name"])
    draft.modifiers(members.get("modifiers"))
    draft.add(" = ")
    draft.value(members["module"])
    draft.settings(members.get("settings"))


def _sink(draft: Draft, members: Members, _kind: str) -> None:
    draft.add("sink")
    draft.name(members["name"])
    draft.modifiers(members.get("modifiers"))
    draft.add(" =")
    draft.name(members["type"])
    draft.settings(members.get("settings"))


def _stage(draft: Draft, members: Members, _kind: str) -> None:
    draft.add("stage")
    draft.name(members["name"])
    draft.names(members.get("parameters"))
    draft.add(" =")
    draft.aside(members.get("open"))
    draft.stages(members["stages"])


def _route(draft: Draft, members: Members, _kind: str) -> None:
    draft.add("route")
    draft.name(members["name"])
    draft.modifiers(members.get("modifiers"))
    draft.add(" via")
    draft.pool(members["via"])
    draft.truth(members.get("durable"), " durable")
    draft.add(" =")
    draft.aside(members.get("open"))
    draft.sources(members["sources"])
    draft.stages(members.get("stages"), first="| ")
    draft.targets(members.get("targets"))


def _test(draft: Draft, members: Members, _kind: str) -> None:
    draft.add("test")
    draft.string(members["title"])
    draft.add(" {")
    draft.aside(members.get("open"))
    draft.steps(members["steps"])
    draft.lines(members.get("below"))
    draft.add("}")


_WRITERS: Mapping[str, Callable[[Draft, Members, str], None]] = {
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
