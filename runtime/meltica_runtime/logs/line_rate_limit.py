"""How many lines each node may log."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from meltica_runtime.clock import Seconds

LINES_A_SECOND = 10.0
"""Of one node, in the long run: as many as a person can follow."""

BURST = 50.0
"""Lines that a node may log at once after a silence."""

MAX_SOURCES = 10_000
"""Sources that are kept in mind; more than a pipeline has nodes."""


@dataclass(slots=True)
class _Allowance:
    lines: float
    at: float
    hidden: int = 0


class LineRateLimit(logging.Filter):
    """Lets lines through as far as the allowance of their source goes; the next one says how many were held
    back. A source is a node or, for lines without one, a logger; each has an allowance for each level, so
    that a strategy's chatter does not hide its error. Lines with `extra={"bounded": True}` pass: their source
    keeps a limit of its own."""

    def __init__(self, clock: Seconds) -> None:
        super().__init__()
        self._clock = clock
        self._sources: dict[tuple[str, int], _Allowance] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if vars(record).get("bounded", False):
            return True
        now = self._clock()
        source = (str(vars(record).get("node", record.name)), record.levelno)
        if source not in self._sources and len(self._sources) >= MAX_SOURCES:
            self._sources.clear()
        own = self._sources.setdefault(source, _Allowance(BURST, now))
        own.lines = min(BURST, own.lines + (now - own.at) * LINES_A_SECOND)
        own.at = now
        if own.lines < 1:
            own.hidden += 1
            return False
        own.lines -= 1
        if own.hidden:
            hidden = (
                "one line before this one is"
                if own.hidden == 1
                else f"{own.hidden:,} lines before this one are"
            )
            record.msg = f"{record.getMessage()} ({hidden} not shown)"
            record.args = None
            own.hidden = 0
        return True
