"""Between strategies and the order router: what strategies do goes in, what became of it comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from meltica_compiler.graph.graph import StrategyNode
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.execution.router import OrderRouter
from meltica_runtime.execution.router_records import Delivery
from meltica_runtime.orders.limits import RiskEvent
from meltica_runtime.orders.order import AmendRequest, BalanceChanged, CancelRequest, OrderRequest
from meltica_runtime.orders.outcomes import OrderUpdate
from meltica_runtime.strategies.cold_events import balance_event, execution_event, risk_event
from meltica_runtime.strategies.instance import StrategyInstance
from meltica_runtime.strategies.isolate import Effect
from meltica_runtime.strategies.requests import reference_price, trade_request


class StrategyOrders:
    """Numbers cold events as they come, so that they have their place in the one order."""

    def __init__(self, ingest: Ingest, pump: Callable[[], None]) -> None:
        """`pump` is called after each delivery, so that readers may read as far as it."""
        self._ingest = ingest
        self._pump = pump
        self._instances: Mapping[str, StrategyInstance] = {}
        self._router: OrderRouter | None = None

    def wire(self, instances: Mapping[str, StrategyInstance], router: OrderRouter) -> None:
        self._instances = instances
        self._router = router

    def act(self, node: StrategyNode, effects: tuple[Effect, ...]) -> None:
        """Puts a strategy's requests to the router, in order."""
        assert self._router is not None, "wired before anything runs"
        for effect in effects:
            request = trade_request(node.name, effect)
            match request:
                case OrderRequest():
                    self._router.submit(request, reference_price(effect))
                case CancelRequest():
                    self._router.cancel(request)
                case AmendRequest():
                    self._router.amend(request, reference_price(effect))

    def follow_halts(self) -> None:
        """Lets strategies know whether they may trade, before they start."""
        for name, instance in self._instances.items():
            if instance.node.trade_on is not None:
                self._allow(name, instance)

    def deliver(self, delivery: Delivery) -> None:
        """Hands what happened to the strategies concerned. What is delivered is durable already."""
        match delivery:
            case OrderUpdate():
                self._tell_of_order(delivery)
            case BalanceChanged():
                seq = self._ingest.next_seq()
                for instance in self._instances.values():
                    if instance.node.trade_on == delivery.provider:
                        instance.deliver(balance_event(delivery, seq))
            case RiskEvent():
                self._tell_of_risk(delivery)
        self._pump()

    def _tell_of_order(self, update: OrderUpdate) -> None:
        instance = self._instances.get(update.order.request.instance)
        # An order of an instance that this pipeline no longer has: its end is in the store.
        if instance is None:
            return
        event = execution_event(update, self._ingest.next_seq())
        if event is not None:
            instance.deliver(event)

    def _tell_of_risk(self, event: RiskEvent) -> None:
        seq = self._ingest.next_seq()
        for name, instance in self._instances.items():
            if event.instance in (None, name) and instance.node.trade_on is not None:
                self._allow(name, instance)
                instance.deliver(risk_event(event, seq))

    def _allow(self, name: str, instance: StrategyInstance) -> None:
        assert self._router is not None, "wired before anything runs"
        instance.allow_trading(allowed=not self._router.engine.accounts.is_halted(name))
