"""A file's syntax tree to its typed model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Label
from meltica_dsl.model.disabled import Disabled
from meltica_dsl.model.pipeline import Pipeline, Place, Pool, Provider, Risk, Route, Sink, Strategy
from meltica_dsl.model.values import Size
from meltica_dsl.resolve.block import Block
from meltica_dsl.resolve.constants import Constants
from meltica_dsl.resolve.declarations import INSTANT, pool, provider, sink, strategy
from meltica_dsl.resolve.dependency_order import read_routes, route_order
from meltica_dsl.resolve.diagnostic_collector import DiagnosticCollector
from meltica_dsl.resolve.instances import Instance, instances
from meltica_dsl.resolve.places import check_places, place
from meltica_dsl.resolve.risks import risk
from meltica_dsl.resolve.routes import Upstream, route
from meltica_dsl.resolve.scenarios import scenarios
from meltica_dsl.resolve.scope import DeclKind, Names
from meltica_dsl.resolve.stage_checks import check_stages
from meltica_dsl.text.source import SourceFile, Span

Part = Provider | Pool | Route | Strategy | Risk | Sink | Place
P = TypeVar("P")


class Resolved(Struct, frozen=True):
    """What is valid of a pipeline, and what is wrong with the rest."""

    pipeline: Pipeline
    diagnostics: tuple[Diagnostic, ...]


def resolve(file: syntax.File, sources: tuple[SourceFile, ...], environ: Mapping[str, str]) -> Resolved:
    """The model of what is valid in the file, and what is wrong with the rest. `file` holds the
    declarations of imported files too.

    Nothing in the model refers to something that is not in it.
    """
    diagnostics = DiagnosticCollector()
    names = Names(file, diagnostics)
    constants = Constants(names, diagnostics, environ)
    there = instances(file, constants)
    pipeline = _pipeline(file, sources, constants)
    parts = [_part(declaration, instance, constants) for declaration, instance in there]
    parts += _routes(there, constants)
    check_stages(file, constants)
    whole = replace(
        pipeline,
        providers=_of(Provider, parts),
        pools=_of(Pool, parts),
        routes=_of(Route, parts),
        strategies=_of(Strategy, parts),
        risks=_of(Risk, parts),
        sinks=_of(Sink, parts),
        places=_of(Place, parts),
    )
    check_places(whole.places, diagnostics)
    if len(diagnostics):
        whole = _pruned(whole)
    whole = replace(whole, scenarios=scenarios(file, whole, constants))
    return Resolved(whole, diagnostics.all())


def _part(declaration: syntax.RepeatableDecl, instance: Instance, constants: Constants) -> Part | None:  # noqa: PLR0911 - one each
    match declaration:
        case syntax.ProviderDecl():
            return provider(declaration, instance, constants)
        case syntax.PoolDecl():
            return pool(declaration, instance, constants)
        case syntax.StrategyDecl():
            return strategy(declaration, instance, constants)
        case syntax.RiskDecl():
            return risk(declaration, instance, constants)
        case syntax.SinkDecl():
            return sink(declaration, instance, constants)
        case syntax.PlaceDecl():
            return place(declaration, instance, constants)
        case syntax.RouteDecl():
            return None


def _routes(there: Iterable[tuple[syntax.RepeatableDecl, Instance]], constants: Constants) -> Iterator[Route]:
    """The routes, each behind those that it reads."""
    declarations: dict[str, list[tuple[syntax.RouteDecl, Instance]]] = {}
    for declaration, instance in there:
        if isinstance(declaration, syntax.RouteDecl):
            declarations.setdefault(declaration.name.text, []).append((declaration, instance))
    heads = {name: same[0][0] for name, same in declarations.items()}
    upstream = Upstream(read_routes(heads))
    for name in route_order(heads, constants.diagnostics):
        for declaration, instance in declarations[name]:
            made = route(declaration, instance, constants, upstream)
            if isinstance(made, Disabled):
                constants.names.families[DeclKind.ROUTE][name].disable(instance.name, made)
            elif made is not None:
                upstream.given[made.name] = made.gives
                yield made


def _of(kind: type[P], parts: Iterable[Part | None]) -> tuple[P, ...]:
    return tuple(part for part in parts if isinstance(part, kind))


def _pruned(pipeline: Pipeline) -> Pipeline:
    """Without what refers to a declaration that is invalid, and so is not there."""
    providers: set[str | None] = {None, *(provider.name for provider in pipeline.providers)}
    risks: set[str | None] = {None, *(risk.name for risk in pipeline.risks)}
    pools = {pool.name for pool in pipeline.pools}
    strategies = tuple(
        strategy
        for strategy in pipeline.strategies
        if strategy.trade_on in providers and strategy.risk in risks
    )
    targets = {s.name for s in strategies} | {s.name for s in pipeline.sinks}
    valid: dict[str, Route] = {}
    for made in pipeline.routes:
        if (
            made.pool in pools
            and all(source.provider in providers for source in made.sources)
            and all(source.route in valid for source in made.routes)
            and all(target.name in targets for target in made.targets)
        ):
            valid[made.name] = made
    return replace(pipeline, strategies=strategies, routes=tuple(valid.values()))


_OTHERS = frozenset({"import", "test", *(decl_kind.value for decl_kind in DeclKind)})


def _another(first: syntax.PipelineDecl, second: syntax.PipelineDecl) -> Diagnostic:
    return Diagnostic(
        "E0202",
        "a file declares one pipeline",
        second.name.span,
        "a second one",
        labels=(Label(first.name.span, "the first"),),
        help=("give each pipeline a file of its own",),
    )


def _pipeline(file: syntax.File, sources: tuple[SourceFile, ...], constants: Constants) -> Pipeline:
    """The `pipeline` declaration, as an empty model. A file has one."""
    declarations = [d for d in file.declarations if isinstance(d, syntax.PipelineDecl)]
    for second in declarations[1:]:
        constants.diagnostics.add(_another(declarations[0], second))
    if not declarations:
        if not any(_could_be_pipeline(d) for d in file.declarations):
            constants.diagnostics.add(_no_pipeline(file))
        return _empty(_file_stem(file.path), sources, Span(file.path, 0, 0))
    declaration = declarations[0]
    block = Block(declaration.body, constants, f"pipeline `{declaration.name.text}`", declaration.name.span)
    memory_setting, latency_setting = block.take("memory"), block.take("latency")
    memory = block.optional("memory", lambda key, value: block.typed.size(key, value, Size(1)))
    latency = block.optional("latency", lambda key, value: block.typed.duration(key, value, "ms", INSTANT))
    block.finish()
    return replace(
        _empty(declaration.name.text, sources, declaration.span),
        memory=memory,
        latency=latency,
        memory_span=memory_setting.span if memory_setting else None,
        latency_span=latency_setting.span if latency_setting else None,
    )


def _could_be_pipeline(declaration: syntax.Declaration) -> bool:
    """Whether it cannot be read, and does not begin as anything else that there is."""
    return isinstance(declaration, syntax.UnreadableDecl) and declaration.keyword not in _OTHERS


def _empty(name: str, sources: tuple[SourceFile, ...], span: Span) -> Pipeline:
    return Pipeline(name, None, None, (), (), (), (), (), (), sources, span)


def _no_pipeline(file: syntax.File) -> Diagnostic:
    return Diagnostic(
        "E0216",
        "this file declares no pipeline",
        Span(file.path, 0, 0),
        help=("begin with `pipeline NAME`, or check the file that imports this one",),
    )


def _file_stem(path: str) -> str:
    return PurePath(path).stem
