"""Log lines on stderr: time, level, what was said, and of which node at which place of the pipeline."""

from __future__ import annotations

import logging
import sys

_FORMAT = "%(asctime)s %(levelname)s %(message)s"


def set_up_logs(*, verbose: bool, color: bool) -> None:
    """Sends the program's log lines to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(_FORMAT))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("meltica").setLevel(logging.DEBUG if verbose else logging.INFO)
