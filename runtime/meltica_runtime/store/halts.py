"""Kill switches that an earlier run left engaged, and their release."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from meltica_runtime.store.pool import Database

MAX_HALTS = 10_000
"""Most halts that a start takes up; more than a gateway has instances."""


@dataclass(frozen=True, slots=True)
class Halt:
    """`instance` is None for the kill switch that all instances share."""

    instance: str | None
    reason: str
    engaged_us: float

    @property
    def since(self) -> str:
        """When it was engaged, as log lines write times."""
        at = datetime.fromtimestamp(self.engaged_us / 1e6, UTC)
        return at.isoformat(timespec="seconds").replace("+00:00", "Z")


async def engaged_halts(database: Database) -> tuple[Halt, ...]:
    """Every kill switch that is engaged, by instance. Raises `DatabaseUnreachable`."""
    async with database.connection() as connection:
        rows = await connection.fetch(
            "SELECT instance, reason, engaged_us FROM halts ORDER BY instance LIMIT $1", MAX_HALTS
        )
    return tuple(Halt(row["instance"] or None, row["reason"], float(row["engaged_us"])) for row in rows)


async def release_halts(database: Database, instances: Iterable[str | None]) -> tuple[str | None, ...]:
    """Releases the kill switches of these instances, None being the one that all share; returns those
    that were engaged. Raises `DatabaseUnreachable`."""
    async with database.connection() as connection:
        rows = await connection.fetch(
            "DELETE FROM halts WHERE instance = ANY($1::text[]) RETURNING instance",
            [instance or "" for instance in instances],
        )
    return tuple(name or None for name in sorted(row["instance"] for row in rows))
