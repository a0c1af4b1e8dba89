"""What the engine keeps of one strategy instance, and of one open order."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from meltica_dsl.model.pipeline import Risk
from meltica_runtime.execution.exposure import Exposure
from meltica_runtime.execution.positions import PositionLedger
from meltica_runtime.execution.risk import RiskEngine
from meltica_runtime.money import ZERO, add, multiply, subtract
from meltica_runtime.orders.lifecycle import Order
from meltica_runtime.orders.limits import unlimited
from meltica_runtime.orders.order import Filled

Market = tuple[str, str]
"""A provider and a symbol."""


class Account:
    """One strategy instance: its limits, where it may trade, and what it holds."""

    __slots__ = ("dry_run", "instance", "is_open", "ledgers", "markets", "risk_engine")

    def __init__(
        self, instance: str, risk: Risk | None, markets: Collection[Market], *, dry_run: bool
    ) -> None:
        self.instance = instance
        self.risk_engine = RiskEngine(risk or unlimited(instance), instance)
        self.markets = frozenset(markets)
        self.dry_run = dry_run
        self.is_open = True
        self.ledgers: dict[Market, PositionLedger] = {}

    @property
    def is_empty(self) -> bool:
        """No order is open, nothing was ever held, and no kill switch is engaged."""
        engine = self.risk_engine
        return not (engine.exposures.open_orders or self.ledgers or engine.kill_switch_engaged)

    def ledger(self, market: Market) -> PositionLedger:
        ledger = self.ledgers.get(market)
        if ledger is None:
            ledger = self.ledgers[market] = PositionLedger()
        return ledger


class OpenOrder:
    """An open order with what it takes up of two engines' limits: its instance's and the gateway's.

    `value` is the price that its open quantity is valued at. While an amend that asks for more is on
    its way, `extra_quantity` and `extra_notional` are what it would add. `requests` counts the
    requests that the venue has not answered: an amend, and one cancel however often it was asked for.
    """

    __slots__ = (
        "account",
        "extra_notional",
        "extra_quantity",
        "is_cancelling",
        "limit_scopes",
        "order",
        "requests",
        "value",
    )

    def __init__(self, order: Order, account: Account, gateway: RiskEngine, value: Decimal) -> None:
        provider, symbol = order.request.provider, order.request.symbol
        self.order = order
        self.account = account
        self.value = value
        self.extra_quantity = ZERO
        self.extra_notional = ZERO
        self.requests = 0
        self.is_cancelling = False
        self.limit_scopes: tuple[tuple[RiskEngine, Exposure], ...] = (
            (account.risk_engine, account.risk_engine.exposures.at(provider, symbol)),
            (gateway, gateway.exposures.at(provider, symbol)),
        )

    def cancelling(self) -> None:
        """Counts a cancel, unless one is on its way: those that wait are sent as one."""
        if not self.is_cancelling:
            self.is_cancelling = True
            self.requests += 1

    def answered(self) -> None:
        """The venue has answered one of the requests."""
        self.requests = max(0, self.requests - 1)
        if not self.requests:
            self.is_cancelling = False

    def occupy(self) -> None:
        """Takes up its place, its remaining quantity, and what an amend that was on its way may add,
        without being asked about limits."""
        remaining = self.order.remaining
        for engine, _ in self.limit_scopes:
            engine.exposures.open_orders += 1
        self._move(remaining, multiply(remaining, self.value))
        amendment = self.order.amendment
        if amendment is not None and amendment.price is not None and amendment.quantity is not None:
            self.requests = 1
            self.reserve(*self.amendment_adds(amendment.price, amendment.quantity))
            self._move(self.extra_quantity, self.extra_notional)

    def reserve(self, quantity: Decimal, notional: Decimal) -> None:
        """Notes what the engines have admitted for an amend on its way."""
        self.extra_quantity = quantity
        self.extra_notional = notional

    def free_reserve(self) -> None:
        if self.extra_quantity or self.extra_notional:
            self._move(self.extra_quantity.copy_negate(), self.extra_notional.copy_negate())
            self.extra_quantity = self.extra_notional = ZERO

    def fill(self, fill: Filled) -> None:
        """Turns open quantity into position."""
        side = self.order.request.side
        notional = multiply(fill.quantity, self.value)
        for engine, exposure in self.limit_scopes:
            engine.exposures.fill(exposure, side, fill.quantity, notional, fill.price)
        request = self.order.request
        self.account.ledger((request.provider, request.symbol)).fill(side, fill)

    def amended(self, order: Order) -> None:
        """Follows an amendment that the venue has made."""
        self.free_reserve()
        before, after = self.order.remaining, order.remaining
        value = order.request.price
        assert value is not None, "only limit orders are amended"
        change = subtract(multiply(after, value), multiply(before, self.value))
        self._move(subtract(after, before), change)
        self.value = value

    def leave(self) -> None:
        """Gives back its place and all that is still open."""
        self.free_reserve()
        remaining = self.order.remaining
        for engine, _ in self.limit_scopes:
            engine.exposures.open_orders -= 1
        if remaining:
            self._move(remaining.copy_negate(), multiply(remaining, self.value).copy_negate())

    def amendment_adds(self, price: Decimal, quantity: Decimal) -> tuple[Decimal, Decimal]:
        """Open quantity and notional that an amend would add; never below zero, because what it
        would take away is still open until the venue says otherwise."""
        order = self.order
        more = max(ZERO, subtract(quantity, order.request.quantity))
        notional_after = multiply(subtract(quantity, order.filled), price)
        notional_now = multiply(order.remaining, self.value)
        return more, max(ZERO, add(notional_after, notional_now.copy_negate()))

    def _move(self, quantity: Decimal, notional: Decimal) -> None:
        side = self.order.request.side
        for engine, exposure in self.limit_scopes:
            engine.exposures.open(exposure, side, quantity, notional)
