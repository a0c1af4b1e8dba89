"""The files that an editor has open, before the files on disk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pygls.uris import from_fs_path, to_fs_path
from pygls.workspace import Workspace

from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.parse.read import read_source
from meltica_runtime.language_server.positions import PositionMap

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:")


@dataclass(frozen=True, slots=True)
class Buffer:
    """One state of one file. `path` is how messages and spans call it."""

    uri: str
    path: str
    text: str
    version: int | None


@dataclass(frozen=True, slots=True)
class Buffers:
    workspace: Workspace

    def open(self) -> tuple[Buffer, ...]:
        return tuple(
            Buffer(document.uri, path_of(document.uri), document.source, document.version)
            for document in self.workspace.text_documents.values()
        )

    def at(self, uri: str) -> Buffer | None:
        """The file as the editor has it, None when it is not open there."""
        return next((buffer for buffer in self.open() if buffer.uri == uri), None)

    def read(self, path: str) -> str | Diagnostic:
        """The text of a file, what is not saved included."""
        unsaved = next((buffer.text for buffer in self.open() if buffer.path == path), None)
        return read_source(Path(path)) if unsaved is None else unsaved

    def positions(self, path: str) -> PositionMap:
        """The positions in a file; in one that cannot be read, only its beginning."""
        text = self.read(path)
        return self.positions_in("" if isinstance(text, Diagnostic) else text)

    def positions_in(self, text: str) -> PositionMap:
        return PositionMap(text, self.workspace.position_encoding or "utf-16")


def path_of(uri: str) -> str:
    """The path of a file; a document that is no file yet goes by its URI."""
    return to_fs_path(uri) or uri if uri.startswith("file:") else uri


def uri_of(path: str) -> str:
    """The inverse of `path_of`, and of paths as messages shorten them."""
    return path if _SCHEME.match(path) else from_fs_path(str(Path(path).absolute())) or path
