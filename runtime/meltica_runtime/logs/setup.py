"""Log lines on stderr, one event a line:

    2026-11-22T23:05:50.123Z warning provider:okx pipelines/maker.mel:14 the connection was lost

Time (UTC), level, the node and its place where there is one, and what was said. A thread of its own writes
them, so that a terminal that does not read stops nothing; what it cannot take is dropped and counted.
"""

from __future__ import annotations

import logging
import queue
import sys
from logging.handlers import QueueHandler, QueueListener

from meltica_runtime.clock import monotonic_s
from meltica_runtime.logs.line_format import LineFormatter
from meltica_runtime.logs.line_rate_limit import LineRateLimit

QUEUED_LINES = 4_096
"""Lines that wait for the terminal, at about 1 KiB each."""


def set_up_logs(level: int, *, color: bool) -> None:
    """Sends log lines to stderr until the process ends: our own from `level` on, those of libraries from
    WARNING on. A second call replaces the first."""
    root = logging.getLogger()
    for earlier in [one for one in root.handlers if isinstance(one, _LineQueue)]:
        earlier.close()
        root.removeHandler(earlier)
    lines = _LineQueue(LineFormatter(color=color))
    root.addHandler(lines)
    root.setLevel(logging.WARNING)
    logging.getLogger("meltica").setLevel(level)


class _LineQueue(QueueHandler):
    """Formats where a line is said, writes elsewhere."""

    def __init__(self, formatter: LineFormatter) -> None:
        self._waiting: queue.Queue[logging.LogRecord] = queue.Queue(QUEUED_LINES)
        super().__init__(self._waiting)
        self.setFormatter(formatter)
        self.addFilter(LineRateLimit(monotonic_s))
        self._writer = QueueListener(self._waiting, _LineWriter())
        self._writer.start()
        self._is_open = True
        self._dropped = 0

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self._waiting.put_nowait(record)
        except queue.Full:
            self._dropped += 1
            return
        if self._dropped and self._waiting.qsize() < QUEUED_LINES // 2:
            count, self._dropped = self._dropped, 0
            logging.getLogger("meltica").warning(
                "%s log lines were dropped: stderr took them too slowly", count
            )

    def close(self) -> None:
        """Writes what waits and ends the thread; the logging module calls it when the process ends."""
        if self._is_open:
            self._is_open = False
            self._writer.stop()
        super().close()


class _LineWriter(logging.Handler):
    """Takes finished lines. Looks stderr up for each, because the live view puts its own in its place to
    keep the lines above the table. A stderr that is gone loses the lines: there is nowhere to say so."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(record.getMessage() + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            return
