"""All strategy instances that trade: who they are, their limits, and what they hold."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal

from meltica_dsl.model.pipeline import Risk
from meltica_runtime.execution.account import Account, Market
from meltica_runtime.execution.exposure import Exposure
from meltica_runtime.execution.positions import Position
from meltica_runtime.execution.risk import Proposal, RiskEngine
from meltica_runtime.orders.limits import Breach, RiskEvent, unlimited

LimitScopes = tuple[tuple[RiskEngine, Exposure], ...]
"""The engines that an order has to pass, each with the order's exposure in it."""


class Accounts:
    """Accounts by instance, and the limits that all of them share.

    Where an `instance` is asked for, None means the shared limits of the gateway.
    """

    def __init__(self, gateway: Risk | None = None) -> None:
        self.gateway = RiskEngine(gateway or unlimited("gateway"), None)
        self._accounts: dict[str, Account] = {}

    def register(
        self,
        instance: str,
        risk: Risk | None,
        markets: Collection[Market],
        now_us: float,
        *,
        dry_run: bool,
    ) -> tuple[RiskEvent, ...]:
        """Lets an instance trade on `markets`, pairs of provider and symbol. One that is known already
        keeps its open orders, its positions and an engaged kill switch, and follows the new limits."""
        known = self._accounts.get(instance)
        if known is None:
            self._accounts[instance] = Account(instance, risk, markets, dry_run=dry_run)
            return ()
        known.markets, known.dry_run, known.is_open = frozenset(markets), dry_run, True
        return known.risk_engine.use(risk or unlimited(instance), now_us)

    def withdraw(self, instance: str) -> int:
        """Lets an instance place no more orders; how many of its orders are still open. These are
        followed to their end, and what it holds stays known."""
        account = self._accounts[instance]
        account.is_open = False
        still_open = account.risk_engine.exposures.open_orders
        self.forget_if_done(account)
        return still_open

    def restore_position(self, instance: str, market: Market, quantity: Decimal, mark: Decimal) -> None:
        """Takes up what an instance held before we started: signed quantity, and a price to value it
        at until a newer one is heard."""
        account = self.take_up(instance)
        account.ledger(market).hold(quantity)
        for engine in (account.risk_engine, self.gateway):
            engine.exposures.hold(engine.exposures.at(*market), quantity, mark)

    def close_positions(self, provider: str) -> tuple[Position, ...]:
        """Takes what is held at a venue out of the books, and returns it: its account is gone."""
        held = tuple(p for p in self.positions() if p.provider == provider and p.net)
        for position in held:
            market = (provider, position.symbol)
            mark = self.risk_engine(position.instance).exposures.at(*market).mark
            self.restore_position(position.instance, market, position.net.copy_negate(), mark)
        return held

    def restore_halt(self, instance: str | None, reason: str) -> None:
        """Takes up a kill switch that an earlier run left engaged."""
        engine = self.gateway if instance is None else self.take_up(instance).risk_engine
        engine.restore_halt(reason)

    def positions(self) -> tuple[Position, ...]:
        return tuple(
            ledger.read(account.instance, *market)
            for account in self._accounts.values()
            for market, ledger in account.ledgers.items()
        )

    def halt(self, instance: str | None, reason: str, now_us: float) -> tuple[RiskEvent, ...]:
        """Engages the kill switch. Nothing is cancelled."""
        return self.risk_engine(instance).halt(reason, now_us)

    def reset(self, instance: str | None, now_us: float) -> tuple[RiskEvent, ...]:
        """Releases the kill switch and closes the circuit breaker."""
        return self.risk_engine(instance).reset(now_us)

    def is_halted(self, instance: str) -> bool:
        """Whether a kill switch stops this instance, its own or the gateway's."""
        return self.gateway.kill_switch_engaged or self._accounts[instance].risk_engine.kill_switch_engaged

    def limits(self, instance: str | None) -> Risk:
        return self.risk_engine(instance).risk

    def use_limits(self, instance: str | None, risk: Risk, now_us: float) -> tuple[RiskEvent, ...]:
        return self.risk_engine(instance).use(risk, now_us)

    def advance(self, now_us: float) -> tuple[RiskEvent, ...]:
        """Closes the circuit breakers whose cooldown is over."""
        return tuple(event for engine in self._engines() for event in engine.advance(now_us))

    def next_change_us(self) -> float:
        """When `advance` next has something to do; infinite if never."""
        return min(engine.next_change_us for engine in self._engines())

    def get(self, instance: str) -> Account | None:
        return self._accounts.get(instance)

    def take_up(self, instance: str) -> Account:
        """The account of an instance; one that no longer runs gets one that places no orders."""
        account = self._accounts.get(instance)
        if account is None:
            account = self._accounts[instance] = Account(instance, None, (), dry_run=True)
            account.is_open = False
        return account

    def forget_if_done(self, account: Account) -> None:
        if not account.is_open and account.is_empty:
            del self._accounts[account.instance]

    def risk_engine(self, instance: str | None) -> RiskEngine:
        """The engine of an instance that is known; another is a KeyError."""
        return self.gateway if instance is None else self._accounts[instance].risk_engine

    def _engines(self) -> Iterator[RiskEngine]:
        yield self.gateway
        for account in self._accounts.values():
            yield account.risk_engine


def check_limits(
    limit_scopes: LimitScopes, proposal: Proposal, now_us: float
) -> tuple[Breach | None, tuple[RiskEvent, ...]]:
    """Asks the limits of the instance, then those of the gateway; only if all agree is anything used up."""
    events: tuple[RiskEvent, ...] = ()
    for engine, exposure in limit_scopes:
        events += engine.advance(now_us)
        if proposal.reference is not None:
            engine.exposures.mark(exposure, proposal.reference)
        decision = engine.check(proposal, exposure, now_us)
        if isinstance(decision, Breach):
            return decision, events + engine.breached(decision, now_us)
    for engine, exposure in limit_scopes:
        events += engine.admit(proposal, exposure, now_us)
    return None, events
