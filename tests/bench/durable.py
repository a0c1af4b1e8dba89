"""What is made durable: groups of entries into Postgres, and single orders."""

from __future__ import annotations

import tempfile
import time
from decimal import Decimal
from pathlib import Path
from statistics import median

import msgspec
import numpy as np
import uvloop

from meltica_runtime.orders.lifecycle import new_order
from meltica_runtime.orders.order import BalanceChanged, OrderRequest, OrderType, Side, TimeInForce
from meltica_runtime.orders.write_log import BalanceRecorded, OrderPlaced, WriteLogEntry
from meltica_runtime.store.embedded.server import EmbeddedServer
from meltica_runtime.store.migrate import migrate_up
from meltica_runtime.store.pool import Database, PoolLimits, open_database
from meltica_runtime.store.write_log import PostgresWriteLog

from .scale import Scale
from .table import Figure, Section

EVENTS = 60_000
SINGLE_ORDERS = 400
GROUP = 2_048

CATALOG = """
INSERT INTO providers (name, adapter, symbols, settings, trades)
VALUES ('paper', 'fake', '{BTC-USDT}', '{}', true);
INSERT INTO strategy_instances
  (id, pipeline, strategy, selector, tag, sha256, config, trade_on, symbols, dry_run, graph_hash)
VALUES ('maker', 'bench', 'maker', 'maker', 'v1', 'abc', '{}', 'paper', '{}', false, 'h');
"""

_PAYLOAD = msgspec.json.encode({f"key{i}": "value" for i in range(10)}).decode()

METHOD = """\
The embedded Postgres with its usual settings, `fsync` included, in a folder of its own. Groups of
2,048 entries are committed through `PostgresWriteLog`, one transaction and one statement each. The
floor is a bare COPY of as many rows of JSON in groups of the same size, with a commit each. A single
order is a group of one, from the call to being durable; its floor is an INSERT of one small row."""


def measure(_folder: Path, scale: Scale) -> Section:
    # The server may run under another account, which has no way into a private folder.
    with tempfile.TemporaryDirectory(prefix="meltica-bench-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedServer.start(Path(folder) / "postgres")
        try:
            uvloop.run(migrate_up(server.dsn))
            return uvloop.run(_measure(server.dsn, scale))
        finally:
            server.stop()


async def _measure(dsn: str, scale: Scale) -> Section:
    async with open_database(dsn, PoolLimits(max_connections=2)) as database:
        async with database.connection() as connection:
            await connection.execute(CATALOG)
        events = scale.of(EVENTS, least=GROUP)
        balances, orders, floor = [], [], []
        for turn in range(scale.repeats):
            first = turn * events
            balances.append(await _rate(database, [_balance(first + i) for i in range(events)]))
            orders.append(await _rate(database, [_order(first + i) for i in range(events // 4)]))
            floor.append(await _bare_copy(database, first, events))
        single, row = await _single(database, scale.of(SINGLE_ORDERS, least=20))
    copied, name = median(floor), "bare COPY"
    return Section(
        "Durable: committed to Postgres",
        METHOD,
        (
            Figure("balances, groups of 2,048", median(balances), "a second", 100_000, copied, name),
            Figure("new orders, groups of 2,048", median(orders), "a second", None, copied, name),
            Figure(
                "a single order: p50", single[0], "ms", None, row[0], "INSERT of one row", less_is_better=True
            ),
            Figure(
                "a single order: p99", single[1], "ms", None, row[1], "INSERT of one row", less_is_better=True
            ),
        ),
    )


async def _rate(database: Database, entries: list[WriteLogEntry]) -> float:
    journal = PostgresWriteLog(database)
    began = time.perf_counter()
    for start in range(0, len(entries), GROUP):
        await journal.commit(entries[start : start + GROUP])
    return len(entries) / (time.perf_counter() - began)


async def _bare_copy(database: Database, first: int, count: int) -> float:
    rows = [(f"bare:{first + i}", "balance", _PAYLOAD, 1) for i in range(count)]
    columns = ("id", "kind", "payload", "created_us")
    began = time.perf_counter()
    async with database.connection() as connection:
        await connection.execute(
            "CREATE TEMP TABLE IF NOT EXISTS bare (id text, kind text, payload jsonb, created_us bigint)"
        )
        for start in range(0, count, GROUP):
            await connection.copy_records_to_table(
                "bare", records=rows[start : start + GROUP], columns=columns
            )
    return count / (time.perf_counter() - began)


async def _single(database: Database, count: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """p50 and p99 in milliseconds, of an order and of a bare row."""
    journal = PostgresWriteLog(database)
    ours, bare = np.empty(count), np.empty(count)
    async with database.connection() as connection:
        await connection.execute("CREATE TABLE bare_rows (id bigint)")
    for i in range(count):
        entry = _order(10**7 + i)
        began = time.perf_counter()
        await journal.commit([entry])
        ours[i] = time.perf_counter() - began
        began = time.perf_counter()
        async with database.connection() as connection:
            await connection.execute("INSERT INTO bare_rows VALUES ($1)", i)
        bare[i] = time.perf_counter() - began
    return _quantiles(ours), _quantiles(bare)


def _quantiles(seconds: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, float]:
    return float(np.quantile(seconds, 0.5)) * 1e3, float(np.quantile(seconds, 0.99)) * 1e3


def _balance(number: int) -> BalanceRecorded:
    amount = Decimal(number)
    return BalanceRecorded(BalanceChanged("paper", "USDT", amount, amount, 1.7e15 + number))


def _order(number: int) -> OrderPlaced:
    placed_us = 1.7e15 + number
    request = OrderRequest(
        client_order_id=f"maker-{number}",
        instance="maker",
        provider="paper",
        symbol="BTC-USDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=Decimal(2),
        price=Decimal("100.5"),
        time_in_force=TimeInForce.GTC,
        placed_us=placed_us,
    )
    return OrderPlaced(new_order(request, placed_us))
