"""What a change of one node costs a gateway that runs many."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import uvloop

from meltica_compiler.graph.graph import Graph
from meltica_compiler.plan.plan import plan
from meltica_runtime.clock import wall_clock_us
from meltica_runtime.dataplane.migration import plan_migration
from meltica_runtime.store.catalog import store_catalog
from meltica_runtime.store.embedded.server import EmbeddedServer
from meltica_runtime.store.migrate import migrate_up
from meltica_runtime.store.pool import PoolLimits, open_database
from meltica_runtime.topology.gateway_state import GatewayState
from meltica_runtime.topology.options import GatewayOptions

from .pipelines import COUNTING, compiled
from .scale import TINY, Scale
from .table import Figure, Section

NODES = 10_000
MARKETS = 20
"""Providers, and as many strategies: what trades is few beside what is filtered and kept."""
GOAL_S = 1.0
RELOADS = 5

METHOD = f"""\
What a gateway does to put one changed node in place, on a graph of {NODES:,} nodes: {MARKETS} fake
providers and {MARKETS} strategies, and of the rest half routes with a `where` and half sinks of kind `log`,
one behind each route. One route's `where` is changed; both graphs are compiled before. `plan` is the plan,
`build` the data plane and the nodes beside the former ones, `cutover` the switch of the data plane. The
gateway is built and not served, and nothing flows: with so many routes the tick, which looks at each of them
50 times a second, takes all of the loop's time, and a figure of a served one would be a figure of that.
`catalog` is what is stored in an embedded Postgres meanwhile; it is part of the reload, but waits for the
database and not for the loop."""


def measure(_folder: Path, scale: Scale) -> Section:
    # The server may run under another account, which has no way into a private folder.
    with tempfile.TemporaryDirectory(prefix="meltica-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = EmbeddedServer.start(folder / "postgres")
        try:
            uvloop.run(migrate_up(server.dsn))
            return uvloop.run(_measure(server.dsn, folder, scale))
        finally:
            server.stop()


def desk_text(nodes: int, markets: int, changed: int = 0) -> str:
    """A desk of so many nodes; `changed` is what the `where` of one route in its middle asks for."""
    parts = [
        "pipeline desk { memory = 64GiB }",
        "pool market { events = 64 on_full = drop_oldest }",
    ]
    for i in range(markets):
        parts.append(f"provider m{i} {{ adapter = fake symbols = [BTC-USDT] seed = {i} rate = 1/s }}")
        parts.append(f'strategy s{i} = "counter"')
    pairs = (nodes - 2 * markets) // 2
    for i in range(pairs):
        least = f"0.{i + 1}" if i != pairs // 2 else f"{changed + 1}"
        targets = f"k{i}, s{i}" if i < markets else f"k{i}"
        parts.append(f"route r{i} via market = m{i % markets}.trade | where quantity > {least} -> {targets}")
        parts.append(f"sink k{i} = log {{ level = debug }}")
    return "\n".join(parts)


async def _measure(dsn: str, folder: Path, scale: Scale) -> Section:
    nodes, markets = (60, 2) if scale is TINY else (NODES, MARKETS)
    (folder / "counter.js").write_text(COUNTING.replace("NAME", "counter"))
    graphs = [compiled(desk_text(nodes, markets, changed), folder) for changed in (0, 1)]
    parts: dict[str, list[float]] = {}
    async with open_database(dsn, PoolLimits()) as database:
        state = GatewayState(graphs[0], database, GatewayOptions(folder), wall_clock_us)
        await store_catalog(database, graphs[0])
        for turn in range(scale.of(RELOADS, least=3)):
            for name, seconds in (await _reload(state, graphs[(turn + 1) % 2])).items():
                parts.setdefault(name, []).append(seconds)
    whole = [sum(turn) for turn in zip(*parts.values(), strict=True)]
    title = f"reload of one changed node in {NODES:,}, built and not served"
    return Section(
        "Reloading",
        METHOD,
        (
            Figure(title, median(whole), "s", GOAL_S, less_is_better=True),
            *(Figure(f"… of which {name}", median(seconds), "s") for name, seconds in parts.items()),
        ),
    )


async def _reload(state: GatewayState, wanted: Graph) -> dict[str, float]:
    """Seconds by part of a reload."""
    former, times = state.topology, [time.perf_counter()]
    planned = plan(former.graph, wanted)
    times.append(time.perf_counter())
    migration = plan_migration(former.plane, wanted, planned)
    topology = state.builder.build(migration.plane, former.nodes_that_stay(planned))
    times.append(time.perf_counter())
    await store_catalog(state.database, wanted)
    times.append(time.perf_counter())
    migration.check()
    with ExitStack() as rollback:
        migration.apply(rollback)
        rollback.pop_all()
    migration.commit()
    state.topology = topology
    state.run_pump()
    times.append(time.perf_counter())
    assert len(planned.changes) == 1, "one node is changed"
    names = ("plan", "build", "catalog", "cutover")
    return {name: end - begin for name, begin, end in zip(names, times, times[1:], strict=False)}
