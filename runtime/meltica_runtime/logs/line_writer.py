"""Writing lines to stderr, whatever stderr is at the time."""

from __future__ import annotations

import logging
import sys


class LineWriter(logging.Handler):
    """Takes finished lines. Looks stderr up for each, because the live view puts its own in its place to
    keep the lines above the table. A stderr that is gone loses the lines: there is nowhere to say so."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(record.getMessage() + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            return
