"""A pipeline whose strategy does what the trades it sees tell it to, and its tests, run in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from meltica_compiler.compile import CompileOptions, compile_text
from meltica_compiler.records.layout import MAX_BATCH
from meltica_dsl.diagnostics.diagnostic import has_errors
from meltica_dsl.diagnostics.render_text import render
from meltica_runtime.testing.outcome import Outcome
from meltica_runtime.testing.scenario_suite import ScenarioSuite

PUPPET = """
// Does what a trade's id asks for: 901 buys, 902 sells far away, 903 cancels, 904 amends, 905 throws,
// 906 never returns, 907 buys at the market.
module.exports = {
  metadata: { name: "puppet", tag: "1.0.0", displayName: "Puppet", description: "obeys", config: [],
    events: ["Trade", "BookSnapshot", "ExecReport", "RiskControl"] },
  create(env) {
    let id = null;
    const symbol = { symbol: "BTC-USDT" };
    const submit = (side, price) => { id = env.runtime.submitOrder(null, side, "1", price, symbol); };
    return {
      onTrade(_ctx, evt, trade) {
        env.helpers.log("trade", trade.tradeId, "of", evt.symbol);
        switch (String(trade.tradeId)) {
          case "901": submit("buy", "100"); break;
          case "902": submit("sell", "900"); break;
          case "903": env.runtime.cancelOrder(id); break;
          case "904": env.runtime.amendOrder(id, { price: "99" }); break;
          case "905":
            throw new Error("told to");
          case "906": for (;;) {}
          case "907": env.runtime.submitMarketOrder(null, "buy", "1", symbol); break;
        }
      },
      onBookSnapshot() { env.helpers.log("book"); },
      onOrderFilled(_ctx, _evt, order) { env.helpers.log("filled", order.price); },
      onOrderExpired(_ctx, _evt, order) { env.helpers.log("expired"); },
      onOrderRejected(_ctx, _evt, _order, reason) { env.helpers.log("rejected:", reason); },
    };
  },
};
"""

PIPELINE = """
pipeline tested
provider paper { adapter = fake, symbols = [BTC-USDT, ETH-USDT] }
provider other { adapter = fake, symbols = [BTC-USDT] }
pool large { events = 64, on_full = drop_oldest }
pool oldest { events = 4, on_full = drop_oldest }
pool newest { events = 4, on_full = drop_newest }
pool folding { events = 2, on_full = conflate }
pool waiting { events = 4, on_full = block }
route trades via large = paper.trade, other.trade | where quantity >= 0.001 | dedupe within 1s -> it
route books via large = paper.book | conflate per symbol every 100ms -> it
route to_oldest via oldest = paper.trade -> last
route to_newest via newest = paper.trade -> first
route to_folding via folding = paper.trade -> folded
route to_waiting via waiting = paper.trade -> whole
route candles via large = paper.trade | kline 1m -> charted
sink last = log
sink first = log
sink folded = log
sink whole = log
sink charted = log
strategy it = "puppet" {
  trade_on = paper, risk = careful, dry_run = DRY, linger = 0, drain_limit = 300ms
}
risk careful { max_open_orders = 2, order_types = [limit] }
"""


def compiled_tests(folder: Path, text: str, pipeline: str = PIPELINE, *, dry: str = "false"):
    (folder / "puppet.js").write_text(PUPPET)
    options = CompileOptions(folder, require_registry=False, environ={})
    compiled = compile_text("tested.mel", pipeline.replace("DRY", dry) + text, options)
    shown = render(compiled.diagnostics, compiled.sources, color=False, width=100)
    assert not has_errors(compiled.diagnostics), shown
    return compiled


@pytest.fixture
def outcomes_of(tmp_path: Path) -> Callable[..., list[Outcome]]:
    """Runs all tests of a text that follows the pipeline."""

    def run(text: str, *, batch: int = MAX_BATCH, limit_s: float = 30.0, **more: str) -> list[Outcome]:
        compiled = compiled_tests(tmp_path, text, **more)
        suite = ScenarioSuite(compiled.graph, compiled.sources, tmp_path, limit_s)
        return [anyio.run(suite.run, scenario, batch) for scenario in compiled.scenarios]

    return run


@pytest.fixture
def outcome_of(outcomes_of: Callable[..., list[Outcome]]) -> Callable[..., Outcome]:
    """Runs one test that consists of these steps."""

    def run(steps: str, **more: object) -> Outcome:
        (outcome,) = outcomes_of(f'test "t" {{\n{steps}\n}}', **more)
        return outcome

    return run


@pytest.fixture
def met(outcome_of: Callable[..., Outcome]) -> Callable[..., list[bool]]:
    """Which of the expectations among these steps are met."""

    def run(steps: str, **more: object) -> list[bool]:
        outcome = outcome_of(steps, **more)
        unmet = [problem.text for problem in outcome.problems]
        lines = [line.strip() for line in steps.splitlines()]
        return [line not in unmet for line in lines if line.startswith("expect")]

    return run
