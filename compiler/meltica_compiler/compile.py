"""From a pipeline file to its graph, or to all that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import reduce
from pathlib import Path

from msgspec import Struct

from meltica_compiler.graph.graph import Graph
from meltica_compiler.passes import PASSES
from meltica_compiler.passes.compile_state import CompileState
from meltica_compiler.passes.options import CompileOptions
from meltica_dsl.diagnostics.cascading import without_cascades
from meltica_dsl.diagnostics.diagnostic import Diagnostic, has_errors, in_source_order
from meltica_dsl.load import load
from meltica_dsl.model.scenario import Scenario, SkippedScenario
from meltica_dsl.parse.imports import ReadSource
from meltica_dsl.parse.parser import Parse, parse
from meltica_dsl.parse.read import read_source
from meltica_dsl.text.source import SourceFile, Span

__all__ = ["CompileOptions", "Compiled", "compile_file", "compile_text"]


class Compiled(Struct, frozen=True):
    """`graph` is None exactly when there are errors among the diagnostics, which are in source order."""

    graph: Graph | None
    diagnostics: tuple[Diagnostic, ...]
    sources: tuple[SourceFile, ...]
    scenarios: tuple[Scenario | SkippedScenario, ...] = ()
    """The file's tests, those that are sound."""


def compile_file(path: Path, options: CompileOptions) -> Compiled:
    """Compiles a file. One that cannot be read is a diagnostic too."""
    text = read_source(path)
    if isinstance(text, Diagnostic):
        return Compiled(None, (text,), (SourceFile(str(path), ""),))
    return compile_text(str(path), text, options)


def compile_text(
    path: str, text: str, options: CompileOptions, read: ReadSource = read_source, parse: Parse = parse
) -> Compiled:
    """Compiles the text of a file that messages call `path`, and what it imports by way of `read`."""
    loaded = load(path, text, options.environ, read, parse)
    if loaded.pipeline is None:
        return Compiled(None, loaded.diagnostics, loaded.sources)
    state = CompileState(loaded.pipeline, options, is_whole=loaded.is_valid)
    state = reduce(lambda so_far, step: step(so_far), PASSES, state)
    # One mistake, one error: what the language has refused already, a pass does not refuse again.
    refused = {(diagnostic.code, diagnostic.span) for diagnostic in loaded.diagnostics}
    more = (d for d in _once(state.diagnostics) if (d.code, d.span) not in refused)
    diagnostics = in_source_order(without_cascades((*loaded.diagnostics, *more)))
    return Compiled(
        None if has_errors(diagnostics) else state.graph,
        diagnostics,
        loaded.sources,
        loaded.pipeline.scenarios,
    )


_INDEX = re.compile(r"(?<=\w)\[[^\]]*\]")
"""Of an instance's full name: `maker[BTC-USDT]`."""


def _once(diagnostics: Iterable[Diagnostic]) -> Iterable[Diagnostic]:
    """A mistake in a declaration with `for` is found in every instance, and said of the first."""
    found: dict[tuple[str, Span, str], Diagnostic] = {}
    for diagnostic in diagnostics:
        key = (diagnostic.code, diagnostic.span, _INDEX.sub("", diagnostic.message))
        found.setdefault(key, diagnostic)
    return found.values()
