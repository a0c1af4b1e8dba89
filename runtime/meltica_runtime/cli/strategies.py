"""`meltica strategies`: the modules there are, and their registry."""

from __future__ import annotations

from pathlib import Path

import click

from meltica_runtime.cli.options import Common, Exit, common_options


@click.command(name="strategies")
@click.option("--write-registry", is_flag=True, help="Write the directory's registry.json anew.")
@common_options
def command(common: Common, *, write_registry: bool) -> None:
    """List the strategy modules of this project, or write their registry anew."""
    from meltica_compiler.modules.registry import StrategyLibrary
    from meltica_runtime.cli.compiling import faults_said
    from meltica_runtime.config.project import find_project

    with faults_said(common):
        project = find_project(Path.cwd(), common.config)
    if write_registry:
        _write(common, project.strategies_dir)
        return
    library = StrategyLibrary(project.strategies_dir, project.require_registry)
    for name in library.names():
        common.speech.result(name)
    common.speech.note(f"in {project.strategies_dir}")


def _write(common: Common, directory: Path) -> None:
    from meltica_compiler.modules.registering import write_registry

    try:
        faults = write_registry(directory)
    except OSError as error:
        place = error.filename or directory
        common.speech.fail(f"cannot write the registry: {place}: {error.strerror}", code=Exit.ENVIRONMENT)
    for fault in faults:
        place = f":{fault.line}:{fault.column}" if fault.line else ""
        common.speech.trouble(f"{fault.path}{place}: {fault.message}")
        if fault.hint:
            common.speech.trouble(f"  = help: {fault.hint}")
    if faults:
        common.speech.fail("the registry was not written")
    common.speech.note(f"{directory / 'registry.json'}: written")
