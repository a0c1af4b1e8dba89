"""Text to typed model: the one way in."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from meltica_dsl.diagnostics.cascading import without_cascades
from meltica_dsl.diagnostics.diagnostic import Diagnostic, has_errors, in_source_order
from meltica_dsl.model.pipeline import Pipeline
from meltica_dsl.parse.imports import ReadSource, gather
from meltica_dsl.parse.parser import Parse, parse
from meltica_dsl.parse.read import read_source
from meltica_dsl.resolve.pipeline import resolve
from meltica_dsl.text.source import SourceFile


class Loaded(Struct, frozen=True):
    """`pipeline` is what is valid of the file: with errors among the diagnostics, declarations are
    missing from it, so single ones can still be checked, but not the whole. It is None when nothing of
    the file could be read."""

    pipeline: Pipeline | None
    diagnostics: tuple[Diagnostic, ...]
    sources: tuple[SourceFile, ...]

    @property
    def is_valid(self) -> bool:
        return self.pipeline is not None and not has_errors(self.diagnostics)


def load(
    path: str, text: str, environ: Mapping[str, str], read: ReadSource = read_source, parse: Parse = parse
) -> Loaded:
    """Reads a pipeline from the text of its file. `environ` is what `env("NAME")` sees; imported files are
    read by `read`, and no other file is opened."""
    gathered = gather(path, text, read, parse)
    if gathered.diagnostics and not gathered.file.declarations:
        return Loaded(None, in_source_order(without_cascades(gathered.diagnostics)), gathered.sources)
    resolved = resolve(gathered.file, gathered.sources, environ)
    diagnostics = in_source_order(without_cascades((*gathered.diagnostics, *resolved.diagnostics)))
    return Loaded(resolved.pipeline, diagnostics, gathered.sources)
