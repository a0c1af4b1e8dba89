"""What the world around a gateway does not give it. Never the pipeline's fault, and never ours."""

from __future__ import annotations


class EnvironmentFault(Exception):
    """What is missing, where, and the way out.

    `place` is a folder, a file, an address, or a data source name with its password left out.
    """

    def __init__(self, message: str, *, place: str, help: str) -> None:
        super().__init__(f"{message} ({place}); {help}")
        self.message = message
        self.place = place
        self.help = help
