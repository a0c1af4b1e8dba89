"""Where a simulated provider's market data comes from, and what goes wrong there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from meltica_runtime.dataplane.market_batch import MarketSource


class SourceFault(Exception):
    """A source cannot be opened or read. The message names the file, what is wrong and what was expected."""


class SubscribableSource(MarketSource, Protocol):
    def subscribe(self, depths: Mapping[str, int]) -> None:
        """Gives these events from its present place on, with so many levels a side of a book. Those that it
        gave already go on without a gap; what it has not it leaves out."""
        ...
