"""Faults between a provider and the gateway: when nothing arrives, and when the venue takes no orders."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from meltica_dsl.model.scenario import Fault, FaultKind, Scenario
from meltica_runtime.dataplane.market_batch import MarketBatch
from meltica_runtime.orders.order import (
    BalanceChanged,
    Expired,
    OrderRequest,
    Rejected,
    RequestFailed,
    VenueReport,
)
from meltica_runtime.simulation.virtual import SimulatedVenue
from meltica_runtime.testing.clock import at_us

_NEVER_CAME = "it was sent while the connection was down, and the venue does not know it"
_REFUSED = "the venue takes no orders now"


@dataclass(frozen=True, slots=True)
class TimeRanges:
    """From each start to before each end, ascending."""

    starts: tuple[float, ...]
    ends: tuple[float, ...]

    def end_of(self, time_us: float) -> float | None:
        """The end of the stretch that a time lies in; infinite if it never ends, None if it lies in none."""
        for start, end in zip(self.starts, self.ends, strict=True):
            if start <= time_us < end:
                return end
        return None

    def holding(self, times: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of the times lie in one."""
        inside = np.zeros(len(times), np.bool_)
        for start, end in zip(self.starts, self.ends, strict=True):
            inside |= (times >= start) & (times < end)
        return inside


def outages(scenario: Scenario, provider: str) -> TimeRanges:
    """When the provider is disconnected."""
    return _time_ranges(scenario, provider, FaultKind.DISCONNECTS)


def refusals(scenario: Scenario, provider: str) -> TimeRanges:
    """When its venue takes no orders."""
    return _time_ranges(scenario, provider, FaultKind.REFUSES)


def _time_ranges(scenario: Scenario, provider: str, kind: FaultKind) -> TimeRanges:
    starts, ends = [], []
    for fault in _faults(scenario, provider):
        if fault.kind is kind:
            starts.append(at_us(fault.at))
        elif fault.kind.ends is kind:
            ends.append(at_us(fault.at))
    ends += [math.inf] * (len(starts) - len(ends))
    return TimeRanges(tuple(starts), tuple(ends))


def _faults(scenario: Scenario, provider: str) -> Iterator[Fault]:
    return (step for step in scenario.steps if isinstance(step, Fault) and step.provider == provider)


class FaultInjectingVenue:
    """A paper venue behind a connection that breaks.

    What is sent while it is broken never comes there, and nobody knows: the order stays as it is until the
    connection is back and the venue, when asked, does not know it. The venue itself goes on: orders that
    rest there are filled, and what it has to report arrives when the connection is back.
    """

    def __init__(self, venue: SimulatedVenue, down: TimeRanges, refusing: TimeRanges) -> None:
        self._venue = venue
        self._down = down
        self._refusing = refusing
        self._answers: list[tuple[float, VenueReport]] = []
        """What the venue itself does not report, by the time when it is told, ascending."""

    def submit(self, order: OrderRequest, now_us: float) -> None:
        back_us = self._down.end_of(now_us)
        client_id = order.client_order_id
        if back_us is not None:
            self._answer(back_us, Expired(client_id, back_us, _NEVER_CAME))
        elif self._refusing.end_of(now_us) is not None:
            self._answer(now_us, Rejected(client_id, now_us, _REFUSED))
        else:
            self._venue.submit(order, now_us)

    def cancel(self, client_order_id: str, now_us: float) -> None:
        back_us = self._down.end_of(now_us)
        if back_us is None:
            self._venue.cancel(client_order_id, now_us)
        else:
            self._answer(back_us, RequestFailed(client_order_id, back_us, _NEVER_CAME))

    def amend(
        self, client_order_id: str, price: Decimal | None, quantity: Decimal | None, now_us: float
    ) -> None:
        back_us = self._down.end_of(now_us)
        if back_us is None:
            self._venue.amend(client_order_id, price, quantity, now_us)
        else:
            self._answer(back_us, RequestFailed(client_order_id, back_us, _NEVER_CAME))

    def balances(self) -> tuple[BalanceChanged, ...]:
        return self._venue.balances()

    def feed(self, batch: MarketBatch) -> None:
        self._venue.feed(batch)

    def next_report_us(self) -> float:
        due_us = self._venue.next_report_us()
        told_us = self._down.end_of(due_us)
        own_us = self._answers[0][0] if self._answers else math.inf
        return min(due_us if told_us is None else told_us, own_us)

    def advance(self, until_us: float) -> Sequence[VenueReport]:
        if self._down.end_of(until_us) is not None:
            self._venue.settle(until_us)
            reports: list[VenueReport] = []
        else:
            reports = list(self._venue.advance(until_us))
        while self._answers and self._answers[0][0] <= until_us:
            reports.append(self._answers.pop(0)[1])
        return reports

    def settle(self, now_us: float) -> None:
        self._venue.settle(now_us)

    def _answer(self, time_us: float, report: VenueReport) -> None:
        if not math.isinf(time_us):
            self._answers.append((time_us, report))
            self._answers.sort(key=lambda answer: answer[0])
