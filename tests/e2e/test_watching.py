"""`meltica run --watch`: what is saved is applied, and what is broken changes nothing."""

from __future__ import annotations

import signal

import httpx

MODULE = """
module.exports = {
  metadata: { name: "mine", tag: "1.0.0", displayName: "Mine", description: "Says what it is.",
              config: [], events: ["Trade"] },
  create(env) { env.helpers.log("born as VERSION"); return { onTrade() {} }; },
};
"""

PIPELINE = """
pipeline watched { memory = 64MiB }
provider paper { adapter = fake, symbols = [BTC-USDT], rate = 1_000/s }
pool market { events = 1_024, on_full = block }
route trades via market = paper.trade | where price > 1 -> mine
strategy mine = "mine"
"""


def test_saving_applies_and_a_broken_file_changes_nothing(project):
    modules = project.folder / "strategies"
    modules.mkdir()
    module = modules / "mine.js"
    module.write_text(MODULE.replace("VERSION", "one"))
    project.pipeline.write_text(PIPELINE)
    process = project.run("--watch")
    address = process.ready()
    hash = httpx.get(f"{address}/pipeline", timeout=10).json()["hash"]

    project.pipeline.write_text(PIPELINE.replace("price > 1", "price > 2"))
    process.says(r"^~ route trades  state moved")
    process.says(r"where price > 1 → where price > 2")
    applied = httpx.get(f"{address}/pipeline", timeout=10).json()["hash"]
    assert applied != hash

    project.pipeline.write_text(PIPELINE.replace("price > 1", "prize > 2"))
    process.says(r"did you mean `price`")
    process.says(r"not applied; the gateway goes on with what it has")
    assert httpx.get(f"{address}/pipeline", timeout=10).json()["hash"] == applied

    project.pipeline.write_text(PIPELINE.replace("price > 1", "price > 2"))
    process.says(r"watched: no changes")

    module.write_text(MODULE.replace("VERSION", "two"))
    process.says(r"born as two")
    process.says(r"^~ strategy mine  restarted")

    module.write_text(MODULE.replace('env.helpers.log("born as VERSION")', 'throw new Error("stillborn")'))
    process.says(r"strategy:mine failed, and nothing was changed: .*stillborn")
    instances = httpx.get(f"{address}/strategy/instances", timeout=10).json()["instances"]
    assert [one["running"] for one in instances] == [True]
    assert process.stop(signal.SIGTERM) == 0
