"""The write log in Postgres: one group of entries, one transaction."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

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
    balance_row,
    closed_position_row,
    execution_row,
    halt_row,
    order_row,
    storable,
)

KINDS: dict[type[WriteLogEntry], str] = {
    OrderPlaced: "order_placed",
    OrderChanged: "order_changed",
    ExecutionRecorded: "execution",
    BalanceRecorded: "balance",
    PositionClosed: "position_closed",
    RiskRecorded: "risk",
}
"""How the outbox calls each kind of entry."""

_EVENT_KNOWN = "events_outbox_event_id_key"

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class _Group:
    """The rows of a group, each already JSON; of an order or a balance only its last version."""

    events: list[tuple[str, str, str, int]] = field(default_factory=list)
    placed: dict[str, bytes] = field(default_factory=dict)
    changed: dict[str, bytes] = field(default_factory=dict)
    executions: list[bytes] = field(default_factory=list)
    balances: dict[tuple[str, str, int], bytes] = field(default_factory=dict)
    closed: list[bytes] = field(default_factory=list)
    engaged: dict[str, bytes] = field(default_factory=dict)
    released: dict[str, bytes] = field(default_factory=dict)

    def add(self, entry: WriteLogEntry, now_us: int) -> None:
        """Raises `EntryRefused` for one that no row can be made of, such as a time beyond all numbers."""
        try:
            payload = self._add_rows(entry)
        except (ValueError, ArithmeticError) as error:
            raise EntryRefused(entry.event_id, f"{type(error).__name__}: {error}") from error
        self.events.append((entry.event_id, KINDS[type(entry)], payload.decode(), now_us))

    def _add_rows(self, entry: WriteLogEntry) -> bytes:
        match entry:
            case OrderPlaced(order):
                text = self.placed[order.client_order_id] = _encode(order_row(order))
            case OrderChanged(order):
                text = self._change(order)
            case ExecutionRecorded(order, fill):
                self._change(order)
                text = _encode(execution_row(order, fill))
                self.executions.append(text)
            case BalanceRecorded(change):
                row = balance_row(change)
                text = self.balances[row.provider, row.asset, row.snapshot_us] = _encode(row)
            case PositionClosed():
                text = _encode(closed_position_row(entry))
                self.closed.append(text)
            case RiskRecorded(event):
                text = _encode(replace(event, reason=storable(event.reason)))
                if event.limit is RiskLimit.KILL_SWITCH:
                    self._halt(event)
        return text

    def _halt(self, event: RiskEvent) -> None:
        """Of several changes of one kill switch the last counts."""
        row = halt_row(event)
        self.engaged.pop(row.instance, None)
        if event.kill_switch_engaged:
            self.engaged[row.instance] = _encode(row)
        else:
            self.released[row.instance] = _encode(row)

    def _change(self, order: Order) -> bytes:
        """An order that is placed in this very group is placed as what it has become."""
        text = _encode(order_row(order))
        versions = self.placed if order.client_order_id in self.placed else self.changed
        versions[order.client_order_id] = text
        return text


class PostgresWriteLog:
    """Implements `WriteLog`. Groups may be committed from several tasks; each is atomic on its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def commit(self, entries: Sequence[WriteLogEntry]) -> None:
        """As `WriteLog.commit`. The usual group is new, so it is copied into the outbox straight away;
        only when an event of it is known there is each one looked up."""
        if not entries:
            return
        try:
            async with self._database.connection() as connection:
                await _commit(connection, entries)
        except DatabaseUnreachable as fault:
            raise WriteLogUnavailable(str(fault)) from fault


async def _commit(connection: PoolConnectionProxy, entries: Sequence[WriteLogEntry]) -> None:
    try:
        try:
            await _commit_new(connection, entries)
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != _EVENT_KNOWN:
                raise
            await _commit_unknown(connection, entries)
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError) as error:
        raise await _refusal(connection, entries, error) from error
    except asyncpg.PostgresError as error:
        # A full disk, a lock not granted, a query cancelled by an operator: the same group may pass later.
        raise WriteLogUnavailable(f"the database did not take the group: {error}") from error


async def _commit_new(connection: PoolConnectionProxy, entries: Iterable[WriteLogEntry]) -> None:
    group = _group(entries)
    async with connection.transaction():
        await connection.copy_records_to_table(
            "events_outbox", records=group.events, columns=sql.OUTBOX_COLUMNS
        )
        await _write_rows(connection, group)


async def _commit_unknown(connection: PoolConnectionProxy, entries: Sequence[WriteLogEntry]) -> None:
    """Stores the entries whose event ids the outbox does not have."""
    unique = {entry.event_id: entry for entry in reversed(entries)}
    async with connection.transaction():
        columns = list(zip(*_group(entries).events, strict=True))
        stored = {row["event_id"] for row in await connection.fetch(sql.ADD_UNKNOWN_EVENTS, *columns)}
        new = [entry for entry in entries if entry.event_id in stored and unique[entry.event_id] is entry]
        known = [e for e in entries if isinstance(e, OrderPlaced) and e.event_id not in stored]
        await _check_same_orders(connection, known)
        await _write_rows(connection, _group(new))


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
    now_us = time.time_ns() // 1_000
    group = _Group()
    for entry in entries:
        group.add(entry, now_us)
    return group


async def _write_rows(connection: PoolConnectionProxy, group: _Group) -> None:
    for statement, rows in (
        (sql.PLACE_ORDERS, group.placed.values()),
        (sql.CHANGE_ORDERS, group.changed.values()),
        (sql.ADD_EXECUTIONS, group.executions),
        (sql.ADD_BALANCES, group.balances.values()),
        (sql.CLOSE_POSITIONS, group.closed),
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
            group = _group((entry,))
            try:
                async with connection.transaction():
                    await connection.execute(sql.ADD_UNKNOWN_EVENTS, *zip(*group.events, strict=True))
                    await _write_rows(connection, group)
            except asyncpg.PostgresError as fault:
                return EntryRefused(entry.event_id, _reason(fault))
    finally:
        await trial.rollback()
    # Each passes alone: it is the group that cannot be, as when two of it contradict each other.
    return EntryRefused(entries[-1].event_id, _reason(error))


def _reason(error: asyncpg.PostgresError) -> str:
    detail = getattr(error, "detail", None)
    return f"{error} ({detail})" if detail else str(error)
