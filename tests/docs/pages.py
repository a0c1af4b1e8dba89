"""Writes what the pages in `docs/` and the README show of the program itself: run it by `make docs`.

A page says where by a pair of marks, `<!-- made: NAME -->` and `<!-- end -->`; what stands between them is
made anew. Below a snippet that is marked as wrong, the answer of `meltica check` is made. The tests beside
this file fail when a page is not what this would write.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping

from meltica_compiler.adapters.adapters import ADAPTERS
from meltica_compiler.adapters.setting_schema import SettingSpec
from meltica_compiler.adapters.sinks import SINK_KINDS
from meltica_compiler.compile import CompileOptions, compile_file
from meltica_compiler.draw.render import render as draw
from meltica_compiler.graph.graph import Graph, SettingValue
from meltica_dsl.json_form.schema import schema
from meltica_dsl.json_form.values import dump_json
from meltica_dsl.model.fields import EVENTS, FieldType
from meltica_dsl.model.value_text import decimal_text
from meltica_dsl.resolve.functions import FUNCTIONS
from meltica_runtime.cli import COMMANDS

from .cookbook import cookbook
from .error_pages import ERRORS, error_pages
from .frame import ROOT, answer

PAGES = ("README.md", "docs/language.md", "docs/operations.md")
QUICKSTART = ROOT / "pipelines" / "quickstart.mel"
SCHEMA = ROOT / "docs" / "pipeline.schema.json"
PICTURE = ROOT / "docs" / "pictures" / "quickstart.svg"

_MADE = re.compile(r"(<!-- made: (?P<name>[a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_WRONG = re.compile(r"(```mel wrong\n(?P<snippet>.*?)```\n\n```text\n).*?(```)", re.DOTALL)
_SNIPPET = re.compile(r"```mel\n(.*?)```", re.DOTALL)


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def rewritten(text: str) -> str:
    """The page with all that is made made anew."""

    def made(match: re.Match[str]) -> str:
        return match[1] + BLOCKS[match["name"]]().rstrip("\n") + "\n" + match[3]

    def answered(match: re.Match[str]) -> str:
        return match[1] + answer(match["snippet"]) + "\n" + match[3]

    return _WRONG.sub(answered, _MADE.sub(made, text))


def snippets(text: str) -> list[str]:
    """The snippets that are right."""
    return _SNIPPET.findall(text)


def quickstart_graph() -> Graph:
    options = CompileOptions(ROOT / "strategies", require_registry=False, environ={})
    # Named as it is on the command line, from the root: its places are part of the picture.
    graph = compile_file(QUICKSTART, options).graph
    assert graph is not None, "the quickstart compiles"
    return graph


def picture_source() -> bytes:
    """The picture before layout, which no version of a layout program or font changes."""
    return draw(quickstart_graph(), ".dot").replace(f"{ROOT}/".encode(), b"")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    columns = list(head)
    lines = [columns, ["---"] * len(columns), *(list(row) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def fields() -> str:
    parts = []
    for event in (event for event in EVENTS if event.hot):
        rows = [
            (f"`{f.name}`", f.type.value, f.doc)
            for f in event.fields
            if not f.hidden and f.type is not FieldType.LEVELS
        ]
        parts.append(f"**{event.name}**. {event.doc}\n\n" + table(("field", "is a", "meaning"), rows) + "\n")
    return "\n" + "\n".join(parts)


def functions() -> str:
    return table(("function", "gives"), ((f"`{f.form}`", f.doc) for f in FUNCTIONS.values()))


def settings(schema: Iterable[SettingSpec]) -> str:
    rows = ((f"`{s.name}`", s.wanted, default_of(s), s.description) for s in schema)
    return table(("setting", "is", "default", "meaning"), rows)


def default_of(spec: SettingSpec) -> str:
    if spec.required:
        return "must be given"
    return "" if spec.default is None else f"`{spelled(spec, spec.default)}`"


def spelled(spec: SettingSpec, value: SettingValue) -> str:
    """A default as a file would write it."""
    kinds = {kind.name for kind in spec.types}
    if isinstance(value, bool | str):
        return str(value).lower()
    assert isinstance(value, int | float) or hasattr(value, "normalize")
    number = decimal_text(value)  # type: ignore[arg-type]
    if "RATE" in kinds:
        return f"{number}/s"
    if "DURATION" in kinds:
        return f"{number}s" if float(str(value)) >= 1 else f"{float(str(value)) * 1e3:g}ms"
    if "RATIO" in kinds:
        percent = float(str(value)) * 100
        return f"{percent:g}%" if percent >= 1 else f"{percent * 100:g}bps"
    return number


def adapters() -> str:
    parts = []
    for spec in ADAPTERS.values():
        given = ", ".join(f"`{event}`" for event in spec.events)
        orders = "It takes orders." if spec.trades else "It takes no orders."
        head = f"### adapter {spec.identifier}\n\n{spec.description} It provides {given}. {orders}\n\n"
        parts.append(head + settings(spec.settings) + "\n")
    return "\n" + "\n".join(parts)


def sinks() -> str:
    parts = [f"### sink {s.kind}\n\n{s.description}\n\n{settings(s.settings)}\n" for s in SINK_KINDS.values()]
    return "\n" + "\n".join(parts)


def quickstart() -> str:
    return f"```mel\n{QUICKSTART.read_text('utf-8')}```"


def config() -> str:
    return f"```yaml\n{(ROOT / 'config' / 'app.yaml.example').read_text('utf-8')}```"


def commands() -> str:
    return table(("command", "does"), ((f"`meltica {name}`", doc) for name, doc in COMMANDS.items()))


BLOCKS: Mapping[str, Callable[[], str]] = {
    "fields": fields,
    "functions": functions,
    "adapters": adapters,
    "sinks": sinks,
    "quickstart": quickstart,
    "config": config,
    "commands": commands,
}


def write() -> None:
    for name in PAGES:
        (ROOT / name).write_text(rewritten(page(name)), "utf-8")
    SCHEMA.write_text(dump_json(schema()), "utf-8")
    for path in ERRORS.glob("*.md"):
        path.unlink()
    for path, text in error_pages().items():
        path.write_text(text, "utf-8")
    for path, content in cookbook():
        path.write_bytes(content)
    PICTURE.with_suffix(".dot").write_bytes(picture_source())
    PICTURE.write_bytes(draw(quickstart_graph(), ".svg").replace(f"{ROOT}/".encode(), b""))


if __name__ == "__main__":
    sys.exit(write())
