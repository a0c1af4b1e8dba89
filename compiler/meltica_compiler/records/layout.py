"""Record layouts and ring sizes, generated from the field table.

A record is a header of four f64 (`seq`, `time`, `ingest`, `venue_seq`), one word of four u16
(`symbol`, `provider` and two that depend on the event), and the event's own f64 fields. Everything
is aligned to 8 bytes, so JavaScript reads it through a Float64Array and a Uint16Array over the same
memory. A trade is 64 bytes: one cache line.
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from meltica_compiler.records.shared_memory import RING_HEADER_BYTES
from meltica_dsl.model.fields import EVENT_BY_NAME, FieldType

if TYPE_CHECKING:
    import numpy as np

MAX_BATCH = 8_192
"""Most records that a kernel is given at once: 512 KiB of trades, which a core's cache still holds."""

_HEADER = ("seq", "time", "ingest", "venue_seq")
INGEST_CELL = _HEADER.index("ingest")
"""Which f64 of a record says when it was received, in µs."""
_WORD = 8


class SlotKind(Enum):
    F64 = "f8"
    U16 = "u2"


class Slot(Struct, frozen=True):
    """One field of a record. `offset` in bytes; `levels` is 0, or the number of price levels."""

    name: str
    kind: SlotKind
    offset: int
    levels: int = 0


class RecordLayout(Struct, frozen=True):
    """Where each field of an event type lies in its record."""

    event: str
    depth: int
    slots: tuple[Slot, ...]
    size: int

    def slot(self, name: str) -> Slot:
        return next(slot for slot in self.slots if slot.name == name)

    @property
    def dtype(self) -> np.dtype[np.void]:
        """The numpy dtype: level fields have the shape (depth, 2), price then quantity."""
        return _dtype(self)

    @property
    def bytes_dtype(self) -> np.dtype[np.void]:
        """A record as bytes without fields, which numpy copies some ten times as fast as field by field."""
        return _bytes_dtype(self.size)


@cache
def record_layout(event: str, depth: int = 0) -> RecordLayout:
    """The layout of a hot event's record. `depth` is the levels a side of a book, else 0."""
    fields = EVENT_BY_NAME[event].fields
    assert EVENT_BY_NAME[event].hot, f"{event} events have no record"
    slots = [Slot(name, SlotKind.F64, i * _WORD) for i, name in enumerate(_HEADER)]
    offset = len(_HEADER) * _WORD
    small = ["symbol", "provider"]
    small += [f.name for f in fields if f.type is FieldType.SIDE]
    small += [f"{f.name[:3]}_levels" for f in fields if f.type is FieldType.LEVELS]
    assert len(small) <= 4, "the u16 fields of a record share one word"
    slots += [Slot(name, SlotKind.U16, offset + 2 * i) for i, name in enumerate(small)]
    offset += _WORD
    taken = {slot.name for slot in slots}
    for field in fields:
        if field.name in taken:
            continue
        levels = depth if field.type is FieldType.LEVELS else 0
        slots.append(Slot(field.name, SlotKind.F64, offset, levels))
        offset += _WORD * (2 * levels if field.type is FieldType.LEVELS else 1)
    return RecordLayout(event, depth, tuple(slots), offset)


def ring_bytes(event: str, depth: int, capacity: int) -> int:
    """Bytes of a ring of `capacity` records, its control words included."""
    return RING_HEADER_BYTES + capacity * record_layout(event, depth).size


def cell_runs(source: RecordLayout, target: RecordLayout) -> tuple[tuple[slice, slice], ...]:
    """The runs of 8-byte cells to copy from a `source` record to a `target` record, which is no deeper."""
    assert target.depth <= source.depth, "a record cannot get levels that its source lacks"
    if source == target:
        whole = slice(0, source.size // _WORD)
        return ((whole, whole),)
    head = min(slot.offset for slot in source.slots if slot.levels) // _WORD
    runs = [(slice(0, head), slice(0, head))]
    for slot in source.slots:
        if slot.kind is SlotKind.F64 and slot.levels:
            here = target.slot(slot.name)
            begin, end = slot.offset // _WORD, here.offset // _WORD
            runs.append((slice(begin, begin + 2 * here.levels), slice(end, end + 2 * here.levels)))
    return tuple(runs)


@cache
def _bytes_dtype(size: int) -> np.dtype[np.void]:
    import numpy as np  # noqa: PLC0415 - as below

    return np.dtype((np.void, size))


@cache
def _dtype(layout: RecordLayout) -> np.dtype[np.void]:
    import numpy as np  # noqa: PLC0415 - 0.17 s that the compiler alone does without

    return np.dtype(
        {
            "names": [slot.name for slot in layout.slots],
            "formats": [
                (slot.kind.value, (slot.levels, 2)) if slot.levels else slot.kind.value
                for slot in layout.slots
            ],
            "offsets": [slot.offset for slot in layout.slots],
            "itemsize": layout.size,
        }
    )
