"""A config that cannot be used, as an exception that carries its diagnostics."""

from __future__ import annotations

from meltica_dsl.diagnostics.diagnostic import Diagnostic, in_source_order
from meltica_dsl.text.source import SourceFile


class ConfigFault(Exception):
    """Everything that is wrong with a config. The user's mistake, for the usual renderers to show."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...], sources: tuple[SourceFile, ...]) -> None:
        self.diagnostics = in_source_order(diagnostics)
        self.sources = sources
        super().__init__("; ".join(self._line(diagnostic) for diagnostic in self.diagnostics))

    def _line(self, diagnostic: Diagnostic) -> str:
        source = next((s for s in self.sources if s.path == diagnostic.span.path), None)
        place = source.location(diagnostic.span.start) if source else diagnostic.span.path
        return f"{place}: {diagnostic.message}"
