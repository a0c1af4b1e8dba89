"""`dedupe within T`: drops an event whose key was seen at most T of event time before.

The key is (provider, symbol, identifier); of events that transfer_state no identifier it is their whole
content but for `seq` and `ingest`, as a 64-bit fingerprint. What counts is the last time the key was
seen, whether that event was dropped itself or not. At most `recent_keys.MEMORY` events are looked
back on. An identifier that is missing (NaN) is never seen before.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from meltica_compiler.kernels.recent_keys import RecentKeys
from meltica_compiler.kernels.selection import Chosen, Records, by_stream, column, count, streams
from meltica_compiler.records.layout import MAX_BATCH, RecordLayout, SlotKind

_GREEN = np.uint64(0xFF51AFD7ED558CCD)  # the constants of MurmurHash3's finalizer
_RED = np.uint64(0xC4CEB9FE1A85EC53)
_HALF = np.uint64(32)
_NOT_CONTENT = ("seq", "ingest")


class IdentifierDedupe:
    """For events with an identifier. While each stream's identifiers grow, nothing is looked up."""

    def __init__(self, within_us: float, identifier: str, symbols: int, pairs: int) -> None:
        self._within_us = within_us
        self._identifier = identifier
        self._symbols = symbols
        self._largest = np.full(pairs, -np.inf)
        self._pairs = pairs
        self._recent = RecentKeys()

    def run(self, records: Records, chosen: Chosen) -> Chosen:
        n = count(records, chosen)
        if n > MAX_BATCH:
            return _in_batches(self.run, records, chosen)
        numbers = streams(records, chosen, self._symbols)
        identifiers = np.ascontiguousarray(column(records, self._identifier, chosen))
        times = column(records, "time", chosen)
        self._recent.append(numbers, identifiers.view(np.uint64), times)
        suspects = self._not_growing(numbers, identifiers)
        if not suspects.size:
            return chosen
        seen = self._recent.last_seen(n - 1 - suspects)
        keep = np.ones(n, np.bool_)
        keep[suspects] = ~(times[suspects] - seen <= self._within_us)
        return _keep(chosen, keep)

    def adopt(self, earlier: IdentifierDedupe) -> None:
        """See `StageState.adopt`."""
        known = earlier._largest.reshape(-1, earlier._symbols)
        self._largest.reshape(-1, self._symbols)[: len(known), : earlier._symbols] = known
        self._recent = earlier._recent.renumbered(earlier._symbols, self._symbols)

    def forget(self, provider: int) -> None:
        """See `StageState.forget`."""
        first, end = provider * self._symbols, (provider + 1) * self._symbols
        self._largest[first:end] = -np.inf
        self._recent.forget(first, end)

    def _not_growing(
        self, numbers: NDArray[np.uint32], identifiers: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """Positions whose identifier is not above all that its stream had before."""
        if not numbers.size:
            return np.empty(0, np.int64)
        order = by_stream(numbers, self._pairs)
        numbers, identifiers = numbers[order], identifiers[order]
        first = np.ones(len(order), np.bool_)
        first[1:] = numbers[1:] != numbers[:-1]
        starts = np.flatnonzero(first)
        stops = np.append(starts[1:], len(order))
        before = np.empty(len(order))
        before[1:] = identifiers[:-1]
        before[starts] = self._largest[numbers[starts]]
        grows = identifiers > before
        # Within a stream that only grows, the event before has the largest identifier; the others are rare.
        for segment in np.flatnonzero(~np.logical_and.reduceat(grows, starts)):
            own = slice(starts[segment], stops[segment])
            known = np.append(before[starts[segment]], identifiers[own])
            np.fmax.accumulate(known, out=known)
            grows[own] = identifiers[own] > known[:-1]
            identifiers[stops[segment] - 1] = known[-1]
        self._largest[numbers[starts]] = identifiers[stops - 1]
        return np.sort(order[~grows])


class ContentDedupe:
    """For events without an identifier. `layout` is that of the records, `depth` the number of book levels
    that the route delivers: deeper ones are no content of it."""

    def __init__(self, within_us: float, layout: RecordLayout, depth: int, symbols: int) -> None:
        self._within_us = within_us
        self._symbols = symbols
        self._depth = depth
        names = [slot for slot in layout.slots if slot.name not in _NOT_CONTENT]
        self._numbers = [s.name for s in names if s.kind is SlotKind.F64 and not s.levels]
        self._levels = [s.name for s in names if s.levels]
        self._counts = [s.name for s in names if s.name.endswith("_levels")]
        self._recent = RecentKeys()

    def run(self, records: Records, chosen: Chosen) -> Chosen:
        n = count(records, chosen)
        if n > MAX_BATCH:
            return _in_batches(self.run, records, chosen)
        times = column(records, "time", chosen)
        numbers = streams(records, chosen, self._symbols)
        self._recent.append(numbers, self._fingerprints(records, chosen, n), times)
        seen = self._recent.last_seen(np.arange(n - 1, -1, -1))
        return _keep(chosen, ~(times - seen <= self._within_us))

    def adopt(self, earlier: ContentDedupe) -> None:
        """See `StageState.adopt`."""
        self._recent = earlier._recent.renumbered(earlier._symbols, self._symbols)

    def forget(self, provider: int) -> None:
        """See `StageState.forget`."""
        self._recent.forget(provider * self._symbols, (provider + 1) * self._symbols)

    def _fingerprints(self, records: Records, chosen: Chosen, n: int) -> NDArray[np.uint64]:
        sums = np.zeros(n, np.uint64)
        for name in self._numbers:
            _absorb(sums, column(records, name, chosen))
        for name in self._counts:
            _absorb(sums, np.minimum(column(records, name, chosen), self._depth).astype(np.float64))
        for name in self._levels:
            levels = column(records, name, chosen)[:, : self._depth]
            for level in range(levels.shape[1]):
                _absorb(sums, levels[:, level, 0])
                _absorb(sums, levels[:, level, 1])
        return sums


def _absorb(sums: NDArray[np.uint64], values: NDArray[np.float64]) -> None:
    """Mixes one column into the fingerprints; the order of columns matters to the result."""
    bits = values.view(np.uint64)
    sums ^= bits
    sums ^= sums >> _HALF
    sums *= _GREEN
    sums ^= sums >> _HALF
    sums *= _RED


def _in_batches(run: Callable[[Records, Chosen], Chosen], records: Records, chosen: Chosen) -> Chosen:
    """What holding stages let go of may be more than a batch."""
    positions = np.arange(len(records)) if chosen is None else chosen
    cuts = range(MAX_BATCH, len(positions), MAX_BATCH)
    return np.concatenate([run(records, part) for part in np.split(positions, cuts)])


def _keep(chosen: Chosen, keep: NDArray[np.bool_]) -> Chosen:
    kept = np.flatnonzero(keep)
    return kept if chosen is None else chosen[kept]
