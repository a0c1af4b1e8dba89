"""The pipelines that are measured, compiled from text like any other."""

from __future__ import annotations

from pathlib import Path

from meltica_compiler.compile import CompileOptions, compile_text
from meltica_compiler.graph.graph import Graph

COUNTING = """\
// Reads every trade and adds up what it sees, so that nothing is optimised away.
module.exports = {
  metadata: { name: "NAME", tag: "1.0.0", displayName: "Counter", description: "adds prices up", config: [],
    events: ["Trade"] },
  create() {
    let sum = 0, seen = 0;
    return { onTrade(_ctx, _event, _payload, price) { seen += 1; sum += price; } };
  },
};
"""

ORDERING = """\
// Sends a market order at every so manieth trade, by turns to buy and to sell.
module.exports = {
  metadata: { name: "orderer", tag: "1.0.0", displayName: "Orderer", description: "orders at a fixed pace",
    config: [{ name: "every", type: "int", description: "trades from one order to the next", default: 100,
      required: false }], events: ["Trade", "ExecReport"] },
  create(env) {
    let seen = 0, fills = 0;
    return {
      onTrade() {
        seen += 1;
        if (seen % env.config.every !== 0) return;
        env.runtime.submitMarketOrder(null, (seen / env.config.every) % 2 ? "buy" : "sell", "0.01");
      },
      onOrderFilled() { fills += 1; },
    };
  },
};
"""


def compiled(text: str, strategies: Path) -> Graph:
    """The graph of a text that has no mistakes."""
    answer = compile_text("bench.mel", text, CompileOptions(strategies, require_registry=False, environ={}))
    assert answer.graph is not None, answer.diagnostics
    return answer.graph


def replay_graph(folder: Path, strategies: int, *, linger: str = "0", on_full: str = "block") -> Graph:
    """A `where` in between trades and so many counting strategies; `folder` gets their modules."""
    names = [f"counter{i}" for i in range(strategies)]
    for name in names:
        (folder / f"{name}.js").write_text(COUNTING.replace("NAME", name))
    declared = "\n".join(f'strategy {n} = "{n}" {{ linger = {linger} memory = 256MiB }}' for n in names)
    text = f"""
pipeline replay
provider tape {{ adapter = fake symbols = [BTC-USDT, ETH-USDT] rate = 1_000/s }}
pool market {{ events = 65_536 on_full = {on_full} }}
route trades via market =
  tape.trade | where symbol == BTC-USDT and quantity >= 0.001 -> {", ".join(names)}
{declared}
"""
    return compiled(text, folder)


def ordering_graph(folder: Path, every: int) -> Graph:
    """A strategy that sends a market order at every so manieth trade to the venue that trades happen at."""
    (folder / "orderer.js").write_text(ORDERING)
    text = f"""
pipeline orders
provider paper {{ adapter = fake symbols = [BTC-USDT] seed = 7 rate = 1_000/s }}
pool market {{ events = 65_536 on_full = drop_oldest }}
route trades via market = paper.trade -> it
strategy it = "orderer" {{
  trade_on = paper risk = free dry_run = false linger = 0 config {{ every = {every} }}
}}
risk free {{ max_open_orders = 50 order_throttle = 10_000/s order_burst = 100 }}
"""
    return compiled(text, folder)


def wide_text(nodes: int) -> str:
    """A pipeline of so many nodes: one provider and pool, and pairs of a route and its strategy."""
    parts = [
        "pipeline wide { memory = 64GiB }",
        "provider tape { adapter = fake symbols = [BTC-USDT, ETH-USDT] rate = 1_000/s }",
        "pool market { events = 64 on_full = drop_oldest }",
    ]
    for pair in range((nodes - 2) // 2):
        where = f"where symbol == BTC-USDT and quantity > 0.{pair + 1}"
        parts.append(f"route r{pair} via market = tape.trade | {where} -> s{pair}")
        parts.append(f'strategy s{pair} = "counter0"')
    return "\n".join(parts)
