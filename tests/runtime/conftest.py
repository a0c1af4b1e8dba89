"""What tests of the data plane have in common: records, and rings as anyone would write them down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from meltica_compiler.records.layout import RecordLayout, record_layout
from meltica_dsl.model.pipeline import FullPolicy


@dataclass
class EdgeModel:
    """An edge, one event at a time: `ring` is what a reader finds, `waiting` what `conflate` holds back."""

    capacity: int
    policy: FullPolicy
    ring: list[tuple[int, int]] = field(default_factory=list)
    waiting: list[tuple[int, int]] = field(default_factory=list)
    offered: int = 0
    consumed: int = 0
    dropped: int = 0
    conflated: int = 0

    def room(self) -> int:
        return self.capacity - len(self.ring)

    def offer(self, events: Iterable[tuple[int, int]]) -> None:
        """`events` as (sequence number, stream)."""
        for event in events:
            self.offered += 1
            self.flush()
            if self.room() and not self.waiting:
                self.ring.append(event)
            elif self.policy is FullPolicy.DROP_OLDEST:
                self.dropped += 1
                self.ring = [*self.ring[1:], event]
            elif self.policy is FullPolicy.CONFLATE:
                older = [held for held in self.waiting if held[1] == event[1]]
                self.conflated += len(older)
                self.waiting = [held for held in self.waiting if held not in older] + [event]
            else:
                self.dropped += 1

    def flush(self) -> None:
        while self.waiting and self.room():
            self.ring.append(self.waiting.pop(0))

    def read(self, limit: int) -> list[int]:
        taken, self.ring = self.ring[:limit], self.ring[limit:]
        self.consumed += len(taken)
        return [seq for seq, _ in taken]

    def detach(self) -> None:
        self.dropped += len(self.ring) + len(self.waiting)
        self.ring, self.waiting = [], []

    @property
    def counts(self) -> tuple[int, int, int, int, int]:
        waiting = len(self.ring) + len(self.waiting)
        return self.offered, self.consumed, self.dropped, self.conflated, waiting


def trades(seqs: Sequence[int], streams: Sequence[int] | int = 0) -> np.ndarray:
    """Trades that say their sequence number in every field; a stream is symbol `n // 2`, provider `n % 2`."""
    return events(record_layout("trade"), seqs, streams)


def events(layout: RecordLayout, seqs: Sequence[int], streams: Sequence[int] | int = 0) -> np.ndarray:
    rows = np.zeros(len(seqs), layout.dtype)
    numbers = np.asarray(seqs, np.float64)
    for slot in layout.slots:
        if slot.kind.value == "f8":
            rows[slot.name] = numbers.reshape(-1, 1, 1) if slot.levels else numbers
    rows["time"] = 1_000 * numbers
    rows["symbol"] = np.asarray(streams) // 2
    rows["provider"] = np.asarray(streams) % 2
    for name in ("bid_levels", "ask_levels"):
        if name in rows.dtype.names:
            rows[name] = layout.depth
    return rows


@pytest.fixture(scope="session")
def edge_model() -> type[EdgeModel]:
    return EdgeModel


@pytest.fixture(scope="session")
def make_trades():
    return trades


@pytest.fixture(scope="session")
def make_events():
    return events
