"""Orders that came to their end lately, so that late repetitions of their reports are recognised."""

from __future__ import annotations

from collections import OrderedDict

from meltica_runtime.orders.lifecycle import Order


class RecentlyClosed:
    """The last `window` orders that became final."""

    def __init__(self, window: int) -> None:
        self._orders: OrderedDict[str, Order] = OrderedDict()
        self._window = window

    def __len__(self) -> int:
        return len(self._orders)

    def __contains__(self, client_order_id: str) -> bool:
        return client_order_id in self._orders

    def get(self, client_order_id: str) -> Order | None:
        return self._orders.get(client_order_id)

    def put(self, order: Order) -> None:
        self._orders[order.client_order_id] = order
        if len(self._orders) > self._window:
            self._orders.popitem(last=False)
