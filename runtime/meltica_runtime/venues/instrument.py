"""The trading rules of a symbol at a venue."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Instrument:
    """Prices are multiples of `tick_size`, quantities of `lot_size`; price times quantity is at least
    `min_notional`, in the quote asset."""

    symbol: str
    tick_size: Decimal
    lot_size: Decimal
    min_notional: Decimal
