"""Accounts on paper end with their gateway: what an earlier run left in them is closed in the books."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from meltica_dsl.model.value_text import decimal_text
from meltica_runtime.execution.group_commit import CommitLimits
from meltica_runtime.orders import lifecycle
from meltica_runtime.orders.lifecycle import Order
from meltica_runtime.orders.order import Expired
from meltica_runtime.orders.write_log import (
    OrderChanged,
    PositionClosed,
    WriteLog,
    WriteLogEntry,
    WriteLogUnavailable,
)
from meltica_runtime.store.faults import StoreFault
from meltica_runtime.store.order_store import OrderStore
from meltica_runtime.store.rows import StoredPosition
from meltica_runtime.venues.paper.trading import FORGOTTEN

GROUP = CommitLimits().group
"""Entries of one commit, as the router has them."""

NAMED = 4
"""Positions that a line of the log names; of more it says how many."""

_log = logging.getLogger("meltica")


async def close_former_accounts(
    store: OrderStore,
    write_log: WriteLog,
    orders: Sequence[Order],
    instances: Collection[str],
    now_us: float,
) -> None:
    """Ends those of `orders` that are on paper, takes out what `instances` held there, and says so in the
    log. Raises `StoreFault`. Cancelled or failed half-way, the next start closes what is left."""
    ended = [_forgotten(order, now_us) for order in orders if order.on_paper]
    held = await store.paper_positions(instances)
    closed = [PositionClosed(p.instance, p.provider, p.symbol, p.quantity, now_us) for p in held]
    entries: list[WriteLogEntry] = [*map(OrderChanged, ended), *closed]
    for begin in range(0, len(entries), GROUP):
        await _commit(write_log, entries[begin : begin + GROUP])
    for provider in sorted({o.request.provider for o in ended} | {p.provider for p in held}):
        _log.info(
            "%s: its account is on paper and begins anew; %s",
            provider,
            _closed_text(
                sum(order.request.provider == provider for order in ended),
                [position for position in held if position.provider == provider],
            ),
        )


def _forgotten(order: Order, now_us: float) -> Order:
    ended = lifecycle.apply(order, Expired(order.client_order_id, now_us, FORGOTTEN))
    assert isinstance(ended, Order), "an open order can always expire"
    return ended


async def _commit(write_log: WriteLog, entries: Sequence[WriteLogEntry]) -> None:
    try:
        await write_log.commit(entries)
    except WriteLogUnavailable as fault:
        if isinstance(fault.__cause__, StoreFault):
            raise fault.__cause__ from fault
        help = "start again once the database takes what is written"
        raise StoreFault(str(fault), place="the gateway's database", help=help) from fault


def _closed_text(orders: int, positions: Sequence[StoredPosition]) -> str:
    """What was closed, in words.

    >>> _closed_text(1, [])
    'of earlier runs, 1 open order has expired'
    """
    parts = []
    if orders:
        parts.append(f"{orders} open {'order has' if orders == 1 else 'orders have'} expired")
    if positions:
        named = [f"{decimal_text(p.quantity)} {p.symbol} of {p.instance}" for p in positions[:NAMED]]
        more = [f"{len(positions) - NAMED} more"] if len(positions) > NAMED else []
        what = "1 position is" if len(positions) == 1 else f"{len(positions)} positions are"
        parts.append(f"{what} closed ({', '.join(named + more)})")
    return "of earlier runs, " + " and ".join(parts)
