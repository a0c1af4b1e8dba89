"""Runs of frames of one kind, taken whole: read by their shapes and written column by column.

To decode a frame takes 0.4 µs, and what else has to be done for it in Python twice as long again. Frames of
a shape that is known take half of the former, all included. Whatever is not as usual is left to the
readers in `packing`, which take frames one by one: here nothing is refused, and nothing counted.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meltica_dsl.model.fields import SIDES
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.ingress_ring import IngressRing
from meltica_runtime.venues.binance.digits import all_exact
from meltica_runtime.venues.binance.frame_result import UNREADABLE
from meltica_runtime.venues.binance.shapes import Bytes, Shape, shape_of

NO_LETTER = -1

LEAST_FRAMES = 48
"""From so many frames on a run is taken whole: below, numpy's calls cost more than they save."""

LEAST_ALIKE = 24
"""From so many frames of one length on their shapes are tried."""

MAX_NEW_SHAPES = 8
"""Shapes that are learnt of one length in one run."""

MOST_ODD = 0.125
"""The part of a run that may be unusual: beyond, it is mixed of kinds, and no run."""

MAX_SHAPES = 64
"""Shapes that are remembered of one kind, the last used: a symbol has two or four at a time."""

Column = NDArray[np.float64] | NDArray[np.uint16] | float
Floats = NDArray[np.float64]
Places = NDArray[np.intp]

_SIDE_OF_TAKER = np.array([SIDES.index("buy"), SIDES.index("sell")], np.uint16)
"""By whether the buyer was there first."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message. `letter` is the one after the stream's name; `keys` are those of its numbers in a
    frame, by the names that the decoder gives them, and `positive` those of the names that must be above
    zero; `flag` is the name of its boolean, "" if it has none. `is_short` finds frames whose numbers are too
    short to be inexact."""

    letter: str
    decode: Callable[[bytes], Any]
    is_short: Callable[[bytes], object]
    keys: Mapping[str, str]
    positive: tuple[str, ...]
    flag: str = ""

    @property
    def literal(self) -> tuple[str, ...]:
        """Keys of what the decoder reads besides numbers."""
        return ("s", self.flag) if self.flag else ("s",)


@dataclass(frozen=True, slots=True)
class Read:
    """What the frames of a run say, in their order: numbers by name, codes of symbols, flags. `odd` are the
    places of those that were left, in ascending order; what stands there means nothing."""

    numbers: Mapping[str, Floats]
    codes: NDArray[np.uint16]
    flags: NDArray[np.uint16]
    odd: tuple[int, ...] = ()

    @classmethod
    def blank(cls, names: Sequence[str], count: int) -> Read:
        return cls(
            {name: np.zeros(count) for name in names}, np.zeros(count, np.uint16), np.zeros(count, np.uint16)
        )

    def part(self, start: int, stop: int) -> Read:
        here = slice(start, stop)
        numbers = {name: column[here] for name, column in self.numbers.items()}
        return Read(numbers, self.codes[here], self.flags[here])


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """A shape with what all its frames say besides numbers."""

    shape: Shape
    code: int
    flag: int


class RunReader:
    """Reads runs of one kind, and remembers the shapes of the frames that it met."""

    def __init__(self, kind: Kind, symbols: Mapping[str, int]) -> None:
        self._kind = kind
        self._symbols = symbols
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._by_length: dict[int, list[_Known]] = {}

    def read(self, frames: Sequence[bytes]) -> Read | None:
        """What the frames say; None if too many of them are odd."""
        read = Read.blank(tuple(self._kind.keys), len(frames))
        lengths = np.fromiter(map(len, frames), np.intp, len(frames))
        left: list[int] = []
        for length in np.unique(lengths).tolist():
            alike = np.flatnonzero(lengths == length)
            if len(alike) >= LEAST_ALIKE:
                alike = self._read_alike(frames, alike, read)
            left += alike.tolist()
        odd = {place for place in left if not self._read_one(frames[place], place, read)}
        for name in self._kind.positive:
            odd.update(np.flatnonzero(read.numbers[name] <= 0).tolist())
        return None if len(odd) > MOST_ODD * len(frames) else replace(read, odd=tuple(sorted(odd)))

    def _read_alike(self, frames: Sequence[bytes], places: Places, read: Read) -> Places:
        """Reads frames of one length by their shapes; the places of those whose shape is not known yet, and
        could not be found out."""
        chosen = frames if len(places) == len(frames) else [frames[place] for place in places.tolist()]
        rows = np.frombuffer(b"".join(chosen), np.uint8).reshape(len(places), -1)
        for one in tuple(self._by_length.get(rows.shape[1], ())):
            rows, places = self._read_known(one, rows, places, read)
            if not len(places):
                return places
        for _ in range(MAX_NEW_SHAPES):
            one_more = self._learn(rows[0].tobytes()) if len(places) >= LEAST_ALIKE else None
            if one_more is None:
                break
            rows, places = self._read_known(one_more, rows, places, read)
        return places

    def _read_known(self, known: _Known, rows: Bytes, places: Places, read: Read) -> tuple[Bytes, Places]:
        """Reads the frames of a shape; those that are left."""
        digits, fits = known.shape.digits(rows)
        here = places[fits]
        if not len(here):
            return rows, places
        digits = digits if len(here) == len(places) else digits[fits]
        for name, key in self._kind.keys.items():
            read.numbers[name][here] = known.shape.numbers[key].read(digits)
        read.codes[here] = known.code
        read.flags[here] = known.flag
        self._known.move_to_end(known.shape.template.tobytes())
        return rows[~fits], places[~fits]

    def _read_one(self, frame: bytes, place: int, read: Read) -> bool:
        message = self._decoded(frame)
        if message is None:
            return False
        for name in self._kind.keys:
            read.numbers[name][place] = getattr(message, name)
        read.codes[place] = self._symbols[message.s]
        read.flags[place] = self._flag(message)
        return True

    def _decoded(self, frame: bytes) -> Any:
        """The message of a frame that is as usual, or None."""
        if stream_letter(frame) != ord(self._kind.letter):
            return None
        try:
            message = self._kind.decode(frame).data
        except UNREADABLE:
            return None
        is_exact = self._kind.is_short(frame) is not None or all_exact(frame)
        return message if is_exact and message.s in self._symbols else None

    def _flag(self, message: Any) -> int:
        return int(getattr(message, self._kind.flag)) if self._kind.flag else 0

    def _learn(self, frame: bytes) -> _Known | None:
        message = self._decoded(frame)
        shape = (
            None if message is None else shape_of(frame, tuple(self._kind.keys.values()), self._kind.literal)
        )
        if shape is None:
            return None
        known = _Known(shape, self._symbols[message.s], self._flag(message))
        self._known[shape.template.tobytes()] = known
        self._by_length.setdefault(len(frame), []).append(known)
        if len(self._known) > MAX_SHAPES:
            _, oldest = self._known.popitem(last=False)
            self._by_length[len(oldest.shape.template)].remove(oldest)
        return known


class RunWriter:
    """Writes a run's columns into a ring, and numbers its records."""

    def __init__(self, ring: IngressRing, ingest: Ingest, provider: int) -> None:
        self.ring = ring
        self._ingest = ingest
        self._provider = provider
        names = ring.layout.dtype.names
        assert names is not None, "a record has fields"
        self._fields = {name: ring.records[name] for name in names}

    def write(self, count: int, ingest_us: float, columns: Mapping[str, Column]) -> None:
        """Writes so many records, for which the ring has room. A column of one number is the same for all."""
        first = self._ingest.next_seqs(count)
        seq = np.arange(first, first + count, dtype=np.float64)
        every = {"seq": seq, "ingest": ingest_us, "provider": self._provider, **columns}
        start = self.ring.written % self.ring.capacity
        here = min(count, self.ring.capacity - start)
        for name, column in every.items():
            field = self._fields[name]
            if isinstance(column, np.ndarray):
                field[start : start + here] = column[:here]
                field[: count - here] = column[here:]
            else:
                field[start : start + here] = column
                field[: count - here] = column
        self.ring.written += count


class TradeRuns:
    """Takes runs of trades, or of aggregate trades, as `packing.trade_reader` does one by one."""

    def __init__(
        self, kind: Kind, writer: RunWriter, symbols: Mapping[str, int], last_prices: dict[str, float]
    ) -> None:
        self.reader = RunReader(kind, symbols)
        self.writer = writer
        self._names = {code: name for name, code in symbols.items()}
        self._last_prices = last_prices

    def write(self, read: Read, ingest_us: float) -> None:
        numbers = read.numbers
        columns: dict[str, Column] = {
            "time": numbers["T"] * 1_000.0,
            "venue_seq": numbers["t"],
            "symbol": read.codes,
            "side": _SIDE_OF_TAKER[read.flags],
            "price": numbers["p"],
            "quantity": numbers["q"],
            "trade_id": numbers["t"],
        }
        self.writer.write(len(read.codes), ingest_us, columns)
        codes, from_end = np.unique(read.codes[::-1], return_index=True)
        for code, place in zip(codes.tolist(), from_end.tolist(), strict=True):
            self._last_prices[self._names[code]] = float(numbers["p"][-1 - place])


class TickerRuns:
    """Takes runs of book tickers as `packing.ticker_reader` does one by one."""

    def __init__(
        self, kind: Kind, writer: RunWriter, symbols: Mapping[str, int], last_prices: Mapping[str, float]
    ) -> None:
        self.reader = RunReader(kind, symbols)
        self.writer = writer
        self._symbols = symbols
        self._last_prices = last_prices

    def write(self, read: Read, ingest_us: float) -> None:
        last_by_code = np.zeros(max(self._symbols.values()) + 1)
        for name, code in self._symbols.items():
            last_by_code[code] = self._last_prices[name]
        columns: dict[str, Column] = {
            "time": ingest_us,
            "venue_seq": read.numbers["u"],
            "symbol": read.codes,
            "last": last_by_code[read.codes],
            "bid": read.numbers["b"],
            "ask": read.numbers["a"],
            "bid_quantity": read.numbers["B"],
            "ask_quantity": read.numbers["A"],
            "volume": 0.0,
        }
        self.writer.write(len(read.codes), ingest_us, columns)


Runs = TradeRuns | TickerRuns


def stream_letter(frame: bytes) -> int:
    """The letter after the stream's name; a raw frame has none, and begins with a brace."""
    end = frame.find(b"@") + 2
    return frame[end - 1] if end <= len(frame) else NO_LETTER
