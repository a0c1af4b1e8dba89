"""Strategies that share limits of the gateway, or a paper account, act alike in batches of every size."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest
from msgspec.structs import replace

from meltica_compiler.compile import CompileOptions, compile_text
from meltica_compiler.graph.graph import Graph
from meltica_dsl.model.fields import DEFAULT_BOOK_DEPTH
from meltica_dsl.model.pipeline import KillSwitch
from meltica_runtime.dataplane.market_batch import MarketCodes
from meltica_runtime.orders.limits import unlimited
from meltica_runtime.orders.write_log import MemoryWriteLog, RiskRecorded
from meltica_runtime.simulation.simulation import Simulation
from meltica_runtime.simulation.trader import Transcript
from meltica_runtime.simulation.trading import Command, SessionSettings
from meltica_runtime.venues.fake.market import FakeMarket
from meltica_runtime.venues.fake.provider import fake_market_settings
from meltica_runtime.venues.paper.opening import subscribed_depths

EVENTS = 400

DIARY = """
module.exports = {
  metadata: { name: "diary", tag: "1.0.0", displayName: "Diary", description: "writes down all it sees",
    config: [{ name: "every", type: "number", description: "-", default: 5, required: false }],
    events: ["Trade", "ExecReport", "BalanceUpdate", "RiskControl"] },
  create(env) {
    let seen = 0;
    const note = (name) => (_ctx, evt, payload) => {
      seen += 1;
      const active = env.runtime.isTradingActive();
      env.helpers.log(name, evt.eventId, JSON.stringify(payload), Date.now(), active);
      if (name === "trade" && seen % env.config.every === 0) {
        env.runtime.submitOrder(null, seen % 2 ? "buy" : "sell", "0.01", payload.price);
      }
    };
    return { onTrade: note("trade"), onOrderFilled: note("filled"), onOrderAcknowledged: note("ack"),
      onOrderRejected: note("rejected"), onBalanceUpdate: note("balance"), onRiskControl: note("risk") };
  },
};
"""

HASTY = """
module.exports = {
  metadata: { name: "hasty", tag: "1.0.0", displayName: "Hasty", description: "acts on whatever it is told",
    config: [], events: ["Trade", "ExecReport", "BalanceUpdate"] },
  create(env) {
    let last = 0;
    const act = (name) => (_ctx, evt, payload) => {
      last = payload.price ?? last;
      env.helpers.log(name, evt.eventId, Date.now());
      if (last && Math.random() < 0.4) env.runtime.submitOrder(null, "buy", "0.01", last);
    };
    return { onTrade: act("trade"), onOrderFilled: act("filled"), onOrderAcknowledged: act("ack"),
      onBalanceUpdate: act("balance") };
  },
};
"""

PIPELINE = """
pipeline shared
provider paper { adapter = fake, symbols = [BTC-USDT], seed = 11, rate = 20_000/s, volatility = 500% }
provider other { adapter = fake, symbols = [BTC-USDT], seed = 12, rate = 5_000/s }
pool market { events = 8_192, on_full = drop_oldest }
route mine via market = paper.trade -> quick, slow
route others via market = other.trade -> far
strategy quick = "diary" { trade_on = paper, risk = own, dry_run = false, linger = 0, config { every = 4 } }
strategy slow = "diary" { trade_on = paper, risk = own, dry_run = false, linger = 0, config { every = 7 } }
strategy far = "diary" { trade_on = other, risk = own, dry_run = false, linger = 0, config { every = 3 } }
risk own { max_open_orders = 50 }
"""


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    return compiled(tmp_path, PIPELINE)


def compiled(folder: Path, text: str) -> Graph:
    (folder / "diary.js").write_text(DIARY)
    (folder / "hasty.js").write_text(HASTY)
    result = compile_text("shared.mel", text, CompileOptions(folder, False, {}))
    assert result.graph is not None, result.diagnostics
    return result.graph


def simulated(graph: Graph, batch: int, settings: SessionSettings) -> dict[str, Transcript]:
    markets = {
        node.name: FakeMarket(
            fake_market_settings(node, seed=None, start_us=0.0),
            MarketCodes(number, {symbol: graph.symbols.index(symbol) for symbol in node.symbols}),
            subscribed_depths(
                {ingress.event: ingress.depth for ingress in node.ingresses}, DEFAULT_BOOK_DEPTH
            ),
        )
        for number, node in enumerate(graph.providers)
    }
    return anyio.run(Simulation(graph, markets, settings=settings).run, EVENTS, batch)


def texts(transcript: Transcript, name: str) -> list[str]:
    return [line.text for line in transcript.logs if line.text.startswith(name)]


def test_strategies_under_limits_of_the_gateway_act_alike_in_every_batch_size(graph: Graph) -> None:
    gateway = replace(unlimited("gateway"), max_open_orders=4, kill_switch=KillSwitch(6))
    halted = Command(5_000.0, lambda session: session.halt("far", "by hand"))
    settings = SessionSettings(gateway, (halted,))
    whole = simulated(graph, 8_192, settings)
    for batch in (1, 37):
        assert simulated(graph, batch, settings) == whole

    for transcript in whole.values():
        engaged = [line for line in texts(transcript, "risk") if '"killSwitchEngaged":true' in line]
        assert engaged, "the switch of the gateway concerns everybody"
        assert texts(transcript, "trade")[-1].endswith("false"), "and nobody may trade behind it"
        assert texts(transcript, "trade")[0].endswith("true")


def test_strategies_of_one_provider_share_its_account(graph: Graph) -> None:
    whole = simulated(graph, 8_192, SessionSettings())
    assert simulated(graph, 37, SessionSettings()) == whole

    quick, slow = (texts(whole[name], "balance") for name in ("quick", "slow"))
    assert len(quick) > 4
    assert [line.split()[2] for line in quick] == [line.split()[2] for line in slow]


def test_what_an_order_interrupts_is_handled_at_its_place_in_every_batch_size(tmp_path: Path) -> None:
    graph = compiled(tmp_path, PIPELINE.replace('"diary"', '"hasty"').replace(", config {", " } #"))
    whole = simulated(graph, 8_192, SessionSettings())
    assert simulated(graph, 1, SessionSettings()) == whole
    for transcript in whole.values():
        numbers = [line.seq for line in transcript.logs]
        assert numbers == sorted(numbers)


def test_commands_of_an_operator_pass_by_strategies_that_do_not_trade(tmp_path: Path) -> None:
    watching = 'strategy watching = "diary" { linger = 0, config { every = 1_000_000 } }'
    graph = compiled(tmp_path, f"{PIPELINE.replace('-> far', '-> far, watching')}\n{watching}\n")
    log = MemoryWriteLog(100_000)
    commands = (
        Command(5_000.0, lambda session: session.halt("far", "by hand")),
        Command(6_000.0, lambda session: session.halt(None, "all of them")),
    )
    simulated(graph, 8_192, SessionSettings(commands=commands, write_log=log))
    halts = [entry.event.reason for entry in log.entries if isinstance(entry, RiskRecorded)]
    assert len(halts) == len(commands)
