"""Replay with orders: a simulated venue fills them at the right place of the event order."""

from __future__ import annotations

import math
import time
from pathlib import Path
from statistics import median

import numpy as np
import uvloop

from meltica_compiler.graph.graph import Graph
from meltica_compiler.records.layout import MAX_BATCH
from meltica_runtime.dataplane.market_batch import MarketBatch, MarketCodes, Rows, joined_rows
from meltica_runtime.orders.order import OrderState
from meltica_runtime.simulation.simulation import Simulation
from meltica_runtime.venues.fake.market import FakeMarket
from meltica_runtime.venues.fake.provider import fake_market_settings

from .pipelines import ordering_graph
from .scale import Scale
from .table import Figure, Section

EVENTS = {100: 400_000, 10: 40_000}
"""Trades replayed, by the trades from one order to the next: 4,000 orders each."""

NAUTILUS_M_PER_SECOND = {100: 0.12, 10: 0.02}
"""NautilusTrader 1.221, a backtest with a trivial Python strategy that sends market orders at this pace.
Measured on a machine like this one at another time, so a ratio to it is only an order of magnitude."""

METHOD = """\
Trades made beforehand by the fake provider are replayed from memory on virtual time into a strategy
that sends a market order at every 100th or 10th trade. Each order passes the risk limits, is filled
by the paper venue after its latency, and its fill is told to the strategy before the next trade
that comes later. The goal is ten times NautilusTrader 1.221 with a trivial Python strategy and as
many orders: 0.12 and 0.02 M trades/s. Those two figures come from another run on a machine of the
same kind and are no floor of this one."""


class Recorded:
    """Trades in memory as a market source."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._next = 0

    @property
    def exhausted(self) -> bool:
        return self._next == len(self._rows)

    def next_batch(self, limit: int, until_us: float) -> MarketBatch:
        """As `MarketSource.next_batch`."""
        times = self._rows["time"]
        due = len(times) if math.isinf(until_us) else int(np.searchsorted(times, until_us, side="left"))
        end = min(self._next + limit, max(due, self._next))
        rows = self._rows[self._next : end]
        self._next = end
        reached_us = float(times[-1]) if math.isinf(until_us) else until_us
        end_us = float(times[end]) if end < due else reached_us
        return MarketBatch({"trade": rows}, {"trade": np.arange(len(rows))}, len(rows), end_us)


def measure(folder: Path, scale: Scale) -> Section:
    figures = []
    for every, full in EVENTS.items():
        graph = ordering_graph(folder, every)
        rows = recorded_trades(graph, scale.of(full, least=10 * every))
        rate = median(uvloop.run(trades_per_second(graph, rows)) for _ in range(scale.repeats))
        figures += [
            Figure(
                f"an order every {every} trades", rate / 1e6, "M trades/s", 10 * NAUTILUS_M_PER_SECOND[every]
            ),
            Figure(f"… an order, with its {every} trades", every / rate * 1e6, "µs"),
        ]
    return Section("Replay with orders, fills simulated", METHOD, tuple(figures))


def recorded_trades(graph: Graph, count: int) -> Rows:
    node = graph.providers[0]
    market = FakeMarket(
        fake_market_settings(node, seed=None, start_us=0.0),
        MarketCodes(0, {symbol: code for code, symbol in enumerate(graph.symbols)}),
        {"trade": 0},
    )
    parts = []
    while count > 0:
        rows = market.next_batch(min(count, MAX_BATCH), math.inf).rows["trade"]
        parts.append(rows)
        count -= len(rows)
    return joined_rows(parts)


async def trades_per_second(graph: Graph, rows: Rows) -> float:
    simulation = Simulation(graph, {graph.providers[0].name: Recorded(rows)})
    began = time.perf_counter()
    transcript = (await simulation.run(len(rows)))["it"]
    seconds = time.perf_counter() - began
    filled = sum(update.order.state is OrderState.FILLED for update in transcript.updates)
    # The last order's fill may come later than the last trade.
    assert filled >= len(transcript.effects) - 1 > 0, "every order was to be filled"
    return len(rows) / seconds
