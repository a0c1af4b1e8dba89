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


class LineAllowance:
    """Lines that may be written: `per_second` more each second, never more than `burst` at once, which is
    what there is at `now`. Times are in seconds."""

    __slots__ = ("_burst", "_left", "_per_second", "_since")

    def __init__(self, per_second: float, burst: float, now: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._left = burst
        self._since = now

    def take(self, wanted: int, now: float) -> int:
        """How many of the `wanted` lines may be written."""
        self._left = min(self._burst, self._left + (now - self._since) * self._per_second)
        self._since = now
        given = min(wanted, int(self._left))
        self._left -= given
        return given


@dataclass(slots=True)
class _Source:
    allowance: LineAllowance
    hidden: int = 0


class LineRateLimit(logging.Filter):
    """Lets lines through as far as the allowance of their source goes; the next one says how many were held
    back. A source is a node or, for lines without one, a logger; each has an allowance for each level, so
    that a strategy's chatter does not hide its error. Lines with `extra={"bounded": True}` pass: their source
    keeps a limit of its own."""

    def __init__(self, clock: Seconds) -> None:
        super().__init__()
        self._clock = clock
        self._sources: dict[tuple[str, int], _Source] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if vars(record).get("bounded", False):
            return True
        now = self._clock()
        source = (str(vars(record).get("node", record.name)), record.levelno)
        if source not in self._sources and len(self._sources) >= MAX_SOURCES:
            self._sources.clear()
        if source not in self._sources:
            self._sources[source] = _Source(LineAllowance(LINES_A_SECOND, BURST, now))
        own = self._sources[source]
        if not own.allowance.take(1, now):
            own.hidden += 1
            return False
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
