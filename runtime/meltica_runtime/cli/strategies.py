"""`meltica strategies`: the modules there are, and their registry."""

from __future__ import annotations

from pathlib import Path

import click

from meltica_runtime.cli.options import CommonOptions, common_options
from meltica_runtime.cli.output import Exit


@click.command(name="strategies")
@click.option("--write-registry", is_flag=True, help="Write the directory's registry.json anew.")
@common_options
def command(common: CommonOptions, *, write_registry: bool) -> None:
    """List the strategy modules of this project, or write their registry anew."""
    from meltica_compiler.modules.registry import StrategyLibrary
    from meltica_runtime.cli.compiling import exit_on_fault
    from meltica_runtime.config.project import find_project

    with exit_on_fault(common):
        project = find_project(Path.cwd(), common.config)
    if write_registry:
        _write(common, project.strategies_dir)
        return
    library = StrategyLibrary(project.strategies_dir, project.require_registry)
    for name in library.names():
        common.output.result(name)
    common.output.note(f"in {project.strategies_dir}")


def _write(common: CommonOptions, directory: Path) -> None:
    from meltica_compiler.modules.registering import write_registry

    try:
        faults = write_registry(directory)
    except OSError as error:
        place = error.filename or directory
        common.output.fail(f"cannot write the registry: {place}: {error.strerror}", code=Exit.ENVIRONMENT)
    for fault in faults:
        place = f":{fault.line}:{fault.column}" if fault.line else ""
        common.output.problem(f"{fault.path}{place}: {fault.message}")
        if fault.hint:
            common.output.problem(f"  = help: {fault.hint}")
    if faults:
        common.output.fail("the registry was not written")
    common.output.note(f"{directory / 'registry.json'}: written")
