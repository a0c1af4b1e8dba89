"""From a route's stages to the Python source of its kernel, through one template."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from meltica_compiler.depth import kernel_depth
from meltica_compiler.graph import Graph, RouteNode
from meltica_compiler.kernels.expressions import Codes, LookupTable, Translator, conjuncts
from meltica_compiler.stage_text import stage_text
from meltica_dsl.fields import EVENT_BY_NAME, FieldType
from meltica_dsl.model import Conflate, Const, Dedupe, Depth, Sample, Stage, Where

_TEMPLATE = "kernel.py.j2"


@dataclass(frozen=True, slots=True)
class Step:
    """What one stage, or several `where` in a row, contribute to the source.

    `setup` makes the object `name` that holds the stage's state, "" if it has none. Unless `narrowed`, every
    record is still chosen where the step stands, so that columns need no gathering.
    """

    kind: str
    texts: tuple[str, ...]
    narrowed: bool
    name: str = ""
    setup: str = ""
    columns: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    divides: bool = False


def kernel_source(route: RouteNode, graph: Graph) -> str:
    """Readable Python: a class `RouteKernel` with the `run` of `load.Kernel`."""
    tables: list[LookupTable] = []
    steps = tuple(_steps(route, graph, tables))
    return _template().render(
        route=route,
        graph=graph,
        steps=steps,
        tables=tables,
        imports=_imports(steps, tables),
        needs_layout=any("LAYOUT" in step.setup for step in steps),
        conflates=any(step.kind == "conflate" for step in steps),
        input_depth=input_depth(route, graph),
    )


def input_depth(route: RouteNode, graph: Graph) -> int:
    """Levels a side of the records that reach the kernel."""
    depths = [
        ingress.depth
        for provider in graph.providers
        if provider.name in route.sources
        for ingress in provider.ingresses
        if ingress.event == route.event
    ]
    return kernel_depth(route.depth, depths)


def _steps(route: RouteNode, graph: Graph, tables: list[LookupTable]) -> Iterable[Step]:
    codes = Codes(graph.symbols, tuple(provider.name for provider in graph.providers))
    narrowed = False
    for number, (kind, group) in enumerate(groupby(route.stages, key=type)):
        stages = tuple(group)
        if kind is Where:
            yield _where_step(stages, codes, tables, narrowed=narrowed)
            narrowed = True
            continue
        for place, stage in enumerate(stages):
            word = kind.__name__.lower()
            name = f"{word}_{number}" + (f"_{place}" if place else "")
            yield Step(word, (stage_text(stage),), narrowed, name, _setup(stage, route, graph))
            narrowed = not isinstance(stage, Conflate) and (narrowed or not isinstance(stage, Depth))


def _where_step(
    stages: tuple[Stage, ...], codes: Codes, tables: list[LookupTable], *, narrowed: bool
) -> Step:
    texts = tuple(stage_text(stage) for stage in stages)
    conditions = [c for s in stages if isinstance(s, Where) for c in conjuncts(s.condition)]
    if any(isinstance(c, Const) and c.value is False for c in conditions):
        return Step("nothing", texts, narrowed)
    translator = Translator(codes, tables=tables)
    sources = tuple(translator.source(c) for c in conditions if not isinstance(c, Const))
    return Step(
        "where",
        texts,
        narrowed,
        columns=tuple(translator.columns),
        conditions=sources,
        divides=translator.divides,
    )


def _setup(stage: Stage, route: RouteNode, graph: Graph) -> str:
    symbols, streams = len(graph.symbols), len(graph.symbols) * len(graph.providers)
    match stage:
        case Sample():
            return f"Sampler(every={stage.every})"
        case Conflate():
            return f"Conflator({stage.every.us!r}, {symbols}, {streams}, LAYOUT.dtype)"
        case Dedupe():
            identifier = _identifier(route.event)
            if identifier is None:
                return f"ContentDedupe({stage.within.us!r}, LAYOUT, {route.depth}, {symbols})"
            return f'IdentifierDedupe({stage.within.us!r}, "{identifier}", {symbols}, {streams})'
        case _:
            return ""


def _identifier(event: str) -> str | None:
    fields = EVENT_BY_NAME[event].fields
    return next((f.name for f in fields if f.type is FieldType.IDENTIFIER), None)


_CLASSES = {
    "IdentifierDedupe": "dedupe",
    "ContentDedupe": "dedupe",
    "Sampler": "sample",
    "Conflator": "conflate",
}


def _imports(steps: Iterable[Step], tables: Iterable[LookupTable]) -> tuple[str, ...]:
    """The lines that bring in what the source uses, and nothing else."""
    used: dict[str, set[str]] = {}
    for step in steps:
        name = step.setup.split("(")[0]
        if name:
            used.setdefault(f"kernels.{_CLASSES[name]}", set()).add(name)
        if "LAYOUT" in step.setup:
            used.setdefault("layout", set()).add("record_layout")
        if step.conditions:
            names = {"narrow"} | ({"column"} if step.narrowed and step.columns else set())
            used.setdefault("kernels.selection", set()).update(names)
    if any(True for _ in tables):
        used.setdefault("kernels.selection", set()).add("lookup")
    return tuple(
        f"from meltica_compiler.{module} import {', '.join(sorted(used[module]))}" for module in sorted(used)
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(enabled_extensions=()),  # the output is Python, not HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(_TEMPLATE)
