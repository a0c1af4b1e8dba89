"""One script of orders, halts and reports, played by a live gateway on paper and by the runner of
`meltica test`: strategies see the same of it, and the same is stored."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest
from msgspec.structs import replace

from meltica_compiler.compile import CompileOptions, compile_text
from meltica_dsl.diagnostics.diagnostic import has_errors
from meltica_dsl.model.pipeline import KillSwitch
from meltica_runtime.execution.router import RouterLimits
from meltica_runtime.execution.session import ExecutionSession
from meltica_runtime.orders.limits import unlimited
from meltica_runtime.orders.write_log import MemoryWriteLog
from meltica_runtime.simulation.trading import Command, SessionSettings
from meltica_runtime.store.pool import Database, PoolLimits, open_database
from meltica_runtime.store.write_log import PostgresWriteLog
from meltica_runtime.testing.clock import START_US
from meltica_runtime.testing.scenario_runner import run_scenario
from meltica_runtime.testing.timeline import read_timelines
from meltica_runtime.topology.gateway import Gateway, GatewayOptions
from meltica_runtime.venues.live_provider import ProviderState

pytestmark = pytest.mark.anyio

SCRIPTED = """
// Does what the quantity of a trade says, and writes down all it sees.
module.exports = {
  metadata: { name: "scripted", tag: "1.0.0", displayName: "Scripted", description: "obeys", config: [],
    events: ["Trade", "ExecReport", "BalanceUpdate", "InstrumentUpdate", "RiskControl"] },
  create(env) {
    let id = null;
    const { submitOrder, submitMarketOrder, cancelOrder, amendOrder, isTradingActive } = env.runtime;
    const submit = (evt, side, quantity, price) => {
      id = submitOrder(null, side, quantity, price, { symbol: evt.symbol });
    };
    const acts = {
      1: (evt) => submit(evt, "buy", "1", "100"),
      2: (evt) => submit(evt, "sell", "1", "105"),
      3: () => cancelOrder(id),
      4: () => amendOrder(id, { price: "99" }),
      5: (evt) => submit(evt, "buy", "50", "100"),
      6: (evt) => submitMarketOrder(null, "buy", "1", { symbol: evt.symbol }),
      7: (evt) => submit(evt, "buy", "1", "100.001"),
      8: () => amendOrder(id, { quantity: "2" }),
      9: () => { cancelOrder(id); cancelOrder(id); },
    };
    const note = (name) => (_ctx, evt, payload, more) => {
      env.helpers.log(JSON.stringify([name, evt.type, evt.symbol, payload, more ?? null, isTradingActive()]));
      if (name === "trade" && acts[payload.quantity]) acts[payload.quantity](evt);
    };
    return { onTrade: note("trade"), onBalanceUpdate: note("balance"), onRiskControl: note("risk"),
      onInstrumentUpdate: note("instrument"), onOrderAcknowledged: note("acknowledged"),
      onOrderFilled: note("filled"), onOrderRejected: note("rejected"), onOrderPartialFill: note("partial"),
      onOrderCancelled: note("cancelled"), onOrderExpired: note("expired") };
  },
};
"""

PIPELINE = """
pipeline parity { memory = 64MiB }
provider paper {
  adapter = replay, path = "trades.csv", format = tardis_trades, speed = 1
  symbols = [BTC-USDT, ETH-USDT, LTC-USDT], latency = 2ms
}
pool market { events = 1_024, on_full = drop_oldest }
route first via market = paper.trade | where symbol == BTC-USDT -> first
route second via market = paper.trade | where symbol == ETH-USDT -> second
strategy first = "scripted" {
  trade_on = paper, risk = own, dry_run = false, linger = 0
}
strategy second = "scripted" {
  trade_on = paper, risk = own, dry_run = false, linger = 0
}
risk own { max_position = 9, circuit_breaker = { threshold = 2, cooldown = 30ms } }
"""

BTC, ETH = "BTC-USDT", "ETH-USDT"
SCRIPT = (
    # At so many milliseconds a trade of this symbol and price, whose quantity says what is done.
    (0, BTC, 104, "0.5"),
    (5, BTC, 104, "1"),  # rests
    (7, ETH, 104, "2"),
    (15, BTC, 104, "4"),  # is amended
    (25, BTC, 98, "0.5"),  # and filled
    (30, ETH, 104, "3"),  # is cancelled
    (40, BTC, 104, "1"),
    (42, ETH, 104, "1"),
    (45, BTC, 104, "2"),  # the third open order of both
    (50, ETH, 104, "2"),  # which is as many as the gateway may have: one breach
    (60, BTC, 104, "3"),
    (70, ETH, 104, "8"),  # more of it
    (80, BTC, 104, "7"),  # the venue rejects it
    (90, BTC, 104, "7"),  # and again, so that the breaker opens
    (100, BTC, 104, "1"),
    (140, BTC, 104, "6"),
    (150, ETH, 104, "9"),
    (160, ETH, 104, "5"),  # beyond its own limit
    (170, BTC, 104, "1"),
    (172, BTC, 104, "1"),
    (175, BTC, 104, "1"),
    (177, BTC, 104, "1"),  # the second breach of the gateway's limit: its kill switch engages
    (185, ETH, 104, "1"),  # nobody trades
    (190, BTC, 104, "3"),  # but a cancel passes
    (210, ETH, 104, "1"),  # released
    (230, ETH, 104, "2"),  # halted by hand
    (240, BTC, 99, "0.5"),  # orders that rest are filled all the same
    (260, ETH, 104, "3"),
    (270, BTC, 104, "2"),  # alone halted
    (280, ETH, 104, "2"),
    (300, BTC, 104, "2"),
    (900, "LTC-USDT", 1, "0.1"),  # nobody sees it: the recording does not end before
)

COMMANDS: tuple[tuple[int, Callable[[ExecutionSession], None]], ...] = (
    (200, lambda session: session.reset(None)),
    (220, lambda session: session.halt(None, "by hand")),
    (250, lambda session: session.reset(None)),
    (265, lambda session: session.halt("first", "one alone")),
    (290, lambda session: session.reset("first")),
)

END_MS = 350
GATEWAY = replace(unlimited("gateway"), max_open_orders=3, kill_switch=KillSwitch(2))


@dataclass(frozen=True)
class Played:
    """What a run left: what each strategy wrote down, and the rows that are stored."""

    seen: dict[str, list[Any]]
    rows: dict[str, list[dict[str, Any]]]


async def test_what_a_test_shows_is_what_a_live_gateway_does(
    migrated_dsn: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "scripted.js").write_text(SCRIPTED)
    (tmp_path / "trades.csv").write_text(recording())
    caplog.set_level(logging.INFO, "meltica")
    async with open_database(migrated_dsn, PoolLimits()) as database:
        live = await played_live(database, tmp_path, caplog)
        await database_cleared(database)
        tested = await played_as_test(database, tmp_path)

    for name in ("first", "second"):
        assert tested.seen[name] == live.seen[name]
        handlers = [entry[0] for entry in live.seen[name]]
        assert {"trade", "acknowledged", "rejected", "risk", "balance", "instrument"} <= set(handlers)
    for table, rows in live.rows.items():
        assert tested.rows[table] == rows, table
        assert rows, table
    assert any(not entry[-1] for entry in live.seen["second"]), "it was to know that nobody may trade"


def recording() -> str:
    lines = ["exchange,symbol,timestamp,local_timestamp,id,side,price,amount"]
    for number, (at_ms, symbol, price, quantity) in enumerate(SCRIPT, 1):
        at_us = int(START_US) + at_ms * 1_000
        lines.append(f"paper,{symbol},{at_us},{at_us},{number},sell,{price},{quantity}")
    return "\n".join(lines) + "\n"


def scenario_text() -> str:
    steps = [
        f"at {at_ms}ms paper.trade {{ symbol = {symbol}, price = {price}, quantity = {quantity}, "
        f"trade_id = {number}, side = sell }}"
        for number, (at_ms, symbol, price, quantity) in enumerate(SCRIPT, 1)
        if at_ms < END_MS
    ]
    return "\n".join(['test "the script" {', *steps, "}"])


def compiled(folder: Path, text: str):
    result = compile_text("parity.mel", text, CompileOptions(folder, require_registry=False, environ={}))
    assert not has_errors(result.diagnostics), result.diagnostics
    return result


async def played_live(database: Database, folder: Path, caplog: pytest.LogCaptureFixture) -> Played:
    clock = [START_US]
    options = GatewayOptions(folder, router=RouterLimits(risk_tick_s=0.001))
    gateway = Gateway(compiled(folder, PIPELINE).graph, database, options, lambda: clock[0])
    gateway.router.use_limits(None, GATEWAY)
    serving = anyio.Event()
    commands = dict(COMMANDS)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: gateway.serve(ready=serving.set))
        with anyio.fail_after(240):
            await serving.wait()
            await settled(gateway)
            for at_ms in range(END_MS + 1):
                # An event is there once its time has passed.
                clock[0] = START_US + at_ms * 1_000 + 1
                await settled(gateway)
                if at_ms in commands:
                    commands[at_ms](gateway.router)
                    await settled(gateway)
        rows = await stored(database)
        gateway.stop()
    seen: dict[str, list[Any]] = {"first": [], "second": []}
    for record in caplog.records:
        if record.getMessage().startswith("["):
            seen[record.node.partition(":")[2]].append(json.loads(record.getMessage()))  # type: ignore[attr-defined]  # ours
    return Played(normal(seen), rows)


async def settled(gateway: Gateway) -> None:
    """Until everything that happened up to the clock's time is stored, sent, told and handled."""
    quiet = 0
    while quiet < 3:
        provider = gateway.snapshot().providers["paper"]
        assert provider.state in (ProviderState.STARTING, ProviderState.RUNNING), provider
        is_quiet = (
            provider.state is ProviderState.RUNNING
            and provider.lag_s == 0
            and gateway.router._is_idle
            and all(strategy.is_settled for strategy in gateway.strategies.values())
        )
        quiet = quiet + 1 if is_quiet else 0
        await anyio.sleep(0.003)


async def played_as_test(database: Database, folder: Path) -> Played:
    result = compiled(folder, PIPELINE + scenario_text())
    (scenario,) = result.scenarios
    write_log = MemoryWriteLog(100_000)
    commands = tuple(Command(START_US + at_ms * 1_000, run) for at_ms, run in COMMANDS)
    settings = SessionSettings(GATEWAY, commands, write_log)
    timelines = read_timelines(result.graph, scenario, folder)
    record = await run_scenario(result.graph, scenario, timelines, settings=settings)
    assert not record.failures
    await PostgresWriteLog(database).commit(write_log.entries)
    seen = {
        name: [json.loads(line.text) for line in transcript.logs]
        for name, transcript in record.transcripts.items()
    }
    return Played(normal(seen), await stored(database))


RUN = re.compile(r"\b(first|second)-\w+-1-(\d+)\b")
"""The part of an order's id that names the run."""


def normal(seen: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Without times, and without what names the run."""
    for entries in seen.values():
        for entry in entries:
            entry[3] = {name: nameless(value) for name, value in entry[3].items() if name != "timestamp"}
    return seen


def nameless(value: Any) -> Any:
    return RUN.sub(r"\1-\2", value) if isinstance(value, str) else value


TABLES = {
    "orders": "SELECT * FROM orders ORDER BY placed_us, client_order_id",
    "executions": "SELECT * FROM executions ORDER BY traded_us, client_order_id, execution_id",
    "balances": "SELECT * FROM balances ORDER BY asset, snapshot_us",
    "risk": "SELECT * FROM risk_events ORDER BY instance, number",
    "positions": "SELECT instance, symbol, sum(CASE side WHEN 'buy' THEN quantity ELSE -quantity END) AS net"
    " FROM executions GROUP BY instance, symbol ORDER BY instance, symbol",
}


async def stored(database: Database) -> dict[str, list[dict[str, Any]]]:
    async with database.connection() as connection:
        found = {name: await connection.fetch(query) for name, query in TABLES.items()}
    return {name: [timeless(dict(row)) for row in rows] for name, rows in found.items()}


def timeless(row: dict[str, Any]) -> dict[str, Any]:
    """Without times, and without what names the run."""
    return {name: nameless(value) for name, value in row.items() if not name.endswith("_us")}


async def database_cleared(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute("TRUNCATE orders, executions, balances, risk_events, halts CASCADE")
