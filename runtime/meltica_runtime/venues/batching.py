"""Cuts a stream of blocks into batches: a source makes blocks as it likes, its reader asks as it likes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meltica_runtime.dataplane.market_batch import MarketBatch, Rows


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a source's stream. `times`: those of all its events in their overall order, ascending;
    `positions` index into it. A block may be empty."""

    rows: Mapping[str, Rows]
    positions: Mapping[str, NDArray[np.int64]]
    times: NDArray[np.float64]

    def part(self, start: int, stop: int) -> Block:
        """The events with places `start` to `stop`, as views."""
        if start == 0 and stop == len(self.times):
            return self
        rows, positions = {}, {}
        for event, places in self.positions.items():
            first, last = np.searchsorted(places, (start, stop))
            rows[event] = self.rows[event][first:last]
            positions[event] = places[first:last] - start
        return Block(rows, positions, self.times[start:stop])

    def without_first(self, counts: Mapping[str, int]) -> Block:
        """The events but for so many of the first of each kind."""
        is_kept = np.zeros(len(self.times), np.bool_)
        for event, places in self.positions.items():
            is_kept[places[counts[event] :]] = True
        ranks = np.cumsum(is_kept) - 1
        rows = {event: rows[counts[event] :] for event, rows in self.rows.items()}
        positions = {event: ranks[places[counts[event] :]] for event, places in self.positions.items()}
        return Block(rows, positions, self.times[is_kept])


class BlockSource:
    """A `MarketSource` over an iterator of blocks whose times ascend from block to block."""

    def __init__(self, blocks: Iterator[Block]) -> None:
        self._blocks = blocks
        self._block: Block | None = None
        self._place = 0
        self._last_us = -math.inf
        self._end_us = -math.inf
        self._ended = False

    @property
    def exhausted(self) -> bool:
        return not self._fill()

    @property
    def end_us(self) -> float:
        """Every event with a time before it has been handed out."""
        return self._end_us

    def handed_out(self, event: str) -> int:
        """Records of the present block's `event` that are gone from it."""
        if self._block is None or event not in self._block.positions:
            return 0
        return int(np.searchsorted(self._block.positions[event], self._place))

    def replace(self, rest: Block) -> None:
        """Goes on with this in the place of what is left of the present block."""
        self._block, self._place = rest, 0

    def subscribe(self, depths: Mapping[str, int]) -> None:
        """A recording gives what is in it, whatever it is asked for."""

    def next_batch(self, limit: int, until_us: float) -> MarketBatch:
        """See `MarketSource.next_batch`."""
        parts: list[Block] = []
        count = 0
        end_us = until_us
        while self._fill():
            block = self._block
            assert block is not None
            stop = len(block.times)
            if block.times[-1] >= until_us:
                stop = int(np.searchsorted(block.times, until_us, "left"))
            stop = min(stop, self._place + limit - count)
            if stop > self._place:
                parts.append(block.part(self._place, stop))
                count += stop - self._place
                self._last_us = float(block.times[stop - 1])
                self._place = stop
            if stop < len(block.times):
                end_us = min(until_us, float(block.times[stop]))
                break
        if math.isinf(end_us):
            end_us = self._last_us
        self._end_us = end_us
        return _joined(parts, count, end_us)

    def _fill(self) -> bool:
        """Makes sure that there is a next event at hand; False at the end of the stream."""
        while not self._ended and (self._block is None or self._place >= len(self._block.times)):
            self._block = next(self._blocks, None)
            self._place = 0
            self._ended = self._block is None
        return not self._ended


def _joined(parts: list[Block], count: int, end_us: float) -> MarketBatch:
    if len(parts) == 1:
        return MarketBatch(parts[0].rows, parts[0].positions, count, end_us)
    rows: dict[str, list[Rows]] = {}
    positions: dict[str, list[NDArray[np.int64]]] = {}
    offset = 0
    for part in parts:
        for event, places in part.positions.items():
            rows.setdefault(event, []).append(part.rows[event])
            positions.setdefault(event, []).append(places + offset)
        offset += len(part.times)
    return MarketBatch(
        {event: joined_rows(pieces) for event, pieces in rows.items()},
        {event: np.concatenate(pieces) for event, pieces in positions.items()},
        count,
        end_us,
    )


def joined_rows(pieces: list[Rows]) -> Rows:
    """Records one after the other, byte for byte: as records, numpy would drop or not fill the padding."""
    dtype = pieces[0].dtype
    opaque = np.dtype((np.void, dtype.itemsize))
    return np.concatenate([piece.view(opaque) for piece in pieces]).view(dtype)
