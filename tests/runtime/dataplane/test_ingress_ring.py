from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meltica_compiler.records.layout import record_layout, ring_bytes
from meltica_runtime.clock import no_clock
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.ingress_ring import IngressRing

TRADE = record_layout("trade")


@pytest.mark.parametrize(("event", "depth"), [("trade", 0), ("ticker", 0), ("kline", 0), ("book", 7)])
def test_an_ingress_ring_takes_the_memory_that_the_budget_names(event, depth):
    assert IngressRing(record_layout(event, depth), 37).memory.nbytes == ring_bytes(event, depth, 37)


@given(capacity=st.integers(1, 9), chunks=st.lists(st.integers(0, 9), max_size=30))
@settings(max_examples=60, deadline=None)
def test_an_ingress_ring_gives_back_what_was_written(make_trades, capacity, chunks):
    ingress, ingest = IngressRing(TRADE, capacity), Ingest(no_clock)
    position, read = 0, []
    for number, chunk in enumerate(chunks):
        count = min(chunk, ingress.room())
        first = ingest.next_seqs(count)
        rows = make_trades(range(first, first + count))
        if number % 2:
            ingress.append(rows)
        else:
            for row in rows:
                place = ingress.claim()
                ingress.buffer[place : place + TRADE.size] = row.tobytes()
                ingress.publish()
        while len(window := ingress.window(position, 3)):
            read.extend(window["seq"].tolist())
            position += len(window)
        # The slower of two readers lets go of half only.
        ingress.released = position - (position - ingress.released) // 2
    assert read == list(range(1, ingest.last_seq + 1))


def test_an_ingress_ring_is_full_until_its_readers_let_go(make_trades):
    ingress = IngressRing(TRADE, 4)
    ingress.append(make_trades([1, 2, 3]))
    assert ingress.room() == 1
    with pytest.raises(AssertionError):
        ingress.append(make_trades([4, 5]))
    ingress.released = 2
    assert ingress.room() == 3
