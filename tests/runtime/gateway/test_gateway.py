"""What a gateway says of what went wrong, and of what it did not get to."""

from __future__ import annotations

import logging
from pathlib import Path

import anyio
import pytest

from meltica_compiler.compile import compile_text
from meltica_compiler.options import CompileOptions
from meltica_runtime.gateway import gateway as module
from meltica_runtime.gateway.gateway import Farewell, Gateway, GatewayOptions
from meltica_runtime.providers.live import ProviderState
from meltica_runtime.store.pool import PoolLimits, open_database

pytestmark = pytest.mark.anyio

LISTENER = """
module.exports = {
  metadata: { name: "listener", tag: "1.0.0", displayName: "Listener", description: "Takes its time.",
              config: [], events: ["Trade"] },
  create() { return { onTrade() { for (let i = 0; i < %d; i++); } }; },
};
"""

PIPELINE = """
pipeline desk { memory = 64MiB }
provider source { %s, symbols = [BTC-USDT] }
pool market { events = 1_024, on_full = %s }
route trades via market = source.trade -> listener
strategy listener = "listener"
"""

FAKE = "adapter = fake, seed = 7, rate = 5_000/s"


async def served(dsn: str, folder: Path, text: str, turns: int, enough) -> tuple[Gateway, Farewell]:
    """Serves until `enough(gateway)`."""
    (folder / "listener.js").write_text(LISTENER % turns)
    graph = compile_text("desk.mel", text, CompileOptions(folder, False, {})).graph
    assert graph is not None
    farewell = None
    async with open_database(dsn, PoolLimits()) as database:
        gateway = Gateway(graph, database, GatewayOptions(folder))

        async def stop_in_time() -> None:
            while not enough(gateway):
                await anyio.sleep(0.01)
            gateway.stop()

        with anyio.fail_after(30):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(stop_in_time)
                farewell = await gateway.serve()
    assert farewell is not None
    return gateway, farewell


async def test_a_provider_that_cannot_read_its_source_is_told_of(
    migrated_dsn: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = PIPELINE % ('adapter = replay, path = "none.parquet", format = binance_trades', "block")
    with caplog.at_level(logging.ERROR, "meltica"):
        await served(
            migrated_dsn,
            tmp_path,
            text,
            0,
            lambda gateway: gateway.snapshot().providers["source"].state is ProviderState.FAILED,
        )
    assert "provider source failed" in caplog.text
    assert "none.parquet" in caplog.text


@pytest.mark.parametrize("policy", ["block", "drop_newest", "drop_oldest", "conflate"])
async def test_what_a_slow_reader_did_not_get_to_is_counted(
    migrated_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    monkeypatch.setattr(module, "SETTLE_SECONDS", 0.2)
    gateway, farewell = await served(
        migrated_dsn, tmp_path, PIPELINE % (FAKE, policy), 30_000_000, lambda gateway: gateway.events > 2_000
    )
    assert farewell.unhandled > 0
    edge = gateway.plane.edges_of("listener")[0].statistics()
    waiting = sum(flow.backlog for flow in gateway.plane.flows.values())
    assert edge.consumed + edge.dropped + edge.conflated + waiting == farewell.events


@pytest.mark.parametrize("policy", ["block", "drop_newest", "drop_oldest", "conflate"])
async def test_what_has_arrived_is_handled_before_the_end(
    migrated_dsn: str, tmp_path: Path, policy: str
) -> None:
    gateway, farewell = await served(
        migrated_dsn, tmp_path, PIPELINE % (FAKE, policy), 100_000, lambda gateway: gateway.events > 2_000
    )
    assert farewell.unhandled == 0
    edge = gateway.plane.edges_of("listener")[0].statistics()
    assert edge.consumed + edge.dropped + edge.conflated == edge.offered
