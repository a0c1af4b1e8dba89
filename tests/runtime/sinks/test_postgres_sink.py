"""Events in Postgres: what was stored is what was seen, and a database that is away loses nothing at once."""

from __future__ import annotations

from pathlib import Path

import anyio
import numpy as np
import pytest

from meltica_compiler.graph.graph import SinkNode
from meltica_compiler.records.layout import record_layout
from meltica_dsl.model.pipeline import FullPolicy
from meltica_dsl.text.source import Location
from meltica_runtime.dataplane.edge_ring import EdgeRing
from meltica_runtime.sinks import postgres_sink
from meltica_runtime.sinks.postgres_sink import PostgresSink
from meltica_runtime.sinks.sink import SinkContext
from meltica_runtime.store.pool import PoolLimits, open_database

pytestmark = pytest.mark.anyio

NODE = SinkNode("sink:kept", "kept", "postgres", {"rows": 2, "flush": 0.01}, Location("test.mel", 1, 1))


def edge(event: str, depth: int = 0) -> EdgeRing:
    layout = record_layout(event, depth)
    return EdgeRing(layout=layout, source=layout, capacity=64, policy=FullPolicy.BLOCK, streams=4)


def trades(*quantities: float) -> np.ndarray:
    rows = np.zeros(len(quantities), record_layout("trade").dtype)
    rows["seq"] = np.arange(1, len(rows) + 1)
    rows["time"], rows["side"], rows["price"], rows["quantity"] = 1.7e15, 1, 100.25, quantities
    rows["provider"] = 1
    return rows


def context(database) -> SinkContext:
    return SinkContext(("BTC-USDT",), ("binance", "okx"), Path(), anyio.current_time, database)


async def test_events_are_stored_as_they_were_seen(migrated_dsn: str) -> None:
    ring, deep = edge("trade"), edge("book", 3)
    books = np.zeros(1, deep.layout.dtype)
    books["bid_levels"], books["bids"][0, 0], books["ask"] = 1, [99.5, 2.0], np.nan
    async with open_database(migrated_dsn, PoolLimits()) as database:
        sink = PostgresSink(NODE, (ring, deep), context(database))
        ring.offer(trades(0.1, 2.0, 3.0), None)
        deep.offer(books, None)
        sink.stop()
        await sink.run()
        async with database.connection() as connection:
            kept = await connection.fetch("SELECT * FROM market_trade ORDER BY seq")
            (book,) = await connection.fetch("SELECT * FROM market_book")
    assert [row["quantity"] for row in kept] == [0.1, 2.0, 3.0]
    first = dict(kept[0])
    assert (first["sink"], first["symbol"], first["provider"], first["side"]) == (
        "kept",
        "BTC-USDT",
        "okx",
        "buy",
    )
    assert first["time_us"] == 1_700_000_000_000_000
    assert (book["bids"], book["asks"], book["ask"]) == ([[99.5, 2.0]], [], None)
    assert sink.statistics().written == 4


async def test_what_comes_while_the_table_is_away_waits_in_bounded_memory(
    migrated_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_sink, "HELD_EVENTS", 3)
    monkeypatch.setattr(postgres_sink, "RETRY_SECONDS", 0.05)
    ring = edge("trade")
    async with open_database(migrated_dsn, PoolLimits()) as database:
        sink = PostgresSink(NODE, (ring,), context(database))
        async with database.connection() as connection:
            await connection.execute("ALTER TABLE market_trade RENAME TO away")
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(sink.run)
                ring.offer(trades(1.0, 2.0, 3.0, 4.0), None)
                while sink.statistics().events < 4 or sink.statistics().fault is None:
                    await anyio.sleep(0.01)
                assert sink.statistics().dropped == 2
                async with database.connection() as connection:
                    await connection.execute("ALTER TABLE away RENAME TO market_trade")
                while sink.statistics().written < 2:
                    await anyio.sleep(0.01)
                assert sink.statistics().fault is None
                sink.stop()
        async with database.connection() as connection:
            assert await connection.fetchval("SELECT count(*) FROM market_trade") == 2
