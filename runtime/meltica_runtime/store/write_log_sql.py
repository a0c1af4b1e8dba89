"""The statements that write a group. Each takes one JSON array of rows: one call, whatever the group's size.

Measured against the alternatives for groups of 1,000 orders: JSON 31 ms, COPY into a temporary table and
INSERT from it 39 ms, one array a column 51 ms.
"""

from __future__ import annotations

import msgspec

from meltica_runtime.store.rows import (
    COLUMN_TYPES,
    BalanceRow,
    ClosedPositionRow,
    ExecutionRow,
    HaltRow,
    OrderRow,
    RiskEventRow,
)


def _columns(row: type[msgspec.Struct]) -> str:
    return ", ".join(row.__struct_fields__)


def _insert(table: str, row: type[msgspec.Struct], rest: str) -> str:
    types = ", ".join(f"{name} {COLUMN_TYPES.get(name, 'text')}" for name in row.__struct_fields__)
    columns = _columns(row)
    return (
        f"INSERT INTO {table} ({columns}) "  # noqa: S608 - names of our own
        f"SELECT {columns} FROM json_to_recordset($1::json) AS given ({types}) {rest}"
    )


def _assignments(columns: tuple[str, ...], keys: frozenset[str]) -> str:
    return ", ".join(f"{name} = EXCLUDED.{name}" for name in columns if name not in keys)


PLACE_ORDERS = _insert("orders", OrderRow, "")
"""Fails when one of the orders is known: two orders must never share a client order id."""

CHANGE_ORDERS = _insert(
    "orders",
    OrderRow,
    "ON CONFLICT (client_order_id) DO UPDATE SET "
    + _assignments(OrderRow.__struct_fields__, frozenset({"client_order_id"}))
    + " WHERE orders.version < EXCLUDED.version",
)
"""What is stored is never replaced by what was before it."""

ADD_EXECUTIONS = _insert("executions", ExecutionRow, "ON CONFLICT (client_order_id, execution_id) DO NOTHING")

ADD_BALANCES = _insert(
    "balances",
    BalanceRow,
    "ON CONFLICT (provider, asset, snapshot_us) DO UPDATE SET changed_us = now_us(), "
    + _assignments(BalanceRow.__struct_fields__, frozenset({"provider", "asset", "snapshot_us"})),
)

CLOSE_POSITIONS = _insert(
    "closed_positions", ClosedPositionRow, "ON CONFLICT (instance, provider, symbol, closed_us) DO NOTHING"
)

ADD_RISK_EVENTS = _insert(
    "risk_events", RiskEventRow, "ON CONFLICT (instance, occurred_us, number) DO NOTHING"
)

ENGAGE_HALTS = _insert("halts", HaltRow, "ON CONFLICT (instance) DO NOTHING")

RELEASE_HALTS = """
DELETE FROM halts
USING json_to_recordset($1::json) AS given (instance text)
WHERE halts.instance = given.instance
"""

OTHER_ORDERS = """
SELECT given.client_order_id
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS given (client_order_id, instance, placed_us)
JOIN orders USING (client_order_id)
WHERE orders.instance <> given.instance OR orders.placed_us <> given.placed_us
LIMIT 1
"""
"""An order that is stored under the client order id of a given one, and is not that one."""
