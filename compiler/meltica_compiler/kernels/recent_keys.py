"""The keys of the last events of a route, found again without a Python step per event.

A ring of the last events and over it a hash table of chains, as in a chained hash map: `heads` holds
the latest event of each bucket, `previous` for each event the one before it in its bucket. Both are
indices that count all events ever and are never reset, so an overwritten event is known by its age.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meltica_compiler.records.layout import MAX_BATCH

MEMORY = 65_536
"""Events that are looked back on, at most: 60 s at 1,000 events a second."""

_CAPACITY = MEMORY + MAX_BATCH  # the first event of a full batch still sees MEMORY events before it
_BUCKETS = 1 << 17  # twice the capacity, nearly: a chain holds one key, seldom two
_FIRST = MEMORY + 1
"""Number of the first event, so that 0, which fresh memory holds, is always too long ago."""

_NO_STREAM = 0xFFFF_FFFF
"""Stands for the stream of an event that is forgotten: a provider and a symbol have 16 bits each."""

_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: Fibonacci hashing
_BUCKET_SHIFT = np.uint64(64 - 17)


class RecentKeys:
    """A key is a stream's number and 64 bits that name the event within it."""

    def __init__(self) -> None:
        self._keys = np.zeros(_CAPACITY, np.uint64)
        self._streams = np.zeros(_CAPACITY, np.uint32)
        self._times = np.zeros(_CAPACITY)
        self._previous = np.zeros(_CAPACITY, np.int64)
        self._heads = np.zeros(_BUCKETS, np.int64)
        self._written = _FIRST
        self._chained = _FIRST

    def append(
        self, streams: NDArray[np.uint32], keys: NDArray[np.uint64], times: NDArray[np.float64]
    ) -> None:
        """Remembers these events, in order. Their chains are made when somebody asks."""
        assert len(keys) <= MAX_BATCH
        first = self._written % _CAPACITY
        until_end = min(len(keys), _CAPACITY - first)
        for ring, values in ((self._streams, streams), (self._keys, keys), (self._times, times)):
            ring[first : first + until_end] = values[:until_end]
            ring[: len(keys) - until_end] = values[until_end:]
        self._written += len(keys)

    def last_seen(self, back: NDArray[np.int64]) -> NDArray[np.float64]:
        """Time at which the key of each of these events was seen before it; NaN if it was not.

        `back` counts events from the newest, which is 0; at most MAX_BATCH - 1.
        """
        self._chain()
        events = self._written - 1 - back
        seen = np.full(len(back), np.nan)
        asking = np.arange(len(back))
        earlier = self._previous[events % _CAPACITY]
        while asking.size:
            reachable = events[asking] - earlier <= MEMORY
            asking, earlier = asking[reachable], earlier[reachable]
            place, own = earlier % _CAPACITY, events[asking] % _CAPACITY
            same = (self._keys[place] == self._keys[own]) & (self._streams[place] == self._streams[own])
            seen[asking[same]] = self._times[place[same]]
            asking, earlier = asking[~same], self._previous[place[~same]]
        return seen

    def renumbered(self, old_symbols: int, new_symbols: int) -> RecentKeys:
        """The same events, with streams numbered as `selection.streams` does for another count of symbols.
        These stay as they are; only one of the two may go on."""
        if old_symbols == new_symbols:
            return self
        other = RecentKeys()
        other._keys, other._times, other._written = self._keys, self._times, self._written
        provider, symbol = np.divmod(self._streams, np.uint32(old_symbols))
        known = self._streams != _NO_STREAM
        other._streams = np.where(known, provider * np.uint32(new_symbols) + symbol, np.uint32(_NO_STREAM))
        return other

    def forget(self, first: int, end: int) -> None:
        """Forgets the events of the streams from `first` up to `end`."""
        self._streams[(self._streams >= first) & (self._streams < end)] = _NO_STREAM

    def _chain(self) -> None:
        """Puts the events that came since the last time at the head of their buckets' chains."""
        events = np.arange(max(self._chained, self._written - _CAPACITY), self._written)
        self._chained = self._written
        if not events.size:
            return
        place = events % _CAPACITY
        mixed = (self._keys[place] ^ (self._streams[place] * _SPREAD)) * _SPREAD
        buckets = (mixed >> _BUCKET_SHIFT).astype(np.int64)
        order = np.argsort(buckets, kind="stable")
        sorted_buckets, sorted_events = buckets[order], events[order]
        follows = np.empty(len(order), np.bool_)
        follows[0] = False
        follows[1:] = sorted_buckets[1:] == sorted_buckets[:-1]
        previous = self._heads[sorted_buckets]
        previous[1:][follows[1:]] = sorted_events[:-1][follows[1:]]
        self._previous[place[order]] = previous
        ends = np.append(~follows[1:], True)
        self._heads[sorted_buckets[ends]] = sorted_events[ends]
