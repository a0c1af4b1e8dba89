"""Runs a graph over market sources on virtual time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack

import anyio
import numpy as np

from meltica_compiler.graph.graph import Graph, StrategyNode
from meltica_compiler.records.layout import MAX_BATCH
from meltica_runtime.clock import no_clock
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.market_batch import MarketBatch, MarketSource
from meltica_runtime.dataplane.plane import build_data_plane
from meltica_runtime.simulation.opening import StartState, account, open_trader
from meltica_runtime.simulation.trader import Transcript
from meltica_runtime.simulation.windows import Stretch, Window, stretches
from meltica_runtime.strategies.drain_channel import spare_cores


class Simulation:
    """One run. Each strategy trades with a paper account of its own, so what one does cannot change what
    another sees: each is a function of the market data alone."""

    def __init__(
        self,
        graph: Graph,
        sources: Mapping[str, MarketSource],
        *,
        seed: int = 0,
        start_us: float = 0.0,
    ) -> None:
        """`sources` by provider name; where a strategy trades, they deliver trades and books too, whether
        or not a route asks for them, since orders are matched against these."""
        self._graph = graph
        self._sources = tuple(sources[provider.name] for provider in graph.providers)
        self._birth = StartState(start_us, seed)
        self.plane = build_data_plane(graph, Ingest(no_clock))

    async def run(self, events: int, batch: int = MAX_BATCH) -> dict[str, Transcript]:
        """Runs until `events` events came or the sources are at their end; transcripts by strategy.

        `batch` is the most events that anything handles at once: it changes nothing but the speed.
        Raises `StrategyFailed` if a strategy does.
        """
        rings = [self.plane.ingresses[provider.name] for provider in self._graph.providers]
        capacities = [ring.capacity for own in rings for ring in own.values()]
        capacities += [edge.capacity for edge in self.plane.edges.values()]
        size = max(1, min([batch, *capacities]) // max(1, len(self._sources)))
        async with AsyncExitStack() as stack:
            traders = [
                await stack.enter_async_context(
                    open_trader(self.plane, node, account(self._graph, node), self._birth, batch)
                )
                for node in self._graph.strategies
            ]
            for trader in traders[: spare_cores()]:
                await trader.open_drain_channel()
            pump = self.plane.pump({trader.node.name: lambda _cut: None for trader in traders})
            for stretch in stretches(self._sources, events, size):
                first = self.plane.ingest.last_seq + 1
                routed = [b.only(own) for b, own in zip(stretch.batches, rings, strict=True)]
                self.plane.ingest.write_merged(routed, rings)
                pump.run()
                times = np.sort(np.concatenate([batch.times() for batch in routed]), kind="stable")
                async with anyio.create_task_group() as tasks:
                    for trader in traders:
                        own = self._batch_of(trader.node, stretch)
                        tasks.start_soon(trader.go_through, Window(first, times), own, stretch.end_us)
            return {trader.node.name: trader.transcript for trader in traders}

    def _batch_of(self, node: StrategyNode, stretch: Stretch) -> MarketBatch | None:
        for provider, batch in zip(self._graph.providers, stretch.batches, strict=True):
            if provider.name == node.trade_on:
                return batch
        return None
