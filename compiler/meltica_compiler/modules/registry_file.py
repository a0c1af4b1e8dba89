"""`registry.json` of a strategies folder: which file, with which bytes, a name and tag stand for.

Its shape is that of the control API's registry export:
`{name: {"tags": {tag: hash}, "hashes": {hash: {"tag": …, "path": …}}}}`, hashes as `sha256:` and 64 hex
digits, paths relative to the folder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from msgspec import Struct

HASH_PREFIX = "sha256:"
_HASH = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


class Revision(Struct, frozen=True):
    """One file of a strategy. `sha256` is bare hex; `tag` is the tag that the revision was made under."""

    sha256: str
    tag: str
    path: str


class StrategyEntry(Struct, frozen=True):
    """`tags` maps each tag to the sha256 of a revision; `revisions` are by sha256."""

    tags: Mapping[str, str]
    revisions: Mapping[str, Revision]


Registry = Mapping[str, StrategyEntry]


class RegistryFault(Struct, frozen=True):
    """What is wrong with the file, at a line and column counted from 1."""

    message: str
    line: int
    column: int


class _BrokenError(Exception):
    """`keys` lead to the broken part."""

    def __init__(self, message: str, *keys: str) -> None:
        super().__init__(message)
        self.message = message
        self.keys = keys


def parse_registry(text: str) -> Registry | RegistryFault:
    try:
        raw = json.loads(text, object_pairs_hook=_without_twins)
        return {name: _entry(name, value) for name, value in _object(raw).items()}
    except json.JSONDecodeError as error:
        return RegistryFault(f"it is not JSON: {error.msg.lower()}", error.lineno, error.colno)
    except RecursionError:
        return RegistryFault("it is nested too deeply to be a registry", 1, 1)
    except _BrokenError as broken:
        line, column = _place(text, broken.keys)
        return RegistryFault(broken.message, line, column)


def render_registry(registry: Registry) -> str:
    """The file's text, sorted, so that equal registries are equal bytes."""
    raw = {
        name: {
            "tags": {tag: HASH_PREFIX + sha256 for tag, sha256 in entry.tags.items()},
            "hashes": {
                HASH_PREFIX + r.sha256: {"tag": r.tag, "path": r.path} for r in entry.revisions.values()
            },
        }
        for name, entry in registry.items()
    }
    return json.dumps(raw, indent=2, sort_keys=True) + "\n"


def _entry(name: str, raw: object) -> StrategyEntry:
    entry = _object(raw, name)
    hashes = _object(entry.get("hashes"), name, "hashes")
    revisions = {_sha256(key, name, "hashes", key): _revision(name, key, v) for key, v in hashes.items()}
    tags: dict[str, str] = {}
    for tag, value in _object(entry.get("tags"), name, "tags").items():
        sha256 = _sha256(value, name, "tags", tag)
        if sha256 not in revisions:
            raise _BrokenError(f"tag `{tag}` of `{name}` names a hash that `hashes` lacks", name, "tags", tag)
        tags[tag] = sha256
    return StrategyEntry(tags, revisions)


def _revision(name: str, key: str, raw: object) -> Revision:
    fields = _object(raw, name, "hashes", key)
    tag, path = fields.get("tag"), fields.get("path")
    if not isinstance(path, str) or not path:
        raise _BrokenError(f"a revision of `{name}` has no `path`", name, "hashes", key)
    if not isinstance(tag, str):
        raise _BrokenError(f"a revision of `{name}` has no `tag`", name, "hashes", key)
    return Revision(key.removeprefix(HASH_PREFIX), tag, path)


def _sha256(raw: object, *keys: str) -> str:
    if not isinstance(raw, str) or not _HASH.fullmatch(raw):
        wanted = "`sha256:` and 64 hex digits in lower case"
        raise _BrokenError(f"`{'.'.join(keys[:2])}` holds {json.dumps(raw)}, not {wanted}", *keys)
    return raw.removeprefix(HASH_PREFIX)


def _object(raw: object, *keys: str) -> dict[str, object]:
    if not isinstance(raw, dict):
        where = f"`{'.'.join(keys)}`" if keys else "it"
        raise _BrokenError(f"{where} is not an object", *keys)
    return raw


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise _BrokenError(f"`{key}` stands twice in one object", key)
        found[key] = value
    return found


def _place(text: str, keys: tuple[str, ...]) -> tuple[int, int]:
    """Line and column of the last of `keys` that is found, each looked for after the one before."""
    offset = 0
    for key in keys:
        found = text.find(json.dumps(key), offset)
        if found < 0:
            break
        offset = found
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1
