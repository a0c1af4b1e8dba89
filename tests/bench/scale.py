"""How much a benchmark does: enough to be sure, quickly, or just to show that it runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """`share` of the full amount of work, and how often it is repeated for the median."""

    share: float
    repeats: int

    def of(self, full: int, least: int = 1) -> int:
        return max(least, int(full * self.share))


FULL = Scale(1.0, 5)
SHORT = Scale(0.1, 3)
TINY = Scale(0.0005, 1)
