"""An account on paper begins anew with each run; one at a venue that lives on is taken up again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from tests.runtime.topology.conftest import compiled, run_gateway, serve_until

from meltica_runtime.orders.order import OrderState
from meltica_runtime.store.pool import PoolLimits, open_database
from meltica_runtime.topology.gateway import Gateway, GatewayOptions
from meltica_runtime.venues.paper.trading import FORGOTTEN, PaperTrading

pytestmark = pytest.mark.anyio

BUYER = """
// Buys once, as much as it may hold, and leaves an order far below the market.
module.exports = {
  metadata: { name: "buyer", tag: "1.0.0", displayName: "Buyer", description: "Buys once.",
              config: [], events: ["Trade", "ExecReport"] },
  create(env) {
    let bought = false;
    return {
      onTrade(ctx, evt, payload) {
        if (bought) return;
        bought = true;
        env.runtime.submitOrder("paper", "buy", "0.5", Math.ceil(1.1 * payload.price));
      },
      onOrderFilled(ctx, evt, payload) {
        env.runtime.submitOrder("paper", "buy", "0.25", "1");
      },
    };
  },
};
"""

PIPELINE = """
pipeline desk { memory = 64MiB }
provider paper { adapter = fake, seed = 7, rate = 200/s, symbols = [BTC-USDT] }
pool market { events = 1_024, on_full = drop_oldest }
route trades via market = paper.trade -> buyer
strategy buyer = "buyer" { trade_on = paper, risk = careful, dry_run = false }
risk careful { max_position = 1 }
"""


async def served(dsn: str, folder: Path, enough: Callable[[Gateway], object]) -> Gateway:
    """A whole run, until `enough`."""
    (folder / "buyer.js").write_text(BUYER)
    async with open_database(dsn, PoolLimits()) as database:
        gateway = Gateway(compiled(folder, PIPELINE), database, GatewayOptions(folder))
        await serve_until(gateway, enough)
        states = {order.state for order in await gateway.orders.list_orders("buyer")}
        assert states, "the history is there"
    return gateway


def is_done(gateway: Gateway) -> bool:
    """It holds 0.5, and its other order rests."""
    orders = gateway.router.statistics().engine
    return orders.filled == 1 and orders.open_orders == 1 and orders.acknowledged == 2


async def test_a_second_run_begins_with_nothing_held_on_paper_and_says_so(
    migrated_dsn: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await served(migrated_dsn, tmp_path, is_done)
    with caplog.at_level(logging.INFO, "meltica"):
        again = await served(migrated_dsn, tmp_path, is_done)
    assert again.router.statistics().engine.denied == 0, "what an earlier run bought fills no limit"
    assert [position.net for position in again.router.engine.accounts.positions()] == [Decimal("0.5")]
    assert (
        "paper: its account is on paper and begins anew; of earlier runs, 1 open order has expired"
        " and 1 position is closed (0.5 BTC-USDT of buyer)"
    ) in caplog.text


async def test_the_orders_of_earlier_runs_stay_in_the_history_with_their_end(
    migrated_dsn: str, tmp_path: Path
) -> None:
    await served(migrated_dsn, tmp_path, is_done)
    await served(migrated_dsn, tmp_path, is_done)
    async with open_database(migrated_dsn, PoolLimits()) as database, database.connection() as connection:
        orders = await connection.fetch("SELECT state, reason FROM orders ORDER BY placed_us")
        bought = await connection.fetchval("SELECT sum(quantity) FROM executions")
        closed = await connection.fetch("SELECT instance, symbol, quantity FROM closed_positions")
    assert [order["state"] for order in orders] == [
        OrderState.FILLED.value,
        OrderState.EXPIRED.value,
        OrderState.FILLED.value,
        OrderState.ACKNOWLEDGED.value,
    ]
    assert orders[1]["reason"] == FORGOTTEN
    assert bought == 1
    assert [tuple(row) for row in closed] == [("buyer", "BTC-USDT", Decimal("0.5"))]


async def test_a_venue_that_lives_on_gives_its_positions_back(
    migrated_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PaperTrading, "on_paper", False)
    await served(migrated_dsn, tmp_path, is_done)
    again = await served(
        migrated_dsn, tmp_path, lambda gateway: gateway.router.statistics().engine.filled == 1
    )
    assert [position.net for position in again.router.engine.accounts.positions()] == [Decimal(1)]


async def test_what_a_real_account_holds_is_not_taken_for_what_is_on_paper(
    migrated_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name of a venue is another's in the next file, and then its own again."""
    with monkeypatch.context() as real:
        real.setattr(PaperTrading, "on_paper", False)
        await served(migrated_dsn, tmp_path, is_done)
    on_paper = await served(migrated_dsn, tmp_path, is_done)
    assert [position.net for position in on_paper.router.engine.accounts.positions()] == [Decimal("0.5")]
    async with open_database(migrated_dsn, PoolLimits()) as database, database.connection() as connection:
        left = await connection.fetchval("SELECT state FROM orders WHERE NOT on_paper AND state <> 'FILLED'")
        held = await connection.fetchval("SELECT sum(quantity) FROM executions WHERE NOT on_paper")
    assert left == OrderState.ACKNOWLEDGED.value, "its real order is nobody's to end"
    assert held == Decimal("0.5")


async def test_what_is_held_on_paper_goes_with_its_account_when_its_venue_begins_anew(
    migrated_dsn: str, tmp_path: Path
) -> None:
    async with run_gateway(migrated_dsn, tmp_path, PIPELINE, buyer=BUYER) as running:
        router = running.gateway.router
        await running.until(lambda: is_done(running.gateway))
        await running.apply(PIPELINE.replace("seed = 7", "seed = 8"))
        assert [position.net for position in router.engine.accounts.positions()] == [Decimal(0)]
        await running.until(lambda: not router.statistics().commit.waiting)
        async with running.gateway.database.connection() as connection:
            rows = await connection.fetch("SELECT instance, provider, quantity FROM closed_positions")
        assert [tuple(row) for row in rows] == [("buyer", "paper", Decimal("0.5"))]
