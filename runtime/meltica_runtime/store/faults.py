"""What goes wrong around a database. All of it is the environment's fault, never the pipeline's."""

from __future__ import annotations


class StoreFault(Exception):
    """A database that cannot be used: what happened, where, and the way out.

    `place` is a folder, a file or a data source name with its password left out.
    """

    def __init__(self, message: str, *, place: str, help: str) -> None:
        super().__init__(f"{message} ({place}); {help}")
        self.message = message
        self.place = place
        self.help = help


class EmbeddedServerFault(StoreFault):
    """The embedded Postgres did not start or did not stop."""


class DatabaseUnreachable(StoreFault):
    """No connection: nothing listens there, or it refused us."""


class MigrationFault(StoreFault):
    """The schema could not be brought to the wanted state."""
