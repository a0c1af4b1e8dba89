"""Candles made from live trades reach a strategy, and are those that it would make itself."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from meltica_compiler.compile import compile_text
from meltica_compiler.passes.options import CompileOptions
from meltica_runtime.store.pool import PoolLimits, open_database
from meltica_runtime.topology.gateway import Gateway, GatewayOptions

pytestmark = pytest.mark.anyio

ACCOUNTANT = """
module.exports = {
  metadata: { name: "accountant", tag: "1.0.0", displayName: "Accountant", description: "Makes candles.",
              config: [], events: ["Trade", "KlineSummary"] },
  create(env) {
    const windows = new Map();
    return {
      onTrade(_ctx, evt, payload, price) {
        const start = Math.floor(payload.timestamp / 100) * 100, p = Number(price);
        const own = windows.get(start) ?? { open: p, high: p, low: p, lots: 0 };
        windows.set(start, own);
        own.high = Math.max(own.high, p);
        own.low = Math.min(own.low, p);
        own.close = p;
        own.lots += Math.round(Number(payload.quantity) * 1e5);
      },
      onKlineSummary(_ctx, evt, candle) {
        const own = windows.get(candle.openTime);
        const made = [own.open, own.high, own.low, own.close, own.lots / 1e5].join(" ");
        const prices = [candle.openPrice, candle.highPrice, candle.lowPrice, candle.closePrice];
        const given = [...prices, candle.volume].map(Number).join(" ");
        env.helpers.log(made === given ? "agreed" : `not ${made} but ${given}`);
      },
    };
  },
};
"""

PIPELINE = """
pipeline candles
provider source { adapter = fake, seed = 7, rate = 5_000/s, symbols = [BTC-USDT] }
pool market { events = 65_536, on_full = block }
route trades via market = source.trade -> accountant
route candles via market = source.trade | kline 100ms -> accountant
strategy accountant = "accountant"
"""


async def test_a_strategy_gets_the_candles_that_it_would_make_itself(
    migrated_dsn: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "accountant.js").write_text(ACCOUNTANT)
    graph = compile_text("candles.mel", PIPELINE, CompileOptions(tmp_path, False, {})).graph
    assert graph is not None
    async with open_database(migrated_dsn, PoolLimits()) as database:
        gateway = Gateway(graph, database, GatewayOptions(tmp_path))

        def told() -> list[str]:
            return [r.getMessage() for r in caplog.records if "accountant" in str(r.__dict__.get("node"))]

        async def stop_in_time() -> None:
            while len(told()) < 5:
                await anyio.sleep(0.01)
            gateway.stop()

        with caplog.at_level("INFO", "meltica"), anyio.fail_after(30):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(stop_in_time)
                await gateway.serve()
    assert set(told()) == {"agreed"}
