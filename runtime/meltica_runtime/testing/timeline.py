"""What a test says that happens at a provider: all its events as records in memory, in one order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from meltica_compiler.graph.graph import Graph, ProviderNode
from meltica_compiler.records.layout import record_layout
from meltica_dsl.model.fields import DEFAULT_BOOK_DEPTH, SIDES, FieldType
from meltica_dsl.model.scenario import GivenEvent, GivenValue, Recording, Scenario
from meltica_runtime.dataplane.market_batch import MarketBatch, MarketCodes, Rows, joined_rows, silence
from meltica_runtime.simulation.opening import codes_of
from meltica_runtime.testing.clock import START_US, at_us
from meltica_runtime.testing.recordings import read_recording

_MINUTE_US = 60e6
_LEVEL_QUANTITY = Decimal(1)
"""Of a level of which only the price was given."""


@dataclass(frozen=True)
class Timeline:
    """`batch` has all events, ascending in time, each with its place as `venue_seq`; `times` are theirs."""

    batch: MarketBatch
    times: NDArray[np.float64]

    def part(self, start: int, stop: int, end_us: float) -> MarketBatch:
        """The events with places `start` to `stop`, as copies."""
        part = self.batch.part(start, stop, end_us)
        rows = {event: rows.copy() for event, rows in part.rows.items()}
        return MarketBatch(rows, part.positions, part.count, end_us)


def read_timelines(graph: Graph, scenario: Scenario, root: Path) -> dict[str, Timeline]:
    """The timeline of each provider, by its name. Files lie where `root`, the project's folder, says.

    Raises `SourceFault` where a file cannot be read.
    """
    codes = codes_of(graph)
    return {node.name: _timeline(node, codes[node.name], scenario, root) for node in graph.providers}


def _timeline(node: ProviderNode, codes: MarketCodes, scenario: Scenario, root: Path) -> Timeline:
    writer = _RecordWriter(node, codes)
    pieces: list[tuple[str, Rows]] = []
    for step in scenario.steps:
        if isinstance(step, GivenEvent) and step.provider == node.name:
            pieces.append((step.event.name, writer.record(step, number=len(pieces) + 1)))
        elif isinstance(step, Recording) and step.provider == node.name:
            depth = writer.depth(step.event.name)
            rows = read_recording(root / step.path, step.event, codes, depth)
            if len(rows):
                rows["time"] += at_us(step.at) - rows["time"][0]
            pieces.append((step.event.name, rows))
    return _ordered(pieces)


def _ordered(pieces: Iterable[tuple[str, Rows]]) -> Timeline:
    """Pieces in one order: by time, then as the test names them."""
    kept = [(event, rows) for event, rows in pieces if len(rows)]
    if not kept:
        return Timeline(silence(-math.inf), np.empty(0))
    times = np.concatenate([rows["time"] for _, rows in kept])
    order = np.argsort(times, kind="stable")
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    starts = np.cumsum([0, *(len(rows) for _, rows in kept)])
    rows_by_event: dict[str, Rows] = {}
    places_by_event: dict[str, NDArray[np.int64]] = {}
    for event in dict.fromkeys(event for event, _ in kept):
        own = [i for i, (name, _) in enumerate(kept) if name == event]
        own_places = np.concatenate([places[starts[i] : starts[i + 1]] for i in own])
        ranks = np.argsort(own_places)
        rows = joined_rows([kept[i][1] for i in own])[ranks]
        rows["venue_seq"] = own_places[ranks]
        rows_by_event[event], places_by_event[event] = rows, own_places[ranks]
    batch = MarketBatch(rows_by_event, places_by_event, len(order), float(times[order[-1]]))
    return Timeline(batch, times[order])


class _RecordWriter:
    """Given events as records, with what was not given filled in."""

    def __init__(self, node: ProviderNode, codes: MarketCodes) -> None:
        self._codes = codes
        self._depths = {ingress.event: ingress.depth for ingress in node.ingresses}

    def depth(self, event: str) -> int:
        """Levels a side of the event's records."""
        return self._depths.get(event, DEFAULT_BOOK_DEPTH) if event == "book" else 0

    def record(self, step: GivenEvent, number: int) -> Rows:
        event = step.event.name
        record: Rows = np.zeros(1, record_layout(event, self.depth(event)).dtype)
        time_us = at_us(step.at)
        values = {**_DEFAULTS[event](step.values, time_us, number), **step.values}
        record["time"] = record["ingest"] = time_us
        record["provider"] = self._codes.provider
        for name, value in values.items():
            self._fill(record, step, name, value)
        return record

    def _fill(self, record: Rows, step: GivenEvent, name: str, value: GivenValue) -> None:
        if isinstance(value, tuple):
            levels = value[: record[name].shape[1]]
            for number, (price, quantity) in enumerate(levels):
                record[name][0, number] = float(price), float(quantity)
            record[f"{name[:3]}_levels"] = len(levels)
            return
        if isinstance(value, str):
            record[name] = self._codes.symbols[value] if name == "symbol" else SIDES.index(value)
            return
        field = next(field for field in step.event.fields if field.name == name)
        is_given_time = field.type is FieldType.TIME and name in step.values
        record[name] = float(value) + (START_US if is_given_time else 0.0)


def _trade(_values: Mapping[str, GivenValue], _time_us: float, number: int) -> dict[str, GivenValue]:
    """A side that nobody named, and an id that no other trade of the test has."""
    return {"side": "none", "trade_id": Decimal(number)}


def _ticker(values: Mapping[str, GivenValue], _time_us: float, _number: int) -> dict[str, GivenValue]:
    return {
        "last": _between(values["bid"], values["ask"]),
        "bid_quantity": _LEVEL_QUANTITY,
        "ask_quantity": _LEVEL_QUANTITY,
    }


def _book(values: Mapping[str, GivenValue], _time_us: float, _number: int) -> dict[str, GivenValue]:
    """Levels from best prices, and best prices from levels."""
    filled: dict[str, GivenValue] = {}
    for side, best in (("bids", "bid"), ("asks", "ask")):
        levels, price = values.get(side), values.get(best)
        if isinstance(levels, tuple) and levels:
            filled[best] = levels[0][0]
        elif isinstance(price, Decimal):
            filled[side] = ((price, _LEVEL_QUANTITY),)
    return filled


def _kline(values: Mapping[str, GivenValue], time_us: float, _number: int) -> dict[str, GivenValue]:
    """A minute that ends now."""
    close = values.get("close_time")
    close_us = float(close) + START_US if isinstance(close, Decimal) else time_us
    return {"close_time": Decimal(close_us), "open_time": Decimal(close_us - _MINUTE_US)}


_DEFAULTS = {"trade": _trade, "ticker": _ticker, "book": _book, "kline": _kline}


def _between(bid: GivenValue, ask: GivenValue) -> Decimal:
    assert isinstance(bid, Decimal), "the language has made sure of numbers"
    assert isinstance(ask, Decimal), "the language has made sure of numbers"
    return (bid + ask) / 2
