"""A kill switch that is engaged stays so through a restart, until it is released: that of a strategy by its
name, that of the whole gateway as such."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.runtime.topology.conftest import compiled, serve_until

from meltica_runtime.store.pool import PoolLimits, open_database
from meltica_runtime.topology.gateway import Gateway, GatewayOptions

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
    dsn: str, folder: Path, enough: Callable[[Gateway], bool], released: tuple[str | None, ...]
) -> Gateway:
    (folder / "reckless.js").write_text(RECKLESS)
    async with open_database(dsn, PoolLimits()) as database:
        gateway = Gateway(compiled(folder, PIPELINE), database, GatewayOptions(folder, released=released))
        await serve_until(gateway, enough)
    return gateway


def breaches(gateway: Gateway) -> int:
    return gateway.router.engine.accounts.risk_engine("reckless").breaches


async def test_a_restart_releases_no_kill_switch(
    migrated_dsn: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def is_halted(gateway: Gateway) -> bool:
        return gateway.router.engine.accounts.is_halted("reckless")

    await served(migrated_dsn, tmp_path, is_halted, ())
    with caplog.at_level(logging.WARNING, "meltica"):
        again = await served(migrated_dsn, tmp_path, lambda gateway: gateway.events > 50, ())
    assert is_halted(again)
    assert again.router.statistics().engine.denied == 0, "the strategy knows that it may not trade"
    assert "--release reckless" in caplog.text

    released = await served(migrated_dsn, tmp_path, lambda gateway: breaches(gateway) >= 3, ("reckless",))
    assert is_halted(released), "released, it was free to run into its limits once more"


async def test_the_switch_of_the_whole_gateway_holds_until_it_is_released_as_such(
    migrated_dsn: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def halt_at_once(gateway: Gateway) -> bool:
        gateway.router.halt(None, "the night watch")
        return gateway.router.statistics().commit.entries > 0

    def halted_all(gateway: Gateway) -> bool:
        return gateway.router.engine.accounts.gateway.kill_switch_engaged

    async def again(*released: str | None) -> Gateway:
        caplog.clear()
        with caplog.at_level(logging.WARNING, "meltica"):
            return await served(migrated_dsn, tmp_path, lambda gateway: gateway.events > 50, released)

    await served(migrated_dsn, tmp_path, halt_at_once, ())
    # Its own switch may have come first; it is not what is looked at here.
    held = await again("reckless")
    assert halted_all(held)
    assert held.router.statistics().engine.denied == 0, "the strategy knows that it may not trade"
    told = r"nothing trades: .* since 20\S+Z \(the night watch\); `--release-gateway`"
    assert re.search(told, caplog.text)

    released = await again(None)
    assert not halted_all(released)
    assert "the kill switch of the whole gateway is released" in caplog.text
    assert breaches(released) >= 3, "it was free to run into its limits"

    still = await again()
    assert not halted_all(still)
    assert "nothing trades" not in caplog.text
