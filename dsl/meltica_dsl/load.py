"""Text to typed model: the one way in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meltica_dsl.diagnostics import Diagnostic, has_errors, in_source_order
from meltica_dsl.model import Pipeline
from meltica_dsl.parser import parse
from meltica_dsl.resolve.pipeline import resolve
from meltica_dsl.source import SourceFile


@dataclass(frozen=True, slots=True)
class Loaded:
    """`pipeline` is what is sound of the file: with errors among the diagnostics, declarations are
    missing from it, so single ones can still be checked, but not the whole. It is None when nothing of
    the file could be read."""

    pipeline: Pipeline | None
    diagnostics: tuple[Diagnostic, ...]
    sources: tuple[SourceFile, ...]

    @property
    def is_sound(self) -> bool:
        return self.pipeline is not None and not has_errors(self.diagnostics)


def load(path: str, text: str, environ: Mapping[str, str]) -> Loaded:
    """Reads one file's text. `environ` is what `env("NAME")` sees. No file is opened."""
    source = SourceFile(path, text)
    parsed = parse(path, text)
    if parsed.diagnostics and not parsed.file.declarations:
        return Loaded(None, in_source_order(parsed.diagnostics), (source,))
    resolved = resolve(parsed.file, source, environ)
    diagnostics = in_source_order((*parsed.diagnostics, *resolved.diagnostics))
    return Loaded(resolved.pipeline, diagnostics, (source,))
