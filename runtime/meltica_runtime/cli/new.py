"""`meltica new`: a project to begin with."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click

from meltica_runtime import resources
from meltica_runtime.cli.options import CommonOptions, common_options
from meltica_runtime.cli.output import Exit

PLACEHOLDER = "NAME"
"""Stands in the template's pipeline for its name."""


@click.command(name="new")
@click.argument("folder", metavar="NAME", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--registry",
    "wants_registry",
    is_flag=True,
    help="Let the gateway load only modules that the project's registry lists by hash.",
)
@common_options
def command(common: CommonOptions, folder: Path, *, wants_registry: bool) -> None:
    """Make a folder NAME with a pipeline that checks, tests and runs as it is.

    It holds a strategy of its own, tests of what it does, and a config.
    """
    name = _pipeline_name(common, folder)
    _refuse_what_is_there(common, folder)
    try:
        files = _write(folder, name)
    except OSError as error:
        common.output.fail(
            f"cannot write {error.filename or folder}: {error.strerror}", code=Exit.ENVIRONMENT
        )
    if wants_registry:
        files.append(_register(folder))
    output = common.output
    output.result(f"{folder}: {', '.join(files)}")
    output.note(
        f"next:\n  cd {shlex.quote(str(folder))}\n  meltica check   # would it start?\n"
        "  meltica test    # its tests\n  meltica run     # on paper, until Ctrl-C"
    )
    if wants_registry:
        output.note("after a change of a strategy: meltica strategies --write-registry")


def _pipeline_name(common: CommonOptions, folder: Path) -> str:
    """The folder's name as a name of the language."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", folder.resolve().name).strip("_")
    if not re.match(r"[A-Za-z]", name):
        common.output.fail(
            f"`{folder}` gives no name to a pipeline", "begin its last part with a letter", Exit.USAGE
        )
    return name


def _refuse_what_is_there(common: CommonOptions, folder: Path) -> None:
    """An empty folder is welcome."""
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() or folder.is_symlink():
        common.output.fail(f"{folder} is there already", "name a folder that is new or empty")


def _write(folder: Path, name: str) -> list[str]:
    """Copies the template; the files written, relative to the folder."""
    template = resources.project_template_dir()
    renamed = {"pipeline.mel": f"{name}.mel", "gitignore": ".gitignore"}
    files = []
    for source in sorted(path for path in template.rglob("*") if path.is_file()):
        inside = str(source.relative_to(template))
        target = folder / renamed.get(inside, inside)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text("utf-8")
        target.write_text(text.replace(PLACEHOLDER, name) if source.suffix == ".mel" else text, "utf-8")
        files.append(renamed.get(inside, inside))
    return files


def _register(folder: Path) -> str:
    """Writes the registry of the project's modules, and has the config ask for it."""
    from meltica_compiler.modules.registering import write_registry

    config = folder / "config" / "app.yaml"
    config.write_text(
        config.read_text("utf-8").replace("requireRegistry: false", "requireRegistry: true"), "utf-8"
    )
    faults = write_registry(folder / "strategies")
    assert not faults, "the template's own module is sound"
    return "strategies/registry.json"
