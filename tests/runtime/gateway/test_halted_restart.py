"""A kill switch that is engaged stays so through a restart, until it is released by name."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.runtime.gateway.conftest import compiled, serve_until

from meltica_runtime.gateway.gateway import Gateway, GatewayOptions
from meltica_runtime.store.pool import PoolLimits, open_database

pytestmark = pytest.mark.anyio

RECKLESS = """
module.exports = {
  metadata: { name: "reckless", tag: "1.0.0", displayName: "Reckless", description: "Orders far too much.",
              config: [], events: ["Trade"] },
  create(env) {
    return { onTrade(ctx, evt, payload) {
      if (env.runtime.isTradingActive()) env.runtime.submitOrder("paper", "buy", "50", payload.price);
    } };
  },
};
"""

PIPELINE = """
pipeline desk { memory = 64MiB }
provider paper { adapter = fake, seed = 7, rate = 200/s, symbols = [BTC-USDT] }
pool market { events = 1_024, on_full = drop_oldest }
route trades via market = paper.trade -> reckless
strategy reckless = "reckless" { trade_on = paper, risk = careful, dry_run = false }
risk careful { max_position = 1, kill_switch = { after = 3 } }
"""


async def served(
    dsn: str, folder: Path, enough: Callable[[Gateway], bool], released: tuple[str, ...]
) -> Gateway:
    (folder / "reckless.js").write_text(RECKLESS)
    async with open_database(dsn, PoolLimits()) as database:
        gateway = Gateway(compiled(folder, PIPELINE), database, GatewayOptions(folder, released=released))
        await serve_until(gateway, enough)
    return gateway


def breaches(gateway: Gateway) -> int:
    return gateway.router.desk.accounts.engine("reckless").breaches


async def test_a_restart_releases_no_kill_switch(
    migrated_dsn: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def is_halted(gateway: Gateway) -> bool:
        return gateway.router.desk.accounts.is_halted("reckless")

    await served(migrated_dsn, tmp_path, is_halted, ())
    with caplog.at_level(logging.WARNING, "meltica"):
        again = await served(migrated_dsn, tmp_path, lambda gateway: gateway.events > 50, ())
    assert is_halted(again)
    assert again.router.statistics().desk.refused == 0, "the strategy knows that it may not trade"
    assert "--release reckless" in caplog.text

    released = await served(migrated_dsn, tmp_path, lambda gateway: breaches(gateway) >= 3, ("reckless",))
    assert is_halted(released), "released, it was free to run into its limits once more"
