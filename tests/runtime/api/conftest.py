"""Real gateways with a real store, answering on a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from meltica_compiler.compile import compile_text
from meltica_compiler.graph.graph import Graph
from meltica_compiler.passes.options import CompileOptions
from meltica_runtime.api.application import create_app
from meltica_runtime.api.server import bind, serve_api
from meltica_runtime.store.pool import PoolLimits, open_database
from meltica_runtime.topology.gateway import Gateway, GatewayOptions

PIPELINE = """
pipeline desk { memory = 64MiB, latency = 2ms }

provider paper { adapter = fake, symbols = [BTC-USDT, ETH-USDT], seed = 7, rate = 2_000/s }

pool market { events = 1_024, on_full = drop_oldest }

route trades via market = paper.trade | where symbol == BTC-USDT -> trader, watcher

strategy trader = "trader:latest" { trade_on = paper, risk = careful, dry_run = false }

strategy watcher = "watcher:latest"

risk careful {
  max_position   = 2
  max_notional   = 250_000
  order_throttle = 100/s
  order_burst    = 10
  kill_switch    = { after = 50 }
}
"""

TRADER = """
module.exports = {
  metadata: { name: "trader", tag: "1.0.0", displayName: "Trader", description: "Buys, rests, oversteps.",
              config: [], events: ["Trade"] },
  create(env) {
    let started = false;
    return {
      onTrade(ctx, evt, payload) {
        if (started) return;
        started = true;
        const [venue] = env.runtime.providers();
        env.runtime.submitMarketOrder(venue, "buy", "0.01", { symbol: evt.symbol });
        env.runtime.submitOrder(venue, "buy", "0.01", "20000", { symbol: evt.symbol });
        env.runtime.submitOrder(venue, "buy", "500", "20000", { symbol: evt.symbol });
      },
    };
  },
};
"""

WATCHER = """
module.exports = {
  metadata: { name: "watcher", tag: "2.0.0", displayName: "Watcher", description: "Looks on.",
              config: [], events: ["Trade"] },
  create() { return { onTrade() {} }; },
};
"""

BROKEN = """
module.exports = {
  metadata: { name: "broken", tag: "1.0.0", displayName: "Broken", description: "Throws.",
              config: [], events: ["Trade"] },
  create() { return { onTrade() { throw new Error("out of luck"); } }; },
};
"""


THROWER = """
module.exports = {
  metadata: { name: "thrower", tag: "1.0.0", displayName: "Thrower", description: "Does not start.",
              config: [], events: ["Trade"] },
  create() {
    throw new Error("no such thing");
  },
};
"""


@dataclass
class Api:
    """A gateway that runs, and a client of its API."""

    gateway: Gateway
    client: httpx.AsyncClient

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.client.get(path, **options)

    async def json(self, path: str) -> Any:
        response = await self.client.get(path)
        assert response.status_code == 200, response.text
        return response.json()


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    with anyio.fail_after(30):
        while not await holds():
            await anyio.sleep(0.01)


@pytest.fixture(scope="session")
def until() -> Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]:
    """Waits until something holds, within a limit."""
    return _until


@pytest.fixture(scope="session")
def strategies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("api-strategies")
    modules = {"trader": TRADER, "watcher": WATCHER, "broken": BROKEN, "thrower": THROWER}
    for name, source in modules.items():
        (folder / f"{name}.js").write_text(source)
    return folder


@pytest.fixture(scope="session")
def graph_of(strategies: Path) -> Callable[[str], Graph]:
    def compiled(text: str) -> Graph:
        result = compile_text("pipelines/desk.mel", text, CompileOptions(strategies, False, {}))
        assert result.graph is not None, [one.message for one in result.diagnostics]
        return result.graph

    return compiled


Serve = Callable[[str, str], AbstractAsyncContextManager[Api]]


@pytest.fixture(scope="session")
def serve(
    graph_of: Callable[[str], Graph], strategies: Path, tmp_path_factory: pytest.TempPathFactory
) -> Serve:
    """Runs the gateway of a pipeline on a store, and its API, for the length of a block."""

    @asynccontextmanager
    async def served(dsn: str, text: str) -> AsyncIterator[Api]:
        async with open_database(dsn, PoolLimits(connect_s=5.0)) as database:
            gateway = Gateway(graph_of(text), database, GatewayOptions(tmp_path_factory.mktemp("project")))
            listener = bind("127.0.0.1", 0)
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            async with anyio.create_task_group() as api, anyio.create_task_group() as running:
                app = create_app(gateway, CompileOptions(strategies, False, {}))
                await api.start(serve_api, app, listener)
                ready = anyio.Event()
                running.start_soon(lambda: gateway.serve(ready=ready.set))
                with anyio.fail_after(30):
                    await ready.wait()
                async with httpx.AsyncClient(base_url=url, timeout=20) as client:
                    yield Api(gateway, client)
                gateway.stop()
                api.cancel_scope.cancel()

    return served


@pytest.fixture(scope="module")
async def api(serve: Serve, module_dsn: str) -> AsyncIterator[Api]:
    """A gateway whose trader has an order that was filled, one that rests and one that was refused."""
    async with serve(module_dsn, PIPELINE) as one:

        async def has_traded() -> bool:
            orders = (await one.json("/strategy/instances/trader/orders"))["orders"]
            return {"FILLED", "ACKNOWLEDGED", "REJECTED"} <= {order["state"] for order in orders}

        await _until(has_traded)
        yield one
