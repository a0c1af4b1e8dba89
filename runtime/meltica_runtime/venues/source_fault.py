"""What goes wrong with a source of market data."""

from __future__ import annotations


class SourceFault(Exception):
    """A source cannot be opened or read. The message names the file, what is wrong and what was expected."""
