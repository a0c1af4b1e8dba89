"""Real trades through the quickstart's own routes into a strategy, beside an independent reading of them."""

from __future__ import annotations

import json
import os
import re
from decimal import Decimal
from pathlib import Path

import anyio
import pyarrow.parquet as pq
import pytest

from meltica_compiler.compile import CompileOptions, compile_text
from meltica_runtime import resources
from meltica_runtime.dataplane.market_batch import MarketCodes
from meltica_runtime.simulation.simulation import Simulation
from meltica_runtime.venues.replay.source import replay_source

DATA = Path(os.environ.get("MELTICA_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))

DIARY = """
module.exports = {
  metadata: { name: "diary", tag: "1.0.0", displayName: "Diary", description: "writes trades down",
    config: [], events: ["Trade"] },
  create: (env) => ({ onTrade: (_ctx, evt, payload) => env.helpers.log(JSON.stringify(evt)) }),
};
"""


def with_recording(quickstart: str, path: Path) -> str:
    """The quickstart with a recording for its provider, and only what a recording of trades can feed."""
    recording = f'provider paper {{ adapter = replay, symbols = [BTC-USDT], path = "{path}" '
    text = re.sub(
        r"provider paper \{.*?\n\}", recording + "format = binance_trades }", quickstart, flags=re.S
    )
    text = re.sub(r"route quotes .*?-> maker\n", "", text, flags=re.S)
    text = re.sub(r"strategy maker .*?\n\}\n", "", text, flags=re.S)
    text = re.sub(r"risk careful .*?\n\}\n", "", text, flags=re.S)
    text = re.sub(r"test .*?\n\}\n", "", text, flags=re.S)
    return text.replace("-> maker, pulse", "-> diary").replace('pulse = "logger:latest"', 'diary = "diary"')


def test_the_real_trades_pass_the_quickstarts_routes_exactly_as_they_say(tmp_path: Path) -> None:
    path = DATA / "btcusdt-trades.parquet"
    if not path.exists():
        pytest.skip(f"no {path}; MELTICA_SHARED_DATA names the folder with recordings")
    (tmp_path / "diary.js").write_text(DIARY)
    quickstart = (resources.pipelines_dir() / "quickstart.mel").read_text("utf-8")
    text = with_recording(quickstart, path)
    compiled = compile_text(
        "quickstart.mel", text, CompileOptions(tmp_path, require_registry=False, environ={})
    )
    assert compiled.graph is not None, compiled.diagnostics
    graph = compiled.graph
    codes = MarketCodes(0, {symbol: code for code, symbol in enumerate(graph.symbols)})
    source = replay_source(path, "binance_trades", codes, 0)

    transcript = anyio.run(Simulation(graph, {"paper": source}).run, 10_000)["diary"]

    seen = [json.loads(line.text) for line in transcript.logs]
    assert [
        (evt["payload"]["tradeId"], Decimal(evt["payload"]["price"]), Decimal(evt["payload"]["quantity"]))
        for evt in seen
    ] == wanted(path)
    assert {(evt["provider"], evt["symbol"], evt["type"]) for evt in seen} == {("paper", "BTC-USDT", "Trade")}


def wanted(path: Path) -> list[tuple[str, Decimal, Decimal]]:
    """What `where quantity >= 0.001 | dedupe` leaves of the file, one trade at a time."""
    known: set[str] = set()
    left = []
    for row in pq.read_table(path).to_pylist():
        trade, quantity = str(row["trade_id"]), Decimal(repr(row["quantity"]))
        if quantity >= Decimal("0.001") and trade not in known:
            known.add(trade)
            left.append((trade, Decimal(repr(row["price"])), quantity))
    assert 0 < len(left) < 2_001, "the file has dust, and more than dust"
    return left
