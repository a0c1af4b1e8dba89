"""Runs a graph over market sources on virtual time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack

import anyio
import numpy as np

from meltica_compiler.graph.graph import Graph
from meltica_compiler.records.layout import MAX_BATCH
from meltica_runtime.clock import no_clock
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.market_batch import MarketSource
from meltica_runtime.dataplane.plane import build_data_plane
from meltica_runtime.simulation.opening import StartState, open_trading
from meltica_runtime.simulation.trader import Transcript
from meltica_runtime.simulation.trading import SessionSettings
from meltica_runtime.simulation.windows import Window, stretches
from meltica_runtime.strategies.drain_channel import spare_cores


class Simulation:
    """One run. Strategies that trade on one provider share its paper account, as they do live; what they do
    is a function of the market data and of `settings` alone."""

    def __init__(
        self,
        graph: Graph,
        sources: Mapping[str, MarketSource],
        *,
        seed: int = 0,
        start_us: float = 0.0,
        settings: SessionSettings | None = None,
    ) -> None:
        """`sources` by provider name; where a strategy trades, they deliver trades and books too, whether
        or not a route asks for them, since orders are matched against these."""
        self._graph = graph
        self._sources = tuple(sources[provider.name] for provider in graph.providers)
        self._start = StartState(start_us, seed)
        self._settings = settings or SessionSettings()
        self.plane = build_data_plane(graph, Ingest(no_clock))

    async def run(self, events: int, batch: int = MAX_BATCH) -> dict[str, Transcript]:
        """Runs until `events` events came or the sources are at their end; transcripts by strategy.

        `batch` is the most events that anything handles at once: it changes nothing but the speed.
        Raises `StrategyFailed` if a strategy does.
        """
        names = [provider.name for provider in self._graph.providers]
        rings = [self.plane.ingresses[name] for name in names]
        capacities = [ring.capacity for own in rings for ring in own.values()]
        capacities += [edge.capacity for edge in self.plane.edges.values()]
        size = max(1, min([batch, *capacities]) // max(1, len(self._sources)))
        async with AsyncExitStack() as stack:
            tradings = open_trading(self.plane, self._start, batch, self._settings)
            traders = [trader for trading in tradings for trader in trading.traders]
            for trader in traders:
                await stack.enter_async_context(trader)
            for trader in traders[: spare_cores()]:
                await trader.open_drain_channel()
            pump = self.plane.pump({trader.node.name: lambda _cut: None for trader in traders})
            for stretch in stretches(self._sources, events, size):
                first = self.plane.ingest.last_seq + 1
                routed = [b.only(own) for b, own in zip(stretch.batches, rings, strict=True)]
                self.plane.ingest.write_merged(routed, rings)
                pump.run()
                happened = dict(zip(names, stretch.batches, strict=True))
                times = np.sort(np.concatenate([batch.times() for batch in routed]), kind="stable")
                async with anyio.create_task_group() as tasks:
                    for trading in tradings:
                        tasks.start_soon(trading.go_through, Window(first, times), happened, stretch.end_us)
            return {trader.node.name: trader.transcript for trader in traders}
