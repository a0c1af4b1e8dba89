"""Gateways that are changed while they run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from meltica_compiler.compile import compile_text
from meltica_compiler.graph.graph import Graph
from meltica_compiler.passes.options import CompileOptions
from meltica_runtime.store.pool import PoolLimits, open_database
from meltica_runtime.topology.gateway import Gateway, GatewayOptions, ShutdownReport

CONTIGUOUS = """
// Ends with a fault at the first trade that is missing or comes twice.
module.exports = {
  metadata: { name: "contiguous", tag: "1.0.0", displayName: "Contiguous", description: "Counts trades.",
              config: [], events: ["Trade"] },
  create() {
    const last = {};
    return { onTrade(ctx, evt, payload) {
      const id = Number(payload.tradeId), before = last[evt.symbol] ?? 0;
      if (id !== before + 1) throw new Error(`${evt.symbol}: trade ${id} after ${before}`);
      last[evt.symbol] = id;
    } };
  },
};
"""

ORDERED = """
// Ends with a fault at the first event that is out of order, or of a name that it does not know.
module.exports = {
  metadata: { name: "ordered", tag: "1.0.0", displayName: "Ordered", description: "Looks at the order.",
              config: [{ name: "mark", type: "number", description: "-", default: 0, required: false }],
              events: ["Trade", "Ticker", "BookSnapshot", "KlineSummary"] },
  create() {
    let last = 0;
    function look(ctx, evt) {
      const seq = Number(evt.eventId.split(":")[2]);
      if (!(seq >= last)) throw new Error(`event ${seq} after ${last}`);
      if (evt.symbol === undefined || evt.provider === undefined) throw new Error(`event ${seq} has no name`);
      last = seq;
    }
    return { onTrade: look, onTicker: look, onBookSnapshot: look, onKlineSummary: look };
  },
};
"""

Modules = dict[str, str]


class Running:
    """A gateway that serves, and files that may take the place of its own."""

    def __init__(self, gateway: Gateway, folder: Path) -> None:
        self.gateway = gateway
        self.folder = folder

    def compiled(self, text: str) -> Graph:
        return compiled(self.folder, text)

    async def apply(self, text: str):
        return await self.gateway.apply(self.compiled(text), self.gateway.graph.hash)

    async def until(self, holds: Callable[[], object], limit_s: float = 20.0) -> None:
        with anyio.fail_after(limit_s):
            while not holds():
                await anyio.sleep(0.005)

    async def more_events(self, count: int) -> None:
        goal = self.gateway.events + count
        await self.until(lambda: self.gateway.events >= goal)


def compiled(folder: Path, text: str) -> Graph:
    result = compile_text("desk.mel", text, CompileOptions(folder, False, {}))
    assert result.graph is not None, result.diagnostics
    return result.graph


async def serve_until(gateway: Gateway, enough: Callable[[Gateway], object]) -> ShutdownReport | None:
    """A whole run, until `enough(gateway)`."""

    async def stop_in_time() -> None:
        while not enough(gateway):
            await anyio.sleep(0.01)
        gateway.stop()

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stop_in_time)
            return await gateway.serve()


@asynccontextmanager
async def run_gateway(dsn: str, folder: Path, text: str, **modules: str) -> AsyncIterator[Running]:
    """Serves until the block is left, and stops in order then."""
    for name, source in {"contiguous": CONTIGUOUS, "ordered": ORDERED, **modules}.items():
        (folder / f"{name}.js").write_text(source)
    async with open_database(dsn, PoolLimits()) as database:
        gateway = Gateway(compiled(folder, text), database, GatewayOptions(folder))
        running = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: gateway.serve(ready=running.set))
            with anyio.fail_after(20):
                await running.wait()
            yield Running(gateway, folder)
            gateway.stop()


@pytest.fixture
def served(migrated_dsn: str, tmp_path: Path):
    """Runs a gateway on a database of its own: `async with served(text, module=source) as running`."""
    return lambda text, **modules: run_gateway(migrated_dsn, tmp_path, text, **modules)
