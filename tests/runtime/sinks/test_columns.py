from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from meltica_compiler.records.layout import record_layout
from meltica_dsl.model.fields import EVENT_BY_NAME, HOT_EVENTS
from meltica_runtime.sinks.columns import Columns, event_schema


@pytest.fixture
def columns(shop):
    return Columns(shop.symbols, shop.providers)


@pytest.mark.parametrize("event", HOT_EVENTS, ids=lambda event: event.name)
def test_a_file_has_the_fields_of_the_table(columns, make_events, event):
    rows = make_events(record_layout(event.name, 3 * (event.name == "book")), [1, 2], [0, 5])
    table = columns.table(event.name, rows)
    assert table.column_names == [field.name for field in event.fields]
    assert table.schema == event_schema(event)
    assert table["symbol"].to_pylist() == ["BTC-USDT", "SOL-EUR"]
    assert table["provider"].to_pylist() == ["binance", "okx"]
    table.validate(full=True)


def test_values_keep_their_meaning(columns, shop, make_trades):
    rows = make_trades([1, 2])
    rows["time"] = shop.noon_us + 1
    rows["price"] = [0.1, np.nan]
    rows["venue_seq"] = [2**53, np.nan]
    rows["side"] = [1, 0]
    table = columns.table("trade", rows)
    assert table["time"].to_pylist() == [datetime(2023, 11, 15, 12, 0, 0, 1, UTC)] * 2
    assert table.schema.field("time").type == pa.timestamp("us", tz="UTC")
    assert table["price"].to_pylist() == [0.1, None]
    assert table["venue_seq"].to_pylist() == [2**53, None]
    assert table["side"].to_pylist() == ["buy", "none"]


def test_books_of_any_depth_have_the_same_columns(columns, make_events):
    deep, shallow = (make_events(record_layout("book", depth), [1, 2]) for depth in (4, 1))
    deep["bids"][0, :2] = [[10, 1], [9, np.nan]]
    deep["bid_levels"], shallow["bid_levels"] = [2, 0], [1, 1]
    tables = [columns.table("book", rows) for rows in (deep, shallow)]
    assert tables[0].schema == tables[1].schema == event_schema(EVENT_BY_NAME["book"])
    assert tables[0]["bids"].to_pylist() == [
        [{"price": 10.0, "quantity": 1.0}, {"price": 9.0, "quantity": None}],
        [],
    ]
    assert tables[1]["bids"].to_pylist()[1] == [{"price": 2.0, "quantity": 2.0}]
