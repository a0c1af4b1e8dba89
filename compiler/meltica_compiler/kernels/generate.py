"""From a route's stages to the Python source of its kernel, through one template."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape
from msgspec import Struct

from meltica_compiler.analyses.buffering import max_buffered
from meltica_compiler.analyses.depth import kernel_depth
from meltica_compiler.graph.graph import Graph, RouteNode
from meltica_compiler.graph.stage_text import stage_text
from meltica_compiler.kernels.expressions import Codes, LookupTable, Translator, conjuncts
from meltica_compiler.records.layout import MAX_BATCH
from meltica_dsl.model.fields import EVENT_BY_NAME, EventType, FieldType
from meltica_dsl.model.pipeline import (
    BUFFERING_STAGES,
    Conflate,
    Const,
    Dedupe,
    Depth,
    Kline,
    Merge,
    Sample,
    Stage,
    Throttle,
    Where,
    event_after,
)

_TEMPLATE = "kernel.py.j2"


class StageSource(Struct, frozen=True):
    """What one stage, or several `where` in a row, contribute to the source.

    `setup` makes the object `name` that holds the stage's state, "" if it has none. Unless `narrowed`, every
    record is still chosen where the step stands, so that columns need no gathering.
    """

    kind: str
    texts: tuple[str, ...]
    narrowed: bool
    name: str = ""
    setup: str = ""
    place: int = 0
    """Position of the (first) stage in the route."""
    columns: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    divides: bool = False
    holds: bool = False


def kernel_source(route: RouteNode, graph: Graph, codes: Codes | None = None) -> str:
    """Readable Python: a class `RouteKernel`, which is a `load.Kernel`. `codes` are those of the records,
    unless they are the graph's own."""
    tables: list[LookupTable] = []
    codes = codes or Codes.of(graph)
    merges = any(isinstance(stage, Merge) for stage in route.stages)
    behind = graph.index.providers_behind[route.name] if merges else ()
    steps = tuple(_steps(route, codes, tables, behind))
    return _template().render(
        route=route,
        read=[*(f"{source}.{route.event}" for source in route.sources), *route.routes],
        codes=codes,
        steps=steps,
        tables=tables,
        imports=_imports(steps, tables),
        layouts=_layouts(steps, route, graph),
        holding=[step.name for step in steps if step.holds],
    )


def input_depth(route: RouteNode, graph: Graph) -> int:
    """Levels a side of the records that reach the kernel."""
    depths = [
        ingress.depth
        for name in route.sources
        for ingress in graph.index.providers[name].ingresses
        if ingress.event == route.event
    ]
    return kernel_depth(route.depth, [*depths, *(route.depth for _ in route.routes)])


def _layouts(
    steps: Iterable[StageSource], route: RouteNode, graph: Graph
) -> tuple[tuple[str, str, int], ...]:
    """Names, events and depths of the record layouts that the source mentions."""
    known = ((_TAKEN, route.event, input_depth(route, graph)), (_KLINES, "kline", 0))
    return tuple(one for one in known if any(one[0] in step.setup for step in steps))


def _steps(
    route: RouteNode, codes: Codes, tables: list[LookupTable], behind: tuple[str, ...]
) -> Iterable[StageSource]:
    """`behind` are the providers whose events may come, where that matters."""
    narrowed = False
    first = 0
    before: tuple[Stage, ...] = ()
    for number, (kind, group) in enumerate(groupby(route.stages, key=type)):
        stages = tuple(group)
        at, first = first, first + len(stages)
        if kind is Where:
            yield _where_step(stages, codes, tables, narrowed=narrowed)
            narrowed = True
            before += stages
            continue
        for place, stage in enumerate(stages):
            word = kind.__name__.lower()
            name = f"{word}_{number}" + (f"_{place}" if place else "")
            holds = isinstance(stage, BUFFERING_STAGES)
            setup = _setup(stage, before, route, codes, behind)
            yield StageSource(word, (stage_text(stage),), narrowed, name, setup, at + place, holds=holds)
            narrowed = not holds and (narrowed or not isinstance(stage, Depth))
            before += (stage,)


def _where_step(
    stages: tuple[Stage, ...], codes: Codes, tables: list[LookupTable], *, narrowed: bool
) -> StageSource:
    texts = tuple(stage_text(stage) for stage in stages)
    conditions = [c for s in stages if isinstance(s, Where) for c in conjuncts(s.condition)]
    if any(isinstance(c, Const) and c.value is False for c in conditions):
        return StageSource("nothing", texts, narrowed)
    translator = Translator(codes, tables=tables)
    sources = tuple(translator.source(c) for c in conditions if not isinstance(c, Const))
    return StageSource(
        "where",
        texts,
        narrowed,
        columns=tuple(translator.columns),
        conditions=sources,
        divides=translator.divides,
    )


def _setup(  # noqa: PLR0911 - one return for each kind
    stage: Stage, before: tuple[Stage, ...], route: RouteNode, codes: Codes, behind: tuple[str, ...]
) -> str:
    """What makes the state of `stage`, which has the stages `before` in front of it; "" if it has none."""
    symbols, streams = len(codes.symbols), len(codes.symbols) * len(codes.providers)
    event = event_after(EVENT_BY_NAME[route.event], before)
    layout = _TAKEN if event.name == route.event else _KLINES
    # What holding stages let go of comes on top of a batch.
    more = max_buffered(before, streams)
    arriving = f", arriving={MAX_BATCH + more}" if more else ""
    match stage:
        case Sample():
            return f"Sampler(every={stage.every})"
        case Throttle():
            return f"Throttler({int(stage.rate.count)}, {stage.rate.per.us!r})"
        case Conflate():
            return f"Conflator({stage.every.us!r}, {symbols}, {streams}, {layout}.dtype{arriving})"
        case Kline():
            return f"KlineMaker({stage.interval.us!r}, {symbols}, {streams})"
        case Merge():
            waited_for = sorted(codes.providers.index(name) for name in behind)
            return f"Merger({tuple(waited_for)}, {layout}.dtype{arriving})"
        case Dedupe():
            identifier = _identifier(event)
            if identifier is None:
                return f"ContentDedupe({stage.within.us!r}, {layout}, {route.depth}, {symbols})"
            return f'IdentifierDedupe({stage.within.us!r}, "{identifier}", {symbols}, {streams})'
        case _:
            return ""


def _identifier(event: EventType) -> str | None:
    return next((f.name for f in event.fields if f.type is FieldType.IDENTIFIER), None)


_TAKEN, _KLINES = "LAYOUT", "KLINES"
"""Names of the layout of the records that the route takes, and of that of candles."""

_CLASSES = {
    "IdentifierDedupe": "dedupe",
    "ContentDedupe": "dedupe",
    "Sampler": "sample",
    "Throttler": "throttle",
    "Conflator": "conflate",
    "KlineMaker": "kline",
    "Merger": "merge",
}


def _imports(steps: Iterable[StageSource], tables: Iterable[LookupTable]) -> tuple[str, ...]:
    """The lines that bring in what the source uses, and nothing else."""
    used: dict[str, set[str]] = {}
    for step in steps:
        name = step.setup.split("(")[0]
        if name:
            used.setdefault(f"kernels.{_CLASSES[name]}", set()).add(name)
        if step.holds:
            used.setdefault("kernels.watermarks", set()).add("Clock")
        if _TAKEN in step.setup or _KLINES in step.setup:
            used.setdefault("records.layout", set()).add("record_layout")
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
