"""A pipeline on its way to a graph: what the passes have found out so far."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from meltica_compiler.adapters.manifest import AdapterSpec
from meltica_compiler.graph.dag import sources_behind
from meltica_compiler.graph.graph import Graph, ModuleInfo, SettingValue
from meltica_compiler.passes.options import CompileOptions
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Severity, has_errors
from meltica_dsl.model.fields import EventType
from meltica_dsl.model.pipeline import Pipeline, Route, RouteSource, Source
from meltica_dsl.text.source import Location, SourceFile, Span

SettingsByName = Mapping[str, dict[str, SettingValue]]


class CompileState(Struct, frozen=True):
    """Passes take a state and give one. Mappings are by the name of the declaration; what could not be
    found out, because something is wrong, is missing there. `graph` comes once nothing is wrong.

    Unless `is_whole`, declarations are missing from the pipeline because the language has faults to find
    with them, so that nobody can say what the rest lacks.
    """

    pipeline: Pipeline
    options: CompileOptions
    is_whole: bool = True
    adapters: Mapping[str, AdapterSpec] = field(default_factory=dict)
    provider_settings: SettingsByName = field(default_factory=dict)
    sink_settings: SettingsByName = field(default_factory=dict)
    modules: Mapping[str, ModuleInfo] = field(default_factory=dict)
    configs: SettingsByName = field(default_factory=dict)
    graph: Graph | None = None
    diagnostics: tuple[Diagnostic, ...] = ()

    def report(self, *diagnostics: Diagnostic) -> CompileState:
        return replace(self, diagnostics=self.diagnostics + diagnostics)

    @property
    def is_wrong(self) -> bool:
        return not self.is_whole or has_errors(self.diagnostics)

    def location(self, span: Span) -> Location:
        return _source(self.pipeline, span).location(span.start)


def event_of(route: Route) -> EventType:
    """What comes into the route: its first source says so, and all others agree."""
    return route.takes


def first_source(route: Route) -> Source | RouteSource:
    return route.sources[0] if route.sources else route.routes[0]


def route_reads(pipeline: Pipeline) -> dict[str, tuple[str, ...]]:
    """The routes that each route reads."""
    return {route.name: tuple(source.route for source in route.routes) for route in pipeline.routes}


def providers_of(pipeline: Pipeline) -> dict[str, tuple[str, ...]]:
    """The providers whose events may come into each route, itself or through others."""
    own = {route.name: tuple(source.provider for source in route.sources) for route in pipeline.routes}
    return sources_behind(route_reads(pipeline), own)


def given_by(route: Route) -> EventType:
    """What the route's stages make of it."""
    return route.gives


def warning(code: str, message: str, span: Span, label: str, help: str) -> Diagnostic:
    return Diagnostic(code, message, span, label, help=(help,), severity=Severity.WARNING)


def _source(pipeline: Pipeline, span: Span) -> SourceFile:
    return next(source for source in pipeline.sources if source.path == span.path)
