"""Finding again what the write log stored: the listings of the API, and what a start needs to go on from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import asyncpg

from meltica_runtime.orders.lifecycle import Order
from meltica_runtime.orders.order import OrderState
from meltica_runtime.store.pool import Database
from meltica_runtime.store.rows import (
    StoredExecution,
    StoredOrder,
    StoredPosition,
    order_of,
    stored_execution,
    stored_order,
    stored_position,
)

DEFAULT_PAGE = 100
MAX_PAGE = 1_000
"""Most rows of one listing: about 1 MB of JSON."""

MAX_OPEN_ORDERS = 100_000
"""Most orders that a start takes up again; more than any limit on open orders lets a strategy have."""

Filter = tuple[str, object]
"""A condition with `{}` where its value stands. A value of None filters nothing."""


@dataclass(frozen=True, slots=True)
class _Listing:
    table: str
    order: str

    def query(self, filters: Sequence[Filter], limit: int) -> tuple[str, list[object]]:
        """The statement and its values. It names only the filters that are meant, so that each
        combination has a plan, and an index, of its own."""
        used = [(condition, value) for condition, value in filters if value is not None]
        where = " AND ".join(condition.format(f"${place}") for place, (condition, _) in enumerate(used, 1))
        statement = (
            f"SELECT * FROM {self.table} WHERE {where} "  # noqa: S608 - words of our own
            f"ORDER BY {self.order} LIMIT ${len(used) + 1}"
        )
        return statement, [*(value for _, value in used), min(limit, MAX_PAGE)]


_ORDERS = _Listing("orders", "placed_us DESC, client_order_id DESC")
_EXECUTIONS = _Listing("executions", "traded_us DESC, client_order_id, execution_id")

_OPEN_ORDERS = """
SELECT orders.*, ARRAY(
  SELECT execution_id FROM executions
  WHERE executions.client_order_id = orders.client_order_id ORDER BY traded_us, execution_id
) AS execution_ids
FROM orders WHERE state IN ('NEW', 'ACKNOWLEDGED', 'PARTIALLY_FILLED')
ORDER BY placed_us, client_order_id LIMIT $1
"""
_POSITIONS = """
SELECT instance, provider, symbol, sum(CASE side WHEN 'buy' THEN quantity ELSE -quantity END) AS quantity,
  (array_agg(price ORDER BY traded_us DESC, created_us DESC))[1] AS last_price
FROM executions WHERE NOT on_paper GROUP BY instance, provider, symbol
ORDER BY instance, provider, symbol
"""
_ON_PAPER = """
SELECT instance, provider, symbol, sum(quantity) AS quantity,
  (array_agg(price ORDER BY at_us DESC) FILTER (WHERE price IS NOT NULL))[1] AS last_price
FROM (
  SELECT instance, provider, symbol, CASE side WHEN 'buy' THEN quantity ELSE -quantity END AS quantity,
    price, traded_us AS at_us
  FROM executions WHERE on_paper AND instance = ANY($1::text[])
  UNION ALL
  SELECT instance, provider, symbol, -quantity, NULL, closed_us
  FROM closed_positions WHERE instance = ANY($1::text[])
) AS moves
GROUP BY instance, provider, symbol HAVING sum(quantity) <> 0
ORDER BY instance, provider, symbol
"""


class OrderStore:
    """Queries. Each raises `DatabaseUnreachable` when the database is gone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_orders(
        self,
        instance: str,
        limit: int = DEFAULT_PAGE,
        provider: str | None = None,
        states: Sequence[OrderState] | None = None,
    ) -> tuple[StoredOrder, ...]:
        """Orders of an instance, newest first; at most `limit` (and `MAX_PAGE`)."""
        names = None if states is None else [state.value for state in states]
        filters = [
            ("instance = {}", instance),
            ("provider = {}", provider),
            ("state = ANY({}::text[])", names),
        ]
        return tuple(stored_order(row) for row in await self._page(_ORDERS, filters, limit))

    async def list_executions(
        self,
        instance: str,
        limit: int = DEFAULT_PAGE,
        provider: str | None = None,
        order_id: str | None = None,
    ) -> tuple[StoredExecution, ...]:
        """Fills of an instance's orders, newest first; at most `limit` (and `MAX_PAGE`)."""
        filters = [
            ("instance = {}", instance),
            ("provider = {}", provider),
            ("client_order_id = {}", order_id),
        ]
        return tuple(stored_execution(row) for row in await self._page(_EXECUTIONS, filters, limit))

    async def open_orders(self) -> tuple[Order, ...]:
        """Every order that was not at its end when last heard of, oldest first, as it was."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_OPEN_ORDERS, MAX_OPEN_ORDERS)
        return tuple(order_of(stored_order(row), tuple(row["execution_ids"])) for row in rows)

    async def positions(self) -> tuple[StoredPosition, ...]:
        """What all executions at venues that are no simulation add up to, by instance and market."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_POSITIONS)
        return tuple(stored_position(row) for row in rows)

    async def paper_positions(self, instances: Collection[str]) -> tuple[StoredPosition, ...]:
        """What these instances hold on paper: their executions there, without what was closed since."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_ON_PAPER, list(instances))
        return tuple(stored_position(row) for row in rows)

    async def _page(self, listing: _Listing, filters: Sequence[Filter], limit: int) -> list[asyncpg.Record]:
        statement, values = listing.query(filters, limit)
        async with self._database.connection() as connection:
            return await connection.fetch(statement, *values)
