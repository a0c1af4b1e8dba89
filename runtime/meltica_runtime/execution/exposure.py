"""What would be held, and what it would be worth, if the open orders of one side were all filled."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from meltica_dsl.model.values import Symbol
from meltica_runtime.money import ZERO, add, multiply, subtract
from meltica_runtime.orders.order import Side


@dataclass(slots=True)
class Exposure:
    """One symbol at one provider.

    `position` is signed. `buying` and `selling` are the open quantities of each side, `buy_notional`
    and `sell_notional` their values at the price each order was valued at. `mark` is the last price
    heard of. `counted` is the worst notional that is in the book's total, `is_stale` says that it
    changed since.
    """

    provider: str
    symbol: str
    quote: str
    position: Decimal = ZERO
    buying: Decimal = ZERO
    selling: Decimal = ZERO
    buy_notional: Decimal = ZERO
    sell_notional: Decimal = ZERO
    mark: Decimal = ZERO
    counted: Decimal = ZERO
    is_stale: bool = False

    def worst_position(self, side: Side, extra: Decimal) -> Decimal:
        """The position in the direction of `side` if its open orders and `extra` more were filled."""
        if side is Side.BUY:
            return add(add(self.position, self.buying), extra)
        return add(subtract(self.selling, self.position), extra)

    def worst_notional(self, side: Side, extra: Decimal) -> Decimal:
        """The larger notional that either side's open orders can lead to, if `side` had `extra` more."""
        held = multiply(self.position, self.mark)
        bought = add(held, self.buy_notional)
        sold = subtract(self.sell_notional, held)
        if side is Side.BUY:
            return max(add(bought, extra), sold)
        return max(bought, add(sold, extra))


class ExposureBook:
    """Exposures by provider and symbol, and the sum of their worst notionals by quote asset.

    Every change costs the same, however many symbols and orders there are: it notes that an exposure
    is stale, and asking for a total values again those that are.
    """

    def __init__(self) -> None:
        self._exposures: dict[tuple[str, str], Exposure] = {}
        self._totals: dict[str, Decimal] = {}
        self._stale: list[Exposure] = []
        self.open_orders = 0

    def at(self, provider: str, symbol: str) -> Exposure:
        key = (provider, symbol)
        exposure = self._exposures.get(key)
        if exposure is None:
            quote = Symbol.parse(symbol).quote
            exposure = self._exposures[key] = Exposure(provider, symbol, quote)
            self._totals.setdefault(quote, ZERO)
        return exposure

    def total(self, quote: str) -> Decimal:
        """The sum of the worst notionals of all symbols quoted in `quote`."""
        for exposure in self._stale:
            self._count(exposure)
        self._stale.clear()
        return self._totals.get(quote, ZERO)

    def mark(self, exposure: Exposure, price: Decimal) -> None:
        """The price that the position is valued at from now on."""
        if price != exposure.mark:
            exposure.mark = price
            self._changed(exposure)

    def open(self, exposure: Exposure, side: Side, quantity: Decimal, notional: Decimal) -> None:
        """Adds to what is open on a side; negative amounts take from it."""
        if side is Side.BUY:
            exposure.buying = add(exposure.buying, quantity)
            exposure.buy_notional = add(exposure.buy_notional, notional)
        else:
            exposure.selling = add(exposure.selling, quantity)
            exposure.sell_notional = add(exposure.sell_notional, notional)
        self._changed(exposure)

    def fill(
        self, exposure: Exposure, side: Side, quantity: Decimal, notional: Decimal, price: Decimal
    ) -> None:
        """Turns open `quantity`, valued at `notional` while it was open, into position at `price`."""
        if side is Side.BUY:
            exposure.position = add(exposure.position, quantity)
        else:
            exposure.position = subtract(exposure.position, quantity)
        exposure.mark = price
        self.open(exposure, side, quantity.copy_negate(), notional.copy_negate())

    def hold(self, exposure: Exposure, quantity: Decimal, mark: Decimal) -> None:
        """Adds a position that was held before we started."""
        exposure.position = add(exposure.position, quantity)
        exposure.mark = mark
        self._changed(exposure)

    def _changed(self, exposure: Exposure) -> None:
        if not exposure.is_stale:
            exposure.is_stale = True
            self._stale.append(exposure)

    def _count(self, exposure: Exposure) -> None:
        exposure.is_stale = False
        worst = exposure.worst_notional(Side.BUY, ZERO)
        change = subtract(worst, exposure.counted)
        self._totals[exposure.quote] = add(self._totals[exposure.quote], change)
        exposure.counted = worst
