"""Registering strategy modules: what `meltica strategies --write-registry` writes.

Every module that the folder convention finds (`NAME.js`, `NAME/TAG/NAME.js`) is registered under the name and
tag of its own metadata; `latest` is the highest tag. Tags set by hand stay where their file is still there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from meltica_compiler.modules.cache import ModuleCache
from meltica_compiler.modules.inspection import FaultStage, ModuleFault, inspect
from meltica_compiler.modules.registry import LATEST, REGISTRY_FILE, StrategyLibrary
from meltica_compiler.modules.registry_file import (
    Registry,
    RegistryFault,
    Revision,
    StrategyEntry,
    parse_registry,
    render_registry,
)


def build_registry(directory: Path, cache: ModuleCache | None = None) -> Registry | tuple[ModuleFault, ...]:
    """The registry of the modules in `directory`, or everything that is wrong with them."""
    found: dict[str, list[Revision]] = {}
    faults: list[ModuleFault] = []
    for path in StrategyLibrary(directory, require_registry=False).modules:
        revision = _revision(path, directory, cache)
        if isinstance(revision, ModuleFault):
            faults.append(revision)
            continue
        twin = next((r for r in found.get(path.stem, ()) if r.tag == revision.tag), None)
        if twin is not None:
            faults.append(
                _refused(path, f"`{path.stem}:{revision.tag}` is also in `{twin.path}`", "raise the tag")
            )
        found.setdefault(path.stem, []).append(revision)
    if faults:
        return tuple(faults)
    before = _existing(directory)
    return {name: _entry(revisions, before.get(name)) for name, revisions in found.items()}


def write_registry(directory: Path) -> tuple[ModuleFault, ...]:
    """Write `registry.json` for the modules in `directory`; nothing is written when one is at fault."""
    registry = build_registry(directory)
    if isinstance(registry, tuple):
        return registry
    (directory / REGISTRY_FILE).write_text(render_registry(registry), encoding="utf-8")
    return ()


def _revision(path: Path, directory: Path, cache: ModuleCache | None) -> Revision | ModuleFault:
    try:
        raw = path.read_bytes()
        source = raw.decode()
    except (OSError, UnicodeDecodeError) as error:
        return _refused(path, f"cannot read it: {error}", "")
    metadata = inspect(source, str(path), cache)
    if isinstance(metadata, ModuleFault):
        return metadata
    if metadata.name != path.stem:
        message = f"the file is called `{path.stem}`, its metadata says `{metadata.name}`"
        return _refused(path, message, "rename one of them")
    if metadata.tag in ("", LATEST):
        return _refused(path, "its metadata has no tag of its own", "give it one, such as `tag: '1.0.0'`")
    return Revision(sha256(raw).hexdigest(), metadata.tag, path.relative_to(directory).as_posix())


def _refused(path: Path, message: str, hint: str) -> ModuleFault:
    return ModuleFault(FaultStage.VALIDATE, message, str(path), None, None, hint)


def _existing(directory: Path) -> Registry:
    try:
        parsed = parse_registry((directory / REGISTRY_FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return {}
    return {} if isinstance(parsed, RegistryFault) else parsed


def _entry(revisions: Sequence[Revision], before: StrategyEntry | None) -> StrategyEntry:
    by_hash = {revision.sha256: revision for revision in revisions}
    kept = {} if before is None else {tag: h for tag, h in before.tags.items() if h in by_hash}
    own = {revision.tag: revision.sha256 for revision in revisions}
    newest = max(revisions, key=lambda revision: _version(revision.tag))
    tags: Mapping[str, str] = kept | own | {LATEST: newest.sha256}
    return StrategyEntry(tags, by_hash)


def _version(tag: str) -> tuple[tuple[int, str], ...]:
    """Orders tags as people do: 1.10.0 is above 1.9.0."""
    return tuple(
        (int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"\d+|[^\d.]+", tag)
    )
