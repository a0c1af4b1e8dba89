"""The folders that travel with the program: migrations, strategies, example pipelines, documentation.

An installed wheel carries them under `meltica_runtime/data`; a checkout has them at its root.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_SHIPPED = _PACKAGE / "data"
_CHECKOUT = _PACKAGE.parents[1]


def _folder(name: str) -> Path:
    shipped = _SHIPPED / name
    return shipped if shipped.is_dir() else _CHECKOUT / name


def migrations_dir() -> Path:
    """The dbmate files of this version."""
    return _folder("migrations")


def strategies_dir() -> Path:
    """The strategies that come with the program, with their `registry.json`."""
    return _folder("strategies")


def pipelines_dir() -> Path:
    """The example pipelines, the quickstart among them."""
    return _folder("pipelines")


def docs_dir() -> Path:
    """The pages that `meltica help` shows."""
    return _folder("docs")


def project_template_dir() -> Path:
    """What `meltica new` makes a project of."""
    return _PACKAGE / "new_project"


def is_shipped(path: Path) -> bool:
    """Whether `path` lies in the installed package, where nothing of the user's may be written."""
    return _SHIPPED.is_dir() and path.resolve().is_relative_to(_SHIPPED)
