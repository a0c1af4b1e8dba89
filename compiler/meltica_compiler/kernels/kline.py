"""`kline T`: of the trades of each stream one candle for each window of event time.

A stream is a symbol as one provider lists it. Windows lie on the grid of multiples of T since the epoch, and
the route's clock is that of `conflate`: when it enters a later window, the candles of the one before go out,
by provider and then by symbol, with the sequence number of the event that moved it. A stream without trades
has no candle. A trade that comes late, its own window closed already, counts for the window that is open, so
that no volume is lost.

Where no event of the route moves the clock, the watermark does, but `PATIENCE_US` behind: trades of the
window's end are still on their way then.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meltica_compiler.kernels.selection import Chosen, Records, by_stream, column, streams
from meltica_compiler.kernels.watermarks import Steps, Watermarks, open_windows
from meltica_compiler.records.layout import record_layout

PATIENCE_US = 1_000_000.0
"""How far the gateway's own clock goes beyond a window before it closes it: a slow way from a venue."""

_PARTS = 10**12
"""Quantities are summed in whole numbers and parts of this size, so that 0.1 and 0.2 make 0.3."""
_DIGITS = 15
"""Decimal digits of an f64 that mean something."""
_POWERS = 10.0 ** np.arange(_DIGITS + 1)
_DECIMALS = np.minimum(12, _DIGITS - np.arange(_DIGITS + 2).clip(max=_DIGITS))
"""Decimals that mean something, by the number of digits before the point."""

_PRICES = ("open", "high", "low", "close")
_KEPT = ("ingest", "venue_seq")
"""What a candle has of its last trade."""

Columns = dict[str, NDArray[np.float64]]
Integers = NDArray[np.int64]


class KlineMaker:
    """`pairs` is the number of (provider, symbol) pairs that can occur, `symbols` that of symbols."""

    def __init__(self, interval_us: float, symbols: int, pairs: int) -> None:
        self._interval_us = interval_us
        self._symbols = symbols
        self._pairs = pairs
        self._window = -np.inf
        # The candles of the open window, by stream.
        self._streams = np.empty(0, np.uint32)
        self._columns: Columns = {name: np.empty(0) for name in (*_PRICES, *_KEPT)}
        self._whole = np.empty(0, np.int64)
        self._parts = np.empty(0, np.int64)

    def due_us(self) -> float:
        """Watermark that closes the open window; infinite if there is no candle in it."""
        if not self._streams.size:
            return float("inf")
        return float(self._window + 1) * self._interval_us + PATIENCE_US

    def adopt(self, earlier: KlineMaker) -> None:
        """See `StageState.adopt`."""
        self._window = earlier._window
        provider, symbol = np.divmod(earlier._streams, np.uint32(earlier._symbols))
        self._streams = provider * np.uint32(self._symbols) + symbol
        self._columns = earlier._columns
        self._whole, self._parts = earlier._whole, earlier._parts

    def forget(self, provider: int) -> None:
        """A candle of what it has sent goes out with its window."""

    def run(
        self, watermarks: Watermarks, records: Records, chosen: Chosen, steps: Steps
    ) -> tuple[Records, NDArray[np.int64]]:
        """The candles that go out, and the watermark that closed each."""
        times = watermarks.times.copy()
        times[-1] -= PATIENCE_US
        clock = open_windows(times, self._interval_us, self._window)
        positions = np.arange(len(records)) if chosen is None else chosen
        final = clock[-1]
        arrived = clock[positions if steps is None else steps[positions]]
        windows = np.concatenate([np.full(len(self._streams), self._window), arrived])
        windows = self._gather(records, chosen, windows)
        self._window = final
        leaving = windows < final
        if not leaving.any():
            return np.empty(0, record_layout("kline").dtype), np.empty(0, np.int64)
        order = np.flatnonzero(leaving)
        order = order[np.argsort(windows[order], kind="stable")]
        causes = np.searchsorted(clock, windows[order], side="right")
        out = self._candles(order, windows[order])
        out["seq"] = watermarks.seqs[causes]
        self._keep(~leaving)
        return out, causes

    def _gather(self, records: Records, chosen: Chosen, windows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Brings what waits and what came together, a candle a stream and window; returns their windows."""
        if len(windows) == len(self._streams):
            return windows
        whole, parts = _split(column(records, "quantity", chosen))
        numbers = np.concatenate([self._streams, streams(records, chosen, self._symbols)])
        order = by_stream(numbers, self._pairs)
        numbers, windows = numbers[order], windows[order]
        first = np.ones(len(order), np.bool_)
        first[1:] = (numbers[1:] != numbers[:-1]) | (windows[1:] != windows[:-1])
        starts = np.flatnonzero(first)
        lasts = np.append(starts[1:], len(order)) - 1
        price = column(records, "price", chosen)
        for name, waiting in self._columns.items():
            values = price if name in _PRICES else column(records, name, chosen)
            values = np.concatenate([waiting, values])[order]
            match name:
                case "open":
                    values = values[starts]
                case "high":
                    values = np.fmax.reduceat(values, starts)
                case "low":
                    values = np.fmin.reduceat(values, starts)
                case _:
                    values = values[lasts]
            self._columns[name] = values
        whole = np.add.reduceat(np.concatenate([self._whole, whole])[order], starts)
        parts = np.add.reduceat(np.concatenate([self._parts, parts])[order], starts)
        self._whole, self._parts = whole + parts // _PARTS, parts % _PARTS
        self._streams = numbers[starts]
        return windows[starts]

    def _candles(self, order: Integers, windows: NDArray[np.float64]) -> Records:
        """The candles at these places as records, without their `seq`."""
        out = np.empty(len(order), record_layout("kline").dtype)
        for name, values in self._columns.items():
            out[name] = values[order]
        out["provider"], out["symbol"] = np.divmod(self._streams[order], np.uint32(self._symbols))
        out["open_time"] = windows * self._interval_us
        out["close_time"] = out["time"] = (windows + 1) * self._interval_us
        # Python divides whole numbers of any size to the nearest f64; this is once a candle.
        out["volume"] = (self._whole[order].astype(object) * _PARTS + self._parts[order]) / _PARTS
        return out

    def _keep(self, staying: NDArray[np.bool_]) -> None:
        self._streams = self._streams[staying]
        self._columns = {name: values[staying] for name, values in self._columns.items()}
        self._whole, self._parts = self._whole[staying], self._parts[staying]


def _split(quantities: NDArray[np.float64]) -> tuple[Integers, Integers]:
    """Each quantity in whole numbers and parts, exactly the decimal that the f64 stands for. One that is
    missing (NaN) counts as none."""
    known = np.where(np.isfinite(quantities), quantities, 0.0)
    whole = np.floor(known)
    decimals = _DECIMALS[np.searchsorted(_POWERS, known, side="right")]
    parts = np.rint((known - whole) * 10.0**decimals).astype(np.int64)
    return whole.astype(np.int64), parts * 10 ** (12 - decimals)
