"""The pipelines that are measured, compiled from text like any other."""

from __future__ import annotations

from pathlib import Path

from meltica_compiler.compile import CompileOptions, compile_text
from meltica_compiler.graph import Graph

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
    compiled = compile_text("bench.mel", text, CompileOptions(folder, require_registry=False, environ={}))
    assert compiled.graph is not None, compiled.diagnostics
    return compiled.graph
