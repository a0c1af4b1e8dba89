"""The write log in Postgres: one group of entries, one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from meltica_runtime.orders.lifecycle import Order
from meltica_runtime.orders.limits import RiskEvent, RiskLimit
from meltica_runtime.orders.write_log import (
    BalanceRecorded,
    EntryRefused,
    ExecutionRecorded,
    OrderChanged,
    OrderPlaced,
    PositionClosed,
    RiskRecorded,
    WriteLogEntry,
    WriteLogUnavailable,
)
from meltica_runtime.store import write_log_sql as sql
from meltica_runtime.store.faults import DatabaseUnreachable
from meltica_runtime.store.pool import Database
from meltica_runtime.store.rows import (
    OrderRow,
    balance_row,
    closed_position_row,
    execution_row,
    halt_row,
    order_row,
    risk_event_row,
)

_ORDER_KNOWN = "orders_pkey"

_encode = msgspec.json.Encoder().encode


class _OrderVersion(NamedTuple):
    version: int
    json: bytes


@dataclass(slots=True)
class _Group:
    """The rows of a group, each already JSON; of an order or a balance only its last version."""

    placed: dict[str, _OrderVersion] = field(default_factory=dict)
    changed: dict[str, _OrderVersion] = field(default_factory=dict)
    executions: list[bytes] = field(default_factory=list)
    balances: dict[tuple[str, str, int], bytes] = field(default_factory=dict)
    closed: list[bytes] = field(default_factory=list)
    risk_events: list[bytes] = field(default_factory=list)
    engaged: dict[str, bytes] = field(default_factory=dict)
    released: dict[str, bytes] = field(default_factory=dict)

    def add(self, entry: WriteLogEntry) -> None:
        """Raises `EntryRefused` for one that no row can be made of, such as a time beyond all numbers."""
        try:
            self._add_rows(entry)
        except (ValueError, ArithmeticError) as error:
            raise EntryRefused(entry.event_id, f"{type(error).__name__}: {error}") from error

    def _add_rows(self, entry: WriteLogEntry) -> None:
        match entry:
            case OrderPlaced(order):
                _keep_newest(self.placed, order_row(order))
            case OrderChanged(order):
                self._change(order)
            case ExecutionRecorded(order, fill):
                self._change(order)
                self.executions.append(_encode(execution_row(order, fill)))
            case BalanceRecorded(change):
                row = balance_row(change)
                self.balances[row.provider, row.asset, row.snapshot_us] = _encode(row)
            case PositionClosed():
                self.closed.append(_encode(closed_position_row(entry)))
            case RiskRecorded(event):
                self.risk_events.append(_encode(risk_event_row(event)))
                if event.limit is RiskLimit.KILL_SWITCH:
                    self._halt(event)

    def _halt(self, event: RiskEvent) -> None:
        """Of several changes of one kill switch the last counts."""
        row = halt_row(event)
        self.engaged.pop(row.instance, None)
        if event.kill_switch_engaged:
            self.engaged[row.instance] = _encode(row)
        else:
            self.released[row.instance] = _encode(row)

    def _change(self, order: Order) -> None:
        """An order that is placed in this very group is placed as what it has become."""
        row = order_row(order)
        _keep_newest(self.placed if row.client_order_id in self.placed else self.changed, row)


def _keep_newest(orders: dict[str, _OrderVersion], row: OrderRow) -> None:
    known = orders.get(row.client_order_id)
    if known is None or known.version < row.version:
        orders[row.client_order_id] = _OrderVersion(row.version, _encode(row))


class PostgresWriteLog:
    """Implements `WriteLog`. Groups may be committed from several tasks; each is atomic on its own.

    What is written again changes nothing: orders are told apart by their versions, executions by their ids,
    balances, closed positions and risk events by their times.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def commit(self, entries: Sequence[WriteLogEntry]) -> None:
        """As `WriteLog.commit`. The orders that a usual group places are new, so they are inserted straight
        away; only when one of them is known are they looked up."""
        if not entries:
            return
        try:
            async with self._database.connection() as connection:
                await _commit(connection, entries)
        except DatabaseUnreachable as fault:
            raise WriteLogUnavailable(str(fault)) from fault


async def _commit(connection: PoolConnectionProxy, entries: Sequence[WriteLogEntry]) -> None:
    group = _group(entries)
    try:
        try:
            async with connection.transaction():
                await _write(connection, group, sql.PLACE_ORDERS)
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != _ORDER_KNOWN:
                raise
            async with connection.transaction():
                await _check_same_orders(connection, [e for e in entries if isinstance(e, OrderPlaced)])
                await _write(connection, group, sql.CHANGE_ORDERS)
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError) as error:
        raise await _refusal(connection, entries, error) from error
    except asyncpg.PostgresError as error:
        # A full disk, a lock not granted, a query cancelled by an operator: the same group may pass later.
        raise WriteLogUnavailable(f"the database did not take the group: {error}") from error


async def _check_same_orders(connection: PoolConnectionProxy, placed: Sequence[OrderPlaced]) -> None:
    """A known order may be written again; another order under its client order id may not."""
    requests = [entry.order.request for entry in placed]
    other = await connection.fetchval(
        sql.OTHER_ORDERS,
        [request.client_order_id for request in requests],
        [request.instance for request in requests],
        [round(request.placed_us) for request in requests],
    )
    if other is not None:
        entry = next(entry for entry in placed if entry.order.client_order_id == other)
        raise EntryRefused(entry.event_id, "another order is stored under this client order id")


def _group(entries: Iterable[WriteLogEntry]) -> _Group:
    group = _Group()
    for entry in entries:
        group.add(entry)
    return group


async def _write(connection: PoolConnectionProxy, group: _Group, place_orders: str) -> None:
    for statement, rows in (
        (place_orders, [order.json for order in group.placed.values()]),
        (sql.CHANGE_ORDERS, [order.json for order in group.changed.values()]),
        (sql.ADD_EXECUTIONS, group.executions),
        (sql.ADD_BALANCES, group.balances.values()),
        (sql.CLOSE_POSITIONS, group.closed),
        (sql.ADD_RISK_EVENTS, group.risk_events),
        (sql.RELEASE_HALTS, group.released.values()),
        (sql.ENGAGE_HALTS, group.engaged.values()),
    ):
        if rows:
            await connection.execute(statement, f"[{b','.join(rows).decode()}]")


async def _refusal(
    connection: PoolConnectionProxy, entries: Sequence[WriteLogEntry], error: asyncpg.PostgresError
) -> EntryRefused:
    """Which entry the database would not take: each is tried alone, and nothing of it is kept."""
    trial = connection.transaction()
    await trial.start()
    try:
        for entry in entries:
            try:
                async with connection.transaction():
                    await _write(connection, _group((entry,)), sql.CHANGE_ORDERS)
            except asyncpg.PostgresError as fault:
                return EntryRefused(entry.event_id, _reason(fault))
    finally:
        await trial.rollback()
    # Each passes alone: it is the group that cannot be, as when two of it contradict each other.
    return EntryRefused(entries[-1].event_id, _reason(error))


def _reason(error: asyncpg.PostgresError) -> str:
    detail = getattr(error, "detail", None)
    return f"{error} ({detail})" if detail else str(error)
