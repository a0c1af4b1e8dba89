"""What goes wrong around a database. All of it is the environment's fault, never the pipeline's."""

from __future__ import annotations

from meltica_runtime.environment_fault import EnvironmentFault


class StoreFault(EnvironmentFault):
    """A database that cannot be used."""


class EmbeddedServerFault(StoreFault):
    """The embedded Postgres did not start or did not stop."""


class DatabaseUnreachable(StoreFault):
    """No connection: nothing listens there, or it refused us."""


class MigrationFault(StoreFault):
    """The schema could not be brought to the wanted state."""
