"""From the execution session to strategies: what happened, as cold events in the one order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from meltica_compiler.graph.graph import StrategyNode
from meltica_runtime.execution.accounts import Accounts
from meltica_runtime.orders.limits import RiskEvent
from meltica_runtime.orders.order import BalanceChanged
from meltica_runtime.orders.outcomes import Delivery, OrderUpdate
from meltica_runtime.strategies.cold_events import balance_event, execution_event, risk_event
from meltica_runtime.strategies.isolate import ColdEvent


class Recipient(Protocol):
    """A strategy that runs, live or on virtual time."""

    node: StrategyNode

    def deliver(self, event: ColdEvent) -> None: ...

    def allow_trading(self, *, allowed: bool) -> None:
        """What `isTradingActive()` answers from now on."""
        ...


class Deliveries:
    """Numbers cold events as they come, so that they have their place in the one order."""

    def __init__(
        self, accounts: Accounts, next_seq: Callable[[], float], delivered: Callable[[], None]
    ) -> None:
        """`delivered` is called after each delivery, so that readers may read as far as it."""
        self._accounts = accounts
        self._next_seq = next_seq
        self._delivered = delivered
        self._recipients: Mapping[str, Recipient] = {}

    def use(self, recipients: Mapping[str, Recipient]) -> None:
        """Delivers to these from now on, by instance, and lets them know whether they may trade."""
        self._recipients = recipients
        self.follow_halts()

    def follow_halts(self) -> None:
        """Lets strategies know whether they may trade."""
        for name, recipient in self._recipients.items():
            if recipient.node.trade_on is not None:
                self._allow(name, recipient)

    def deliver(self, delivery: Delivery) -> None:
        """Hands what happened to the strategies concerned. What is delivered is durable already."""
        match delivery:
            case OrderUpdate():
                self._tell_of_order(delivery)
            case BalanceChanged():
                seq = self._next_seq()
                for recipient in self._recipients.values():
                    if recipient.node.trade_on == delivery.provider:
                        recipient.deliver(balance_event(delivery, seq))
            case RiskEvent():
                self._tell_of_risk(delivery)
        self._delivered()

    def _tell_of_order(self, update: OrderUpdate) -> None:
        recipient = self._recipients.get(update.order.request.instance)
        # An order of an instance that this pipeline no longer has: its end is in the store.
        if recipient is None:
            return
        event = execution_event(update, self._next_seq())
        if event is not None:
            recipient.deliver(event)

    def _tell_of_risk(self, event: RiskEvent) -> None:
        seq = self._next_seq()
        for name, recipient in self._recipients.items():
            if event.instance in (None, name) and recipient.node.trade_on is not None:
                self._allow(name, recipient)
                recipient.deliver(risk_event(event, seq))

    def _allow(self, name: str, recipient: Recipient) -> None:
        recipient.allow_trading(allowed=not self._accounts.is_halted(name))
