"""What the paper venue holds for its one customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from meltica_runtime.money import ZERO, add, subtract
from meltica_runtime.orders.order import BalanceChanged

PLENTY = Decimal(1_000_000_000)
"""Of every asset that is traded, for an account whose balances nobody set."""


class PaperAccount:
    """Totals and holds by asset, exact. A hold is the part of the total that open orders may need."""

    def __init__(self, provider: str, assets: Iterable[str], initial: Mapping[str, Decimal] | None) -> None:
        self._provider = provider
        start = initial if initial is not None else {}
        absent = PLENTY if initial is None else ZERO
        names = dict.fromkeys([*start, *assets])
        self._total = {asset: start.get(asset, absent) for asset in names}
        self._held = dict.fromkeys(names, ZERO)
        self._changed: dict[str, None] = {}

    def available(self, asset: str) -> Decimal:
        return subtract(self._total[asset], self._held[asset])

    def hold(self, asset: str, amount: Decimal) -> None:
        assert amount <= self.available(asset), "a hold exceeds what is available"
        self._held[asset] = add(self._held[asset], amount)
        self._changed[asset] = None

    def release(self, asset: str, amount: Decimal) -> None:
        self._held[asset] = subtract(self._held[asset], amount)
        assert self._held[asset] >= 0, "more was released than was held"
        if amount:
            self._changed[asset] = None

    def pay(self, asset: str, amount: Decimal) -> None:
        self._total[asset] = subtract(self._total[asset], amount)
        assert self._total[asset] >= 0, "more was paid than there was"
        self._changed[asset] = None

    def receive(self, asset: str, amount: Decimal) -> None:
        self._total[asset] = add(self._total[asset], amount)
        self._changed[asset] = None

    def take_changes(self, time_us: float) -> list[BalanceChanged]:
        """The balances that changed since the last call, as they are now."""
        changes = [self._balance(asset, time_us) for asset in self._changed]
        self._changed.clear()
        return changes

    def balances(self, time_us: float) -> tuple[BalanceChanged, ...]:
        return tuple(self._balance(asset, time_us) for asset in self._total)

    def _balance(self, asset: str, time_us: float) -> BalanceChanged:
        return BalanceChanged(self._provider, asset, self._total[asset], self.available(asset), time_us)
