from __future__ import annotations

import numpy as np
import pytest

from meltica_compiler.records.layout import SlotKind, record_layout, ring_bytes
from meltica_compiler.records.shared_memory import RING_HEADER_BYTES
from meltica_dsl.model.fields import EVENTS, HOT_EVENTS, MAX_BOOK_DEPTH, FieldType

DEPTHS = (1, 2, 10, MAX_BOOK_DEPTH)
LAYOUTS = [
    record_layout(event.name, depth)
    for event in HOT_EVENTS
    for depth in (DEPTHS if event.name == "book" else (0,))
]


@pytest.fixture(params=LAYOUTS, ids=lambda layout: f"{layout.event}{layout.depth or ''}")
def layout(request):
    return request.param


def width(slot):
    return 2 if slot.kind is SlotKind.U16 else 8 * (2 * slot.levels or 1)


def test_every_field_of_the_table_has_its_place(layout):
    [event] = [event for event in HOT_EVENTS if event.name == layout.event]
    assert {field.name for field in event.fields} <= {slot.name for slot in layout.slots}
    for field in event.fields:
        slot = layout.slot(field.name)
        assert slot.levels == (layout.depth if field.type is FieldType.LEVELS else 0)


def test_no_two_fields_share_a_byte_and_all_are_aligned(layout):
    taken = set()
    for slot in layout.slots:
        own = set(range(slot.offset, slot.offset + width(slot)))
        assert not taken & own
        assert slot.offset % (2 if slot.kind is SlotKind.U16 else 8) == 0
        taken |= own
    assert max(taken) < layout.size
    assert layout.size % 8 == 0


def test_numpy_and_the_layout_agree(layout):
    dtype = layout.dtype
    assert dtype.itemsize == layout.size
    for slot in layout.slots:
        field, offset = dtype.fields[slot.name][:2]
        assert (offset, field.itemsize) == (slot.offset, width(slot))
    rows = np.zeros(3, dtype)
    assert rows.view(np.float64).shape == (3 * layout.size // 8,)


def test_the_header_is_the_same_for_all(layout):
    first = LAYOUTS[0]
    for name in ("seq", "time", "ingest", "venue_seq", "symbol", "provider"):
        assert layout.slot(name) == first.slot(name)


def test_a_layout_is_made_once():
    assert record_layout("book", 3) is record_layout("book", 3)


@pytest.mark.parametrize(
    ("event", "depth", "size"),
    [("trade", 0, 64), ("ticker", 0, 88), ("kline", 0, 96), ("book", 1, 88), ("book", 50, 1_656)],
)
def test_records_are_as_small_as_they_look(event, depth, size):
    assert record_layout(event, depth).size == size
    assert ring_bytes(event, depth, 1_000) == RING_HEADER_BYTES + 1_000 * size


@pytest.mark.parametrize("event", [event.name for event in EVENTS if not event.hot])
def test_cold_events_have_no_record(event):
    with pytest.raises(AssertionError):
        record_layout(event)
