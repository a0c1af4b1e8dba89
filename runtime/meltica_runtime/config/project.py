"""The project that a pipeline or a config belongs to: the folder that relative paths are relative to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from meltica_runtime import resources
from meltica_runtime.config.fault import ConfigFault

CONFIG_VARIABLE = "MELTICA_CONFIG_PATH"
CONFIG_FOLDER = "config"
CONFIG_NAME = "app.yaml"


@dataclass(frozen=True, slots=True)
class Project:
    """`root` is absolute. `config_path` is as the user named it, or None when there is no config.

    `strategies_dir` is where modules are looked for: what the config says, else the project's folder
    `strategies`, else the modules that come with the program.
    """

    root: Path
    config_path: Path | None
    strategies_dir: Path
    require_registry: bool


def find_project(start: Path, config: Path | None) -> Project:
    """The project of `start`, a pipeline file or a folder.

    The config is the one given, else the one that MELTICA_CONFIG_PATH names, else `config/app.yaml` in the
    nearest folder from `start` upwards. The root is the folder above the config's `config` (or the one that
    holds the config, when that has another name); without any config, the pipeline's own folder. Pipelines
    that come with the program belong to the current folder. Raises `ConfigFault`.
    """
    named = config or _from_environment()
    if named is not None:
        return _configured(_root_of(named), named)
    folder = _folder_of(start)
    for candidate in (folder, *folder.parents):
        path = candidate / CONFIG_FOLDER / CONFIG_NAME
        if path.is_file():
            return _configured(candidate, _as_seen(path))
    return _with_strategies(folder, None, None, require_registry=False)


def _from_environment() -> Path | None:
    path = os.environ.get(CONFIG_VARIABLE)
    return Path(path) if path else None


def _folder_of(start: Path) -> Path:
    resolved = start.resolve()
    if resources.is_shipped(resolved):
        return Path.cwd()
    return resolved if resolved.is_dir() else resolved.parent


def _root_of(config: Path) -> Path:
    folder = config.resolve().parent
    return folder.parent if folder.name == CONFIG_FOLDER else folder


def _as_seen(path: Path) -> Path:
    """The path as seen from the current folder, when it lies below it: shorter to read in messages."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _configured(root: Path, path: Path) -> Project:
    """Reads only the two keys that compiling needs: the types of the whole config take 300 ms to load."""
    from meltica_runtime.config.document import read_document  # noqa: PLC0415 - no YAML parser without a config

    document = read_document(path)
    if document.diagnostics:
        raise ConfigFault(tuple(document.diagnostics), (document.shown_source(),))
    match document.data.get("strategies", {}):
        case {**section}:
            directory, require = section.get("directory"), section.get("requireRegistry", False)
            if isinstance(directory, str | None) and isinstance(require, bool):
                return _with_strategies(root, path, directory, require_registry=require)
    from meltica_runtime.config.load import load_config  # noqa: PLC0415 - only to say what is wrong

    strategies = load_config(root, path).strategies
    raise AssertionError(f"the config's types take what this reader does not: {strategies}")


def _with_strategies(
    root: Path, config_path: Path | None, directory: str | None, *, require_registry: bool
) -> Project:
    if directory is not None:
        strategies = root / directory
    else:
        own = root / "strategies"
        strategies = own if own.is_dir() else resources.strategies_dir()
    return Project(root, config_path, strategies, require_registry)
