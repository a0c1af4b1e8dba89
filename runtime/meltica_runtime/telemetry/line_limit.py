"""How many lines each node may log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

LINES_A_SECOND = 10.0
"""Of one node, in the long run: as many as a person can follow."""

BURST = 50.0
"""Lines that a node may log at once after a silence."""

MAX_NODES = 10_000
"""Nodes that are kept in mind; more than a pipeline has."""


@dataclass(slots=True)
class _Allowance:
    lines: float
    at: float
    hidden: int = 0


class LineLimit(logging.Filter):
    """Lets a node's lines through as far as its allowance goes, and says with the next one how many it held
    back. Lines without a node, and errors, always pass."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._nodes: dict[str, _Allowance] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        node = vars(record).get("node")
        if not isinstance(node, str) or record.levelno >= logging.ERROR:
            return True
        now = self._clock()
        if node not in self._nodes and len(self._nodes) >= MAX_NODES:
            self._nodes.clear()
        own = self._nodes.setdefault(node, _Allowance(BURST, now))
        own.lines = min(BURST, own.lines + (now - own.at) * LINES_A_SECOND)
        own.at = now
        if own.lines < 1:
            own.hidden += 1
            return False
        own.lines -= 1
        if own.hidden:
            record.msg = f"{record.getMessage()} ({own.hidden:,} lines before this one are not shown)"
            record.args = None
            own.hidden = 0
        return True
