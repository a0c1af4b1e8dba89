"""What each strategy instance holds at each provider: exact sums of its fills."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from meltica_runtime.money import ZERO, add, multiply, subtract
from meltica_runtime.orders.order import Filled, Side


@dataclass(frozen=True, slots=True)
class Position:
    """One symbol of one instance at one provider.

    `net` is signed and includes what was `held_before` the gateway started. The other amounts count
    since then: quantities `bought` and `sold`, what was `spent` and `received` for them in the quote
    asset (fees not included), and the number of `fills`.
    """

    instance: str
    provider: str
    symbol: str
    net: Decimal
    bought: Decimal
    sold: Decimal
    spent: Decimal
    received: Decimal
    fills: int


class PositionLedger:
    """The sums that a `Position` is read from."""

    __slots__ = ("_bought", "_fills", "_held_before", "_received", "_sold", "_spent")

    def __init__(self) -> None:
        self._held_before = self._bought = self._sold = self._spent = self._received = ZERO
        self._fills = 0

    def hold(self, quantity: Decimal) -> None:
        self._held_before = add(self._held_before, quantity)

    def fill(self, side: Side, fill: Filled) -> None:
        """Books a fill."""
        notional = multiply(fill.quantity, fill.price)
        if side is Side.BUY:
            self._bought = add(self._bought, fill.quantity)
            self._spent = add(self._spent, notional)
        else:
            self._sold = add(self._sold, fill.quantity)
            self._received = add(self._received, notional)
        self._fills += 1

    def read(self, instance: str, provider: str, symbol: str) -> Position:
        net = add(self._held_before, subtract(self._bought, self._sold))
        return Position(
            instance,
            provider,
            symbol,
            net,
            self._bought,
            self._sold,
            self._spent,
            self._received,
            self._fills,
        )
