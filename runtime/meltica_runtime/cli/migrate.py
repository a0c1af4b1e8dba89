"""`meltica migrate`: the database's tables."""

from __future__ import annotations

from pathlib import Path

import click

from meltica_runtime.cli.options import CommonOptions, common_options


@click.command(name="migrate")
@click.argument("direction", type=click.Choice(["up", "down", "status"]))
@common_options
def command(common: CommonOptions, direction: str) -> None:
    """Bring the tables up, take the last migration back, or show where they are."""
    from meltica_runtime.cli.compiling import exit_on_fault

    with exit_on_fault(common):
        import anyio

        anyio.run(_migrate, common, direction)


async def _migrate(common: CommonOptions, direction: str) -> None:
    from meltica_runtime.config.load import load_config
    from meltica_runtime.config.project import find_project
    from meltica_runtime.store.embedded.server import reachable_dsn
    from meltica_runtime.store.migrate import migrate_down, migrate_up, migration_status

    project = find_project(Path.cwd(), common.config)
    config = load_config(project.root, project.config_path)
    async with reachable_dsn(config.database.dsn.get_secret_value(), config.database.directory) as dsn:
        if direction == "up":
            applied = await migrate_up(dsn)
            common.output.note("\n".join(f"applied {name}" for name in applied) or "nothing to do")
        elif direction == "down":
            taken_back = await migrate_down(dsn)
            common.output.note(f"took back {taken_back}" if taken_back else "nothing to take back")
        else:
            for migration in await migration_status(dsn):
                common.output.result(f"{'applied' if migration.applied else 'pending'}  {migration.name}")
