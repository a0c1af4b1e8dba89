"""From a strategy selector to the module's source: the registry first, the folder second.

`name` means `name:latest`. Where the registry has no entry and none is demanded, `NAME/TAG/NAME.js` is
taken, and for `latest` also `NAME.js`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from meltica_compiler.modules.metadata import NAME
from meltica_compiler.modules.registry_file import (
    HASH_PREFIX,
    Registry,
    RegistryFault,
    Revision,
    StrategyEntry,
    parse_registry,
)
from meltica_dsl.model.pipeline import Selector
from meltica_dsl.text.suggest import nearest

REGISTRY_FILE = "registry.json"
LATEST = "latest"

MAX_MODULE_BYTES = 1 << 20
"""A module is a page or ten of text; V8 parses a MiB in 20 ms."""

MAX_REGISTRY_BYTES = 16 << 20
"""200 bytes a revision: 80,000 of them."""


class Problem(Enum):
    """Why a selector leads to no module. The value is the diagnostic's code."""

    UNKNOWN_STRATEGY = "E0501"
    UNKNOWN_TAG = "E0502"
    UNKNOWN_HASH = "E0503"
    CHANGED_FILE = "E0504"
    UNREADABLE_FILE = "E0505"
    UNREGISTERED = "E0506"
    BROKEN_REGISTRY = "E0507"


class ResolveFailure(Struct, frozen=True):
    """A selector that leads nowhere: what is wrong, facts as `notes`, ways out as `help`."""

    problem: Problem
    message: str
    notes: tuple[str, ...] = ()
    help: tuple[str, ...] = ()


class ResolvedModule(Struct, frozen=True):
    """`tag` is the revision's own tag (`market-making:latest` may be `1.0.0`), or what was asked for when it
    is not registered. `sha256` is bare hex, of the file's bytes. `path` begins with the library's folder."""

    name: str
    tag: str
    sha256: str
    path: str
    source: str
    registered: bool


class StrategyLibrary(Struct, frozen=True, dict=True):
    """A folder of strategy modules, with or without a `registry.json`. Reads files, writes none."""

    directory: Path
    require_registry: bool
    shipped: Path | None = None
    """The modules that come with the program: not looked into, only told of where one is missed."""

    def resolve(self, selector: Selector) -> ResolvedModule | ResolveFailure:
        registry = self._registry
        if isinstance(registry, ResolveFailure):
            return registry
        entry = registry.get(selector.name)
        revision = _registered(selector, entry)
        if revision is not None:
            return self._load(selector, revision)
        if not self.require_registry:
            found = self._by_folder(selector)
            if found is not None:
                return found
        return self._not_found(selector, entry)

    def names(self) -> tuple[str, ...]:
        """Names that a selector may begin with, sorted."""
        registry = self._registry
        registered = set() if isinstance(registry, ResolveFailure) else set(registry)
        loose = set() if self.require_registry else {path.stem for path in self.modules}
        return tuple(sorted(registered | loose))

    def tags(self, name: str) -> tuple[str, ...]:
        """Tags that a selector of this name may have, sorted."""
        registry = self._registry
        entry = None if isinstance(registry, ResolveFailure) else registry.get(name)
        registered = () if entry is None else tuple(entry.tags)
        loose = () if self.require_registry else self._loose_tags(name)
        return tuple(sorted({*registered, *loose}))

    def _loose_tags(self, name: str) -> tuple[str, ...]:
        return tuple(_folder_tag(path, self.directory) for path in self.modules if path.stem == name)

    @cached_property
    def modules(self) -> tuple[Path, ...]:
        """Every file that the folder convention makes a module, in a fixed order."""
        loose = [path for path in self.directory.glob("*.js") if NAME.fullmatch(path.stem)]
        tagged = [p for p in self.directory.glob("*/*/*.js") if p.parent.parent.name == p.stem]
        return tuple(sorted(loose) + sorted(tagged))

    @cached_property
    def _registry(self) -> Registry | ResolveFailure:
        path = self.directory / REGISTRY_FILE
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            return ResolveFailure(Problem.BROKEN_REGISTRY, f"cannot read `{path}`: {_reason(error)}")
        if len(raw) > MAX_REGISTRY_BYTES:
            limit = f"`{path}` is larger than {MAX_REGISTRY_BYTES >> 20} MiB"
            return ResolveFailure(Problem.BROKEN_REGISTRY, limit)
        try:
            parsed = parse_registry(raw.decode())
        except UnicodeDecodeError as error:
            parsed = RegistryFault("it is not UTF-8 text", raw.count(b"\n", 0, error.start) + 1, 1)
        if not isinstance(parsed, RegistryFault):
            return parsed
        return ResolveFailure(
            Problem.BROKEN_REGISTRY,
            f"the strategy registry is broken: {parsed.message}",
            notes=(f"at {path}:{parsed.line}:{parsed.column}",),
            help=("correct it, or write it anew: `meltica strategies --write-registry`",),
        )

    def _load(self, selector: Selector, revision: Revision) -> ResolvedModule | ResolveFailure:
        file = self._read(self.directory / revision.path)
        if isinstance(file, ResolveFailure):
            return file
        if file.sha256 == revision.sha256:
            return ResolvedModule(selector.name, revision.tag, file.sha256, file.path, file.text, True)
        return ResolveFailure(
            Problem.CHANGED_FILE,
            f"`{file.path}` is not the file that was registered as `{selector.name}:{revision.tag}`",
            notes=(f"registered: {HASH_PREFIX}{revision.sha256}", f"the file:   {HASH_PREFIX}{file.sha256}"),
            help=(
                "put the registered file back, or register this one: `meltica strategies --write-registry`",
            ),
        )

    def _by_folder(self, selector: Selector) -> ResolvedModule | ResolveFailure | None:
        """None when the convention leads to no file."""
        for path in self._candidates(selector):
            file = self._read(path)
            if isinstance(file, ResolveFailure):
                if selector.sha256 is None:
                    return file
            elif selector.sha256 is None or file.sha256 == _bare(selector.sha256):
                tag = _folder_tag(path, self.directory)
                return ResolvedModule(selector.name, tag, file.sha256, file.path, file.text, False)
        return None

    def _candidates(self, selector: Selector) -> Sequence[Path]:
        files = [path for path in self.modules if path.stem == selector.name]
        if selector.sha256 is not None:
            return files
        wanted = selector.tag or LATEST
        return [path for path in files if _folder_tag(path, self.directory) == wanted]

    def _read(self, path: Path) -> _File | ResolveFailure:
        shown = str(path)
        if not path.resolve().is_relative_to(self.directory.resolve()):
            outside = f"`{shown}` lies outside the strategies folder `{self.directory}`"
            return ResolveFailure(Problem.UNREADABLE_FILE, outside, help=("move the file into the folder",))
        try:
            with path.open("rb") as file:
                raw = file.read(MAX_MODULE_BYTES + 1)
            if len(raw) > MAX_MODULE_BYTES:
                limit = f"`{shown}` is larger than {MAX_MODULE_BYTES >> 20} MiB"
                return ResolveFailure(
                    Problem.UNREADABLE_FILE, limit, help=("a strategy holds code, not data",)
                )
            return _File(shown, raw.decode(), sha256(raw).hexdigest())
        except UnicodeDecodeError:
            return ResolveFailure(Problem.UNREADABLE_FILE, f"`{shown}` is not UTF-8 text")
        except OSError as error:
            return ResolveFailure(Problem.UNREADABLE_FILE, f"cannot read `{shown}`: {_reason(error)}")

    def _not_found(self, selector: Selector, entry: StrategyEntry | None) -> ResolveFailure:
        loose = [path for path in self.modules if path.stem == selector.name]
        if entry is None and not loose:
            return self._unknown_strategy(selector)
        if self.require_registry and self._candidates(selector):
            return ResolveFailure(
                Problem.UNREGISTERED,
                f"`{selector.text}` is a file but not in the registry, which `requireRegistry` demands",
                help=("register it: `meltica strategies --write-registry`",),
            )
        known = self.tags(selector.name)
        shown = f"`{selector.name}` has the tags " + ", ".join(f"`{tag}`" for tag in known)
        if selector.sha256 is not None:
            missing = f"no revision of `{selector.name}` has the hash {HASH_PREFIX}{_bare(selector.sha256)}"
            return ResolveFailure(Problem.UNKNOWN_HASH, missing, notes=(shown,) if known else ())
        near = nearest(selector.tag or LATEST, known)
        way_out = (f"did you mean `{selector.name}:{near}`?",) if near else ()
        message = f"`{selector.name}` has no tag `{selector.tag or LATEST}`"
        return ResolveFailure(Problem.UNKNOWN_TAG, message, notes=(shown,) if known else (), help=way_out)

    def _unknown_strategy(self, selector: Selector) -> ResolveFailure:
        names = self.names()
        near = nearest(selector.name, names)
        message = f"there is no strategy `{selector.name}` in `{self.directory}`"
        shipped = self.shipped / f"{selector.name}.js" if self.shipped is not None else None
        if shipped is not None and shipped.is_file() and NAME.fullmatch(selector.name):
            return ResolveFailure(
                Problem.UNKNOWN_STRATEGY,
                message,
                notes=("it comes with meltica, but a project with strategies of its own uses only these",),
                help=(f"copy it: `cp {shipped} {self.directory}`",),
            )
        if near is not None:
            return ResolveFailure(Problem.UNKNOWN_STRATEGY, message, help=(f"did you mean `{near}`?",))
        if not self.directory.is_dir():
            nothing = "the folder does not exist; `strategies.directory` in the config says where it is"
            return ResolveFailure(Problem.UNKNOWN_STRATEGY, message, help=(nothing,))
        known = "the strategies there are " + ", ".join(f"`{name}`" for name in names)
        return ResolveFailure(
            Problem.UNKNOWN_STRATEGY,
            message,
            notes=(known,) if names else ("the folder holds no strategy",),
            help=(f"write the module as `{self.directory / selector.name}.js`",)
            if NAME.fullmatch(selector.name)
            else (),
        )


class _File(Struct, frozen=True):
    """A file of the strategies folder, as it was found."""

    path: str
    text: str
    sha256: str


def _registered(selector: Selector, entry: StrategyEntry | None) -> Revision | None:
    if entry is None:
        return None
    if selector.sha256 is not None:
        return entry.revisions.get(_bare(selector.sha256))
    wanted = entry.tags.get(selector.tag or LATEST)
    return None if wanted is None else entry.revisions[wanted]


def _folder_tag(path: Path, directory: Path) -> str:
    return LATEST if path.parent == directory else path.parent.name


def _bare(hash_: str) -> str:
    return hash_.removeprefix(HASH_PREFIX).lower()


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
