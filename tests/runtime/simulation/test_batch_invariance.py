"""Law 1: a strategy sees events in sequence order, whatever the batches were, and acts alike."""

from __future__ import annotations

import os
from pathlib import Path

import anyio
import pytest

from meltica_compiler.compile import CompileOptions, compile_text
from meltica_compiler.graph.graph import Graph
from meltica_dsl.model.fields import DEFAULT_BOOK_DEPTH
from meltica_runtime import resources
from meltica_runtime.dataplane.market_batch import MarketCodes
from meltica_runtime.simulation.simulation import Simulation
from meltica_runtime.simulation.trader import Transcript
from meltica_runtime.venues.fake.market import FakeMarket
from meltica_runtime.venues.fake.provider import fake_market_settings
from meltica_runtime.venues.paper.opening import subscribed_depths

IS_LONG = os.environ.get("MELTICA_FUZZ") == "long"
EVENTS = 2_000 if IS_LONG else 700
"""A batch of one is a call of V8 for each event; the long form is for `make fuzz`."""

STRATEGIES = {
    "market-making": ("trade book ticker", "spread = 2bps, size = 0.01, requote_interval = 5ms"),
    "momentum": ("trade", "size = 0.01, lookback = 60ms, threshold = 1bps, cooldown = 10ms"),
    "mean-reversion": (
        "trade ticker",
        "size = 0.01, half_life = 50ms, sample = 5ms, entry_z = 1, exit_z = 0.2",
    ),
    "grid": ("trade", "size = 0.01, levels = 3, step = 2bps"),
    "logger": ("trade book ticker kline", "interval = 20ms"),
    "noop": ("trade kline", ""),
}

ROUTES = {
    "trade": "route trades via market ="
    " paper.trade, other.trade | where quantity > 0.0001 | dedupe within 1s -> it",
    "book": "route quotes via market = paper.book | depth 3 | conflate per symbol every 20ms -> it",
    "ticker": "route tickers via market = paper.ticker | sample 3 -> it",
    "kline": "route candles via market = paper.kline -> it",
    "chained": "route thin via market = paper.trade, other.trade | kline 10ms"
    " route chained via market = thin, paper.kline | where volume > 0.01 -> it",
    "merged": "route merged via market = paper.trade, other.trade | merge | sample 3 -> it",
    "made": "route made via market ="
    " paper.trade, other.trade | merge | throttle 200/50ms | kline 20ms | where volume > 0.01 | sample 2"
    " -> it",
}

SEES_EVERYTHING = """
module.exports = {
  metadata: { name: "diary", tag: "1.0.0", displayName: "Diary", description: "writes down all it sees",
    config: [], events: ["Trade", "Ticker", "BookSnapshot", "KlineSummary", "ExecReport", "BalanceUpdate"] },
  create(env) {
    let seen = 0;
    const note = (name) => (_ctx, evt, payload) => {
      seen += 1;
      env.helpers.log(name, evt.eventId, JSON.stringify(payload), Date.now(), Math.random());
      if (seen % 11 === 0 && env.runtime.isTradingActive()) {
        const last = env.runtime.getLastPrice("BTC-USDT");
        if (last > 0) env.runtime.submitMarketOrder(null, seen % 2 ? "buy" : "sell", "0.01");
      }
    };
    return { onTrade: note("trade"), onTicker: note("ticker"), onBookSnapshot: note("book"),
      onKlineSummary: note("kline"), onOrderFilled: note("filled"), onOrderAcknowledged: note("ack"),
      onOrderRejected: note("rejected"), onBalanceUpdate: note("balance") };
  },
};
"""


def pipeline(selector: str, events: str, config: str) -> str:
    routes = "\n".join(ROUTES[event] for event in events.split())
    return f"""
pipeline invariance
provider paper {{
  adapter = fake, symbols = [BTC-USDT, ETH-USDT], seed = 11, rate = 20_000/s, volatility = 500%, kline = 10ms
}}
provider other {{ adapter = fake symbols = [BTC-USDT] seed = 12 rate = 5_000/s }}
pool market {{ events = 8_192 on_full = drop_oldest }}
{routes}
strategy it = "{selector}" {{ trade_on = paper risk = free dry_run = false linger = 0 config {{ {config} }} }}
risk free {{ max_open_orders = 50 order_throttle = 10_000/s order_burst = 100 }}
"""


def compiled(text: str, strategies: Path) -> Graph:
    result = compile_text(
        "invariance.mel", text, CompileOptions(strategies, require_registry=False, environ={})
    )
    assert result.graph is not None, result.diagnostics
    return result.graph


def simulated(graph: Graph, events: int, batch: int) -> Transcript:
    codes = {symbol: code for code, symbol in enumerate(graph.symbols)}
    markets = {
        node.name: FakeMarket(
            fake_market_settings(node, seed=None, start_us=0.0),
            MarketCodes(number, {symbol: codes[symbol] for symbol in node.symbols}),
            subscribed_depths(
                {ingress.event: ingress.depth for ingress in node.ingresses}, DEFAULT_BOOK_DEPTH
            ),
        )
        for number, node in enumerate(graph.providers)
    }
    simulation = Simulation(graph, markets)
    return anyio.run(simulation.run, events, batch)["it"]


@pytest.mark.fuzz
@pytest.mark.parametrize("name", STRATEGIES)
def test_shipped_strategies_act_alike_in_batches_of_one_and_of_thousands(name: str) -> None:
    graph = compiled(pipeline(name, *STRATEGIES[name]), resources.strategies_dir())
    whole = simulated(graph, EVENTS, 8_192)
    assert simulated(graph, EVENTS, 1) == whole
    assert simulated(graph, EVENTS, 37) == whole


@pytest.mark.fuzz
def test_a_strategy_that_writes_down_all_it_sees_writes_the_same_in_every_batch_size(tmp_path: Path) -> None:
    (tmp_path / "diary.js").write_text(SEES_EVERYTHING)
    graph = compiled(pipeline("diary", "trade book ticker kline merged made chained", ""), tmp_path)
    whole = simulated(graph, EVENTS, 8_192)
    assert whole.updates, "it was to trade"
    ids = [line.text.split(" ", 2)[1] for line in whole.logs]
    assert len(set(ids)) == len(ids), "an id names one event"
    assert any(id_.count(":") == 3 for id_ in ids), "several were to have one number"
    for batch in (1, 2, 64, 1_000):
        assert simulated(graph, EVENTS, batch) == whole
