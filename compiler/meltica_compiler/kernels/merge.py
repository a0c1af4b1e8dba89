"""`merge`: the events of several providers in order of event time, then of the providers, then as they came.

A provider's clock is the largest event time that it has shown, and never more than `WAIT_US` behind the
newest time that any of them, or the watermark, has shown: so one that is silent holds the others up for so
long and no longer. An event stands at its own time, or at its provider's clock where that is later. It goes
out once no provider can come with one that stands before it, with the sequence number of the event that made
that sure. What goes out, and in which order, does not depend on how the providers' events were interleaved as
they came, as long as none is silent for too long.

At most `MERGE_BUFFER` events are held back. With one more all of them go out at once, in their order, and
what comes later from a provider that was waited for stands behind them.

The clock of the stages behind it goes through the merged events, and then to where all providers have come.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meltica_compiler.analyses.buffering import MERGE_BUFFER
from meltica_compiler.kernels.selection import Chosen, Records, copy_records
from meltica_compiler.kernels.watermarks import Steps, Watermarks
from meltica_compiler.records.layout import MAX_BATCH

WAIT_US = 250_000.0
"""How long a silent provider is waited for: more than what the ways from two venues differ by, in general."""

TICK_US = 1.0
"""The step that event times come in."""

Integers = NDArray[np.int64]
Places = NDArray[np.complex128]
"""Where events stand: the time, and as imaginary part the provider. So numpy has them in this order."""


class Merger:
    """`providers` are the codes of those whose events may come, in ascending order, and `arriving` is the
    most records of one batch."""

    def __init__(
        self, providers: tuple[int, ...], dtype: np.dtype[np.void], arriving: int = MAX_BATCH
    ) -> None:
        self._providers = np.array(providers)
        self._clocks = np.full(len(providers), -np.inf)
        self._newest = -np.inf
        # What is held back, in the order in which it will go.
        self._held = np.empty(MERGE_BUFFER, dtype)
        self._places: Places = np.empty(0, np.complex128)
        self._gathered = np.empty(MERGE_BUFFER + arriving, dtype)
        self._out = np.empty(MERGE_BUFFER + arriving, dtype)

    def adopt(self, earlier: Merger) -> None:
        """See `StageState.adopt`. What is held of a provider that does not come any more goes first."""
        own = self._own(earlier._providers)
        self._newest = earlier._newest
        self._clocks[own[own >= 0]] = earlier._clocks[own >= 0]
        places = _places(earlier._places.real, own[earlier._places.imag.astype(np.int64)])
        order = np.argsort(places, kind="stable")
        self._places = places[order]
        copy_records(earlier._held[order], self._held[: len(order)])

    def forget(self, provider: int) -> None:
        """See `StageState.forget`. What is held has come, and goes out."""
        self._clocks[self._providers == provider] = -np.inf

    def due_us(self) -> float:
        """Watermark with which the first held event goes out at the latest; infinite if none is held."""
        if not self._places.size:
            return float("inf")
        first = self._places[0]
        # At its own time an earlier provider could still come before it.
        return float(first.real) + WAIT_US + (TICK_US if first.imag else 0.0)

    def run(
        self, watermarks: Watermarks, rows: Records, records: Records, chosen: Chosen, steps: Steps
    ) -> tuple[Watermarks, Records, Integers]:
        """The clock behind the stage, what goes out, and which of that clock's watermarks brought each.

        `rows` are the events of all watermarks but the last.
        """
        positions = np.arange(len(records)) if chosen is None else chosen
        came = positions if steps is None else steps[positions]
        sources = self._own(rows["provider"])
        parts: list[_Part] = []
        start = count = 0
        while start < len(watermarks.times):
            first = int(np.searchsorted(came, start))
            arrived = records[positions[first:]]
            part = self._part(watermarks.times[start:], sources[start:], arrived, came[first:] - start, count)
            parts.append(part._replace(causes=part.causes + start))
            count += len(part.causes)
            start += len(part.sure)
        behind, brought = _behind(watermarks, parts)
        out = self._out[:count]
        out["seq"] = behind.seqs[brought]
        return behind, out, brought

    def _part(
        self, times: NDArray[np.float64], sources: Integers, arrived: Records, came: Integers, count: int
    ) -> _Part:
        """Goes through these watermarks, at which `arrived` came, but not beyond one at which too much is
        held. What goes out is written behind the first `count` of what goes out."""
        clocks = self._clocks_after(times, sources)
        slowest = clocks.argmin(axis=0)
        sure = _places(clocks[slowest, np.arange(len(times))], slowest)
        held = len(self._places)
        own = self._own(arrived["provider"])
        clock = np.where(own >= 0, clocks[own, came], sure.real[came])
        stands = _places(np.fmax(arrived["time"], clock), own)
        places = np.concatenate([self._places, stands])
        came = np.concatenate([np.zeros(held, np.int64), came])
        order = np.argsort(places, kind="stable")
        places, came = places[order], came[order]
        causes = np.maximum(np.searchsorted(sure, places), came)
        end = _too_much(came, causes, len(times))
        if end:
            here = came < end
            order, places = order[here], places[here]
            causes = np.minimum(causes[here], end - 1)
        gathered = self._gathered[: held + len(arrived)]
        gathered[:held], gathered[held:] = self._held[:held], arrived
        leaving = int(np.searchsorted(causes, end or len(times)))
        np.take(gathered, order[:leaving], out=self._out[count : count + leaving], mode="clip")
        np.take(gathered, order[leaving:], out=self._held[: len(order) - leaving], mode="clip")
        self._places = places[leaving:]
        stop = end or len(times)
        self._newest = max(self._newest, float(times[:stop].max()))
        self._clocks = clocks[:, stop - 1]
        if end:
            self._clocks = np.fmax(self._clocks, places[-1].real)
        return _Part(sure[:stop], places[:leaving], causes[:leaving])

    def _own(self, providers: NDArray[np.uint16] | Integers) -> Integers:
        """Where providers of these codes have their clocks. -1 for one that is gone from the graph: nobody
        waits for it, and what still comes of it out of another route's ring goes first at its time."""
        places = np.searchsorted(self._providers, providers)
        np.minimum(places, len(self._providers) - 1, out=places)
        own: Integers = np.where(self._providers[places] == providers, places, -1)
        return own

    def _clocks_after(self, times: NDArray[np.float64], sources: Integers) -> NDArray[np.float64]:
        """The clock of each provider after each watermark; the shape is (providers, watermarks)."""
        newest = np.fmax(times, self._newest)
        np.fmax.accumulate(newest, out=newest)
        clocks = np.repeat(newest[None, :] - WAIT_US, len(self._providers), axis=0)
        events = np.arange(len(sources))
        known = sources >= 0
        sources, events = sources[known], events[known]
        clocks[sources, events] = np.fmax(clocks[sources, events], times[events])
        clocks[:, 0] = np.fmax(clocks[:, 0], self._clocks)
        return np.fmax.accumulate(clocks, axis=1, out=clocks)


class _Part(NamedTuple):
    """Up to where everything has come after each watermark; where the events stand that went out, and the
    watermark that let each go."""

    sure: Places
    places: Places
    causes: Integers


def _places(times: NDArray[np.float64], providers: Integers) -> Places:
    places = np.empty(len(times), np.complex128)
    places.real, places.imag = times, providers
    return places


def _too_much(came: Integers, causes: Integers, watermarks: int) -> int:
    """How many watermarks there are up to the first at which more is held than may be; 0 if there is none."""
    if len(came) <= MERGE_BUFFER:
        return 0
    held = np.bincount(came, minlength=watermarks)[:watermarks]
    held -= np.bincount(causes[causes < watermarks], minlength=watermarks)
    over = np.flatnonzero(np.cumsum(held) > MERGE_BUFFER)
    return int(over[0]) + 1 if over.size else 0


def _behind(watermarks: Watermarks, parts: list[_Part]) -> tuple[Watermarks, Integers]:
    """The clock behind the stage: at each watermark the events that go out, and then what is sure. And which
    of its watermarks brought each event."""
    sure, stood, causes = (np.concatenate(column) for column in zip(*parts, strict=True))
    brought = causes + np.arange(len(causes))
    each = np.arange(len(sure))
    reached = each + np.searchsorted(causes, each, side="right")
    times, seqs = np.empty(len(causes) + len(sure)), np.empty(len(causes) + len(sure))
    times[brought], times[reached] = stood.real, sure.real
    seqs[brought], seqs[reached] = watermarks.seqs[causes], watermarks.seqs
    return Watermarks(times, seqs), brought
