"""`import "file.mel"`: a pipeline's file, and all that it takes in from others, as one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Edit, Fix, Label
from meltica_dsl.parse.parser import Parse, parse
from meltica_dsl.parse.read import siblings
from meltica_dsl.text.source import SourceFile
from meltica_dsl.text.strings import BadEscape, quoted, read_string
from meltica_dsl.text.suggest import nearest

ReadSource = Callable[[Path], str | Diagnostic]
"""The text of a file, or why there is none."""

MAX_FILES = 256
"""Of one pipeline. People read them."""

MAX_DEPTH = 32
"""Files that import one another in a row. Deeper than any library; a link that leads to its own folder, which
makes endlessly many paths of one file, ends here."""


class Gathered(Struct, frozen=True):
    """`file` has the declarations of all files: those of the pipeline's own file first, then each imported
    file's, in the order in which they are imported first."""

    file: syntax.File
    sources: tuple[SourceFile, ...]
    diagnostics: tuple[Diagnostic, ...]


def gather(path: str, text: str, read: ReadSource, parse: Parse = parse) -> Gathered:
    """Parses a pipeline's text and the files that it imports, each once.

    An import that leads to no declarations stays as an `UnreadableDecl`, so that nobody takes what it would
    have declared for a misspelling.
    """
    gatherer = _Gatherer(read, parse)
    parsed = gatherer.add(path, text)
    gatherer.follow(parsed, os.path.normpath(path))
    file = syntax.File(path, tuple(gatherer.declarations), parsed.comments)
    return Gathered(file, tuple(gatherer.sources), tuple(gatherer.diagnostics))


def import_path(declaration: syntax.ImportDecl) -> str | None:
    """The path that an import means, relative to the file that it stands in. None if it can mean none."""
    written = read_string(declaration.path.text)
    if isinstance(written, BadEscape) or not written:
        return None
    return os.path.normpath(os.path.join(os.path.dirname(declaration.span.path), written))


class _Gatherer:
    def __init__(self, read: ReadSource, parse: Parse) -> None:
        self._read = read
        self._parse = parse
        self._known: set[str] = set()
        self._open: list[tuple[str, syntax.ImportDecl | None]] = []
        """The way from the pipeline's file to the one in hand, with the import that leads to each."""
        self.declarations: list[syntax.Declaration] = []
        self.sources: list[SourceFile] = []
        self.diagnostics: list[Diagnostic] = []

    def add(self, path: str, text: str) -> syntax.File:
        parsed = self._parse(path, text)
        self.sources.append(SourceFile(path, text))
        self.diagnostics.extend(parsed.diagnostics)
        self.declarations.extend(parsed.file.declarations)
        return parsed.file

    def follow(self, file: syntax.File, path: str, by: syntax.ImportDecl | None = None) -> None:
        self._known.add(path)
        self._open.append((path, by))
        for declaration in file.declarations:
            if isinstance(declaration, syntax.ImportDecl):
                fault = self._import(declaration)
                if fault is not None:
                    self.diagnostics.append(fault)
                    self.declarations.append(syntax.UnreadableDecl("import", None, declaration.span))
        self._open.pop()

    def _import(self, declaration: syntax.ImportDecl) -> Diagnostic | None:
        """Takes the file in, or says why not."""
        path = import_path(declaration)
        if path is None:
            return _no_path(declaration)
        if any(path == opened for opened, _ in self._open):
            return self._cycle(declaration, path)
        if path in self._known:
            return None
        if len(self.sources) == MAX_FILES or len(self._open) == MAX_DEPTH:
            return _too_many(declaration)
        text = self._read(Path(path))
        if isinstance(text, Diagnostic):
            return _unreadable(declaration, text, path)
        first = len(self.declarations)
        file = self.add(path, text)
        self.declarations[first:] = [
            d for d in self.declarations[first:] if self._is_fragment(d, declaration)
        ]
        self.follow(file, path, declaration)
        return None

    def _is_fragment(self, declaration: syntax.Declaration, by: syntax.ImportDecl) -> bool:
        if not isinstance(declaration, syntax.PipelineDecl):
            return True
        self.diagnostics.append(
            Diagnostic(
                "E0907",
                f"`{declaration.span.path}` is a pipeline of its own",
                by.path.span,
                "imported here",
                labels=(Label(declaration.name.span, "declared here"),),
                help=("move what both pipelines need into a file without `pipeline`, and import that",),
            )
        )
        return False

    def _cycle(self, declaration: syntax.ImportDecl, path: str) -> Diagnostic:
        """The circle begins with the file that comes first on the way, and ends with it."""
        paths = [opened for opened, _ in self._open]
        circle = self._open[paths.index(path) :]
        shown = " → ".join(f"`{opened}`" for opened in (*(opened for opened, _ in circle), path))
        return Diagnostic(
            "E0906",
            f"`{path}` imports itself: {shown}",
            declaration.path.span,
            "closes the circle",
            labels=tuple(
                Label(by.path.span, "by way of this import") for _, by in circle[1:] if by is not None
            ),
            help=("move what both need into a file of its own",),
        )


def _no_path(declaration: syntax.ImportDecl) -> Diagnostic:
    message = f"{declaration.path.text} is no path of a file"
    return Diagnostic("E0901", message, declaration.path.span, help=('write it like `import "venues.mel"`',))


def _too_many(declaration: syntax.ImportDecl) -> Diagnostic:
    return Diagnostic(
        "E0908",
        f"a pipeline has at most {MAX_FILES} files, imported at most {MAX_DEPTH} deep",
        declaration.path.span,
        help=("join some of them",),
    )


def _unreadable(declaration: syntax.ImportDecl, why: Diagnostic, path: str) -> Diagnostic:
    """The fault of reading, told where the import stands."""
    span, folder = declaration.path.span, os.path.dirname(path)
    likely = nearest(os.path.basename(path), siblings(Path(path)))
    if likely is None:
        return replace(why, span=span, label="imported here")
    meant = os.path.relpath(os.path.join(folder, likely), os.path.dirname(span.path) or ".")
    literal = quoted(meant.replace(os.sep, "/"))
    return replace(
        why,
        span=span,
        label="imported here",
        help=(f"did you mean {literal}?",),
        fixes=(Fix(f"write {literal}", (Edit(span, literal),)),),
    )
