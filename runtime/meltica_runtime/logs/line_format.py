"""How one log line looks."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from meltica_compiler.graph.graph import Node

MAX_LINE_CHARACTERS = 2_000
"""A longer message is cut. A strategy's line or a venue's answer can be of any length."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CREDENTIALS = re.compile(r"(\w+://)[^/\s@]+@")
_COLORS: Mapping[int, str] = MappingProxyType(
    {
        logging.DEBUG: "2",
        logging.INFO: "36",
        logging.WARNING: "33",
        logging.ERROR: "31",
        logging.CRITICAL: "31;1",
    }
)


def log_extra(node: Node) -> dict[str, object]:
    """The `extra` of a line that a node has caused."""
    return {"node": node.id, "place": str(node.location)}


class LineFormatter(logging.Formatter):
    """Time, level, node, place and message; nothing in it can start a new line or move the cursor.

    `extra=log_extra(node)` names the node and `file:line`. User names and passwords of URLs are
    left out. A traceback, if there is one, follows on lines of its own.
    """

    def __init__(self, *, color: bool) -> None:
        super().__init__()
        self._color = color

    def format(self, record: logging.LogRecord) -> str:
        head = [_time(record), self._level(record)]
        extra = vars(record)
        head += [single_line(str(extra[key])) for key in ("node", "place") if extra.get(key)]
        line = " ".join([*head, single_line(record.getMessage())])
        if record.exc_info:
            line += "\n" + _CREDENTIALS.sub(r"\1", self.formatException(record.exc_info))
        return line

    def _level(self, record: logging.LogRecord) -> str:
        name = record.levelname.lower()
        color = _COLORS.get(record.levelno)
        return f"\x1b[{color}m{name}\x1b[0m" if self._color and color else name


def _time(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def single_line(text: str) -> str:
    """The text on one line, no longer than allowed, control characters written out."""
    if len(text) > MAX_LINE_CHARACTERS:
        text = f"{text[:MAX_LINE_CHARACTERS]}… ({len(text):,} characters)"
    return _CREDENTIALS.sub(r"\1", _CONTROL.sub(lambda found: repr(found.group())[1:-1], text))
