"""What a gateway says of what went wrong, and of what it did not get to."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import anyio
import pytest
from tests.runtime.topology.conftest import compiled, serve_until

from meltica_compiler.compile import compile_text
from meltica_compiler.passes.options import CompileOptions
from meltica_runtime.orders.lifecycle import Order, new_order
from meltica_runtime.orders.order import OrderRequest, OrderState, OrderType, Side, TimeInForce
from meltica_runtime.orders.write_log import OrderPlaced
from meltica_runtime.store.catalog import store_catalog
from meltica_runtime.store.leases import InstanceInUse
from meltica_runtime.store.pool import PoolLimits, open_database
from meltica_runtime.store.write_log import PostgresWriteLog
from meltica_runtime.topology import gateway as module
from meltica_runtime.topology.gateway import Gateway, GatewayOptions, ShutdownReport
from meltica_runtime.venues.live_provider import ProviderState
from meltica_runtime.venues.paper.trading import FORGOTTEN, PaperTrading
from meltica_runtime.venues.venue import OutcomeUnknown

pytestmark = pytest.mark.anyio

LISTENER = """
module.exports = {
  metadata: { name: "listener", tag: "1.0.0", displayName: "Listener", description: "Takes its time.",
              config: [], events: ["Trade"] },
  create() { return { onTrade() { for (let i = 0; i < %d; i++); } }; },
};
"""

PIPELINE = """
pipeline desk { memory = 64MiB }
provider source { %s, symbols = [BTC-USDT] }
pool market { events = 1_024, on_full = %s }
route trades via market = source.trade -> listener
strategy listener = "listener"
"""

RISKY = "risk any { max_position = 2 }\n"

FAKE = "adapter = fake, seed = 7, rate = 5_000/s"


async def served(
    dsn: str, folder: Path, text: str, turns: int, enough: Callable[[Gateway], bool]
) -> tuple[Gateway, ShutdownReport]:
    """Serves until `enough(gateway)`."""
    (folder / "listener.js").write_text(LISTENER % turns)
    async with open_database(dsn, PoolLimits()) as database:
        gateway = Gateway(compiled(folder, text), database, GatewayOptions(folder))
        shutdown = await serve_until(gateway, enough)
    assert shutdown is not None
    return gateway, shutdown


async def test_a_provider_that_cannot_read_its_source_is_told_of(
    migrated_dsn: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = PIPELINE % ('adapter = replay, path = "none.parquet", format = binance_trades', "block")
    with caplog.at_level(logging.ERROR, "meltica"):
        await served(
            migrated_dsn,
            tmp_path,
            text,
            0,
            lambda gateway: gateway.snapshot().providers["source"].state is ProviderState.FAILED,
        )
    assert "provider source failed" in caplog.text
    assert "none.parquet" in caplog.text


@pytest.mark.parametrize("policy", ["block", "drop_newest", "drop_oldest", "conflate"])
async def test_what_a_slow_reader_did_not_get_to_is_counted(
    migrated_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    monkeypatch.setattr(module, "SETTLE_SECONDS", 0.2)
    gateway, shutdown = await served(
        migrated_dsn, tmp_path, PIPELINE % (FAKE, policy), 30_000_000, lambda gateway: gateway.events > 2_000
    )
    assert shutdown.unhandled > 0
    edge = gateway.plane.edges_of("listener")[0].statistics()
    waiting = sum(flow.backlog for flow in gateway.plane.flows.values())
    assert edge.consumed + edge.dropped + edge.conflated + waiting == shutdown.events


@pytest.mark.parametrize("policy", ["block", "drop_newest", "drop_oldest", "conflate"])
async def test_what_has_arrived_is_handled_before_the_end(
    migrated_dsn: str, tmp_path: Path, policy: str
) -> None:
    gateway, shutdown = await served(
        migrated_dsn, tmp_path, PIPELINE % (FAKE, policy), 100_000, lambda gateway: gateway.events > 2_000
    )
    assert shutdown.unhandled == 0
    edge = gateway.plane.edges_of("listener")[0].statistics()
    assert edge.consumed + edge.dropped + edge.conflated == edge.offered


def resting(placed_us: float, *, on_paper: bool) -> Order:
    request = OrderRequest(
        client_order_id="earlier",
        instance="listener",
        provider="source",
        symbol="BTC-USDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=Decimal(1),
        price=Decimal(100),
        time_in_force=TimeInForce.GTC,
        placed_us=placed_us,
    )
    return new_order(request, placed_us, on_paper=on_paper)


@asynccontextmanager
async def interrupted(dsn: str, folder: Path, *, on_paper: bool) -> AsyncIterator[Gateway]:
    """A gateway that trades, with an order that an earlier run has left open."""
    (folder / "listener.js").write_text(LISTENER % 0)
    text = PIPELINE % (FAKE, "block") + RISKY
    text = text.replace('"listener"\n', '"listener" { trade_on = source, risk = any, dry_run = false }\n')
    compiled = compile_text("desk.mel", text, CompileOptions(folder, False, {}))
    assert compiled.graph is not None, compiled.diagnostics
    async with open_database(dsn, PoolLimits()) as database:
        await store_catalog(database, compiled.graph)
        await PostgresWriteLog(database).commit(
            (OrderPlaced(resting(1_700_000_000_000_000.0, on_paper=on_paper)),)
        )
        yield Gateway(compiled.graph, database, GatewayOptions(folder))


async def test_an_order_that_a_paper_venue_has_forgotten_ends_at_the_next_start(
    migrated_dsn: str, tmp_path: Path
) -> None:
    async with interrupted(migrated_dsn, tmp_path, on_paper=True) as gateway:
        with anyio.fail_after(30):
            await gateway.serve(ready=gateway.stop)
        (order,) = await gateway.orders.list_orders("listener")
    assert order.state is OrderState.EXPIRED
    assert order.reason == FORGOTTEN


async def test_a_venue_that_does_not_answer_keeps_no_gateway_from_stopping(
    migrated_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = anyio.Event()

    async def no_answer(_venue: PaperTrading, _order: OrderRequest) -> None:
        asked.set()
        raise OutcomeUnknown

    monkeypatch.setattr(PaperTrading, "on_paper", False)
    monkeypatch.setattr(PaperTrading, "query", no_answer)
    async with interrupted(migrated_dsn, tmp_path, on_paper=False) as gateway:
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(gateway.serve)
                await asked.wait()
                gateway.stop()
        (order,) = await gateway.orders.list_orders("listener")
    assert order.state is OrderState.NEW, "no answer is not a no"


async def test_two_gateways_do_not_run_the_same_strategy_on_one_database(
    migrated_dsn: str, tmp_path: Path
) -> None:
    (tmp_path / "listener.js").write_text(LISTENER % 1)
    text = PIPELINE % (FAKE, "block")
    graph = compile_text("desk.mel", text, CompileOptions(tmp_path, False, {})).graph
    assert graph is not None
    async with open_database(migrated_dsn, PoolLimits()) as database, anyio.create_task_group() as tasks:
        first = Gateway(graph, database, GatewayOptions(tmp_path))
        running = anyio.Event()
        tasks.start_soon(lambda: first.serve(ready=running.set))
        await running.wait()
        with pytest.raises(InstanceInUse, match="already runs `listener`"):
            await Gateway(graph, database, GatewayOptions(tmp_path)).serve()
        first.stop()
