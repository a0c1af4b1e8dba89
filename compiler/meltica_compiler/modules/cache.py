"""What was found in strategy modules, kept between runs.

Starting V8 takes longer than the whole of `meltica check`, and a module with the same bytes says the
same of itself. Entries are keyed by the module's sha256 and the inspector's version; a cache that
cannot be read or written is as good as none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

MAX_ENTRY_BYTES = 1 << 20
"""Larger files are not ours: metadata is limited to a quarter of this."""


def default_cache_directory(environ: Mapping[str, str]) -> Path | None:
    """`$XDG_CACHE_HOME/meltica/modules`, else `~/.cache/meltica/modules`; None when there is no home.

    A relative XDG_CACHE_HOME is ignored, as the XDG base directory specification demands.
    """
    xdg = environ.get("XDG_CACHE_HOME", "")
    if xdg and Path(xdg).is_absolute():
        return Path(xdg) / "meltica" / "modules"
    home = environ.get("HOME", "")
    return Path(home) / ".cache" / "meltica" / "modules" if home else None


class ModuleCache(Struct, frozen=True):
    """`directory` None means that nothing is kept."""

    directory: Path | None
    version: int

    def read(self, sha256: str) -> str | None:
        """What was written for this module by this version; None when there is nothing, or only rubble."""
        if self.directory is None:
            return None
        try:
            with self._path(self.directory, sha256).open("rb") as file:
                raw = file.read(MAX_ENTRY_BYTES + 1)
            entry = json.loads(raw)
        except (OSError, ValueError, RecursionError):
            return None
        if not isinstance(entry, dict) or (entry.get("version"), entry.get("sha256")) != (
            self.version,
            sha256,
        ):
            return None
        found = entry.get("found")
        return found if isinstance(found, str) else None

    def write(self, sha256: str, found: str) -> None:
        """Keep `found`, in one step: another process sees the whole entry or none."""
        if self.directory is None:
            return
        entry = json.dumps({"version": self.version, "sha256": sha256, "found": found})
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            _replace(self._path(self.directory, sha256), entry.encode())
        except OSError:
            return  # a read-only home: the next run inspects the module again

    def _path(self, directory: Path, sha256: str) -> Path:
        return directory / f"{sha256}-{self.version}.json"


def _replace(path: Path, content: bytes) -> None:
    # `tempfile` would cost 4 ms of import on every cached answer.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
