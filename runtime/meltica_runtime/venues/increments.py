"""Prices and quantities as whole steps of a decimal grid, and the one way from there to f64 and back.

A price of n ticks is the f64 nearest to the exact decimal, and that f64, printed with 15 significant digits,
is the exact decimal again. So market data may travel as f64 and money is still computed in decimals.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

SIGNIFICANT_DIGITS = 15
"""Every decimal of so many digits survives the way through f64 (IEEE 754 binary64: DBL_DIG)."""

_LARGEST = 10**SIGNIFICANT_DIGITS - 1


def exact_decimal(value: float) -> Decimal:
    """The decimal that an f64 of market data stands for: its first 15 significant digits."""
    return Decimal(f"{value:.15g}")


@dataclass(frozen=True, slots=True)
class Increment:
    """Multiples of `step`, a positive decimal such as 0.01 or 0.05."""

    step: Decimal

    def __post_init__(self) -> None:
        if not self.step.is_finite() or self.step <= 0:
            raise ValueError(f"a step of a price or quantity is greater than 0, not {self.step}")

    @property
    def places(self) -> int:
        """Decimal places that a multiple of the step can have."""
        exponent = self.step.normalize().as_tuple().exponent
        assert isinstance(exponent, int)
        return max(0, -exponent)

    @property
    def largest(self) -> int:
        """The most steps whose value still has 15 digits."""
        return int(_LARGEST // int(self.step.scaleb(self.places)))

    def values(self, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        """The f64 nearest to each multiple; `steps` are whole numbers up to `largest`.

        Both factors are exact in f64, and a quotient is rounded correctly (IEEE 754), so no error adds up.
        """
        scaled: NDArray[np.float64] = steps * float(self.step.scaleb(self.places))
        return scaled / float(10**self.places)

    def steps_in(self, value: Decimal) -> int:
        """Whole steps in a value, rounded down."""
        return int(value // self.step)

    def holds(self, value: Decimal) -> bool:
        """True for multiples of the step."""
        return value % self.step == 0
