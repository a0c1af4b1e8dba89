"""Events of a test from files, in every form that they may have."""

from __future__ import annotations

import datetime as dt
import gzip
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from meltica_compiler.records.layout import record_layout
from meltica_dsl.model.fields import EVENT_BY_NAME
from meltica_runtime.dataplane.market_batch import MarketCodes
from meltica_runtime.sinks.columns import Columns
from meltica_runtime.testing.outcome import CouldNotRun
from meltica_runtime.testing.recordings import read_recording
from meltica_runtime.venues.market_source import SourceFault

ROWS = [
    {
        "time": 1_000_000,
        "symbol": "BTC-USDT",
        "price": 60_000.5,
        "quantity": 0.25,
        "side": "buy",
        "trade_id": 11,
    },
    {
        "time": 1_250_000,
        "symbol": "ETH-USDT",
        "price": 3_000.0,
        "quantity": 2.0,
        "side": "sell",
        "trade_id": 12,
    },
    {
        "time": 1_500_000,
        "symbol": "BTC-USDT",
        "price": 60_001.0,
        "quantity": 0.5,
        "side": "buy",
        "trade_id": 13,
    },
]
EXPECTED = """
expect whole receives 3 trade
expect whole receives 1 trade { time = 2s, symbol = BTC-USDT, price = 60_000.5, quantity = 0.25, side = buy }
expect whole receives 1 trade { time = 2_250ms, symbol = ETH-USDT, price = 3_000, side = sell, trade_id = 12 }
expect whole receives 1 trade { time = 2_500ms }
"""


def csv_of(rows) -> str:
    return "\n".join([",".join(rows[0]), *(",".join(str(v) for v in row.values()) for row in rows)]) + "\n"


def of_the_sink(rows) -> pa.Table:
    """As the sink `parquet` writes them."""
    records = np.zeros(len(rows), record_layout("trade").dtype)
    for record, row in zip(records, rows, strict=True):
        for name in ("time", "price", "quantity", "trade_id"):
            record[name] = row[name]
        record["symbol"] = ["BTC-USDT", "ETH-USDT"].index(row["symbol"])
        record["side"] = ["none", "buy", "sell"].index(row["side"])
    return Columns(("BTC-USDT", "ETH-USDT"), ("elsewhere",)).table("trade", records)


def tardis_of(rows) -> str:
    return csv_of(
        [
            {
                "exchange": "binance",
                "symbol": row["symbol"].replace("-", ""),
                "timestamp": row["time"],
                "local_timestamp": row["time"] + 500,
                "id": row["trade_id"],
                "side": row["side"],
                "price": row["price"],
                "amount": row["quantity"],
            }
            for row in rows
        ]
    )


WRITERS = {
    "tape.csv": lambda path: path.write_text(csv_of(ROWS)),
    "tape.csv.gz": lambda path: path.write_bytes(gzip.compress(csv_of(ROWS).encode())),
    "tape.jsonl": lambda path: path.write_text("".join(json.dumps(row) + "\n" for row in ROWS)),
    "tape.parquet": lambda path: pq.write_table(pa.Table.from_pylist(ROWS), path),
    "sink.parquet": lambda path: pq.write_table(of_the_sink(ROWS), path),
    "tardis.csv": lambda path: path.write_text(tardis_of(ROWS)),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_gives_its_events_from_the_time_of_its_step_on(met, tmp_path, name):
    WRITERS[name](tmp_path / name)
    assert met(f'at 2s paper.trade from "{name}"\n{EXPECTED}') == [True] * 4


def test_times_may_be_timestamps(met, tmp_path):
    rows = [
        {**row, "time": dt.datetime.fromtimestamp(row["time"] / 1e6, dt.UTC).isoformat(sep=" ")}
        for row in ROWS
    ]
    (tmp_path / "tape.csv").write_text(csv_of(rows))
    assert met(f'at 2s paper.trade from "tape.csv"\n{EXPECTED}') == [True] * 4


def test_what_a_file_leaves_out_is_as_if_it_stood_in_the_test(met, tmp_path):
    rows = [{"time": row["time"], "price": row["price"], "quantity": 1} for row in ROWS]
    (tmp_path / "tape.csv").write_text(csv_of(rows))
    steps = 'at 0s other.trade from "tape.csv"\nexpect it receives 3 trade { symbol = BTC-USDT, side = none }'
    assert met(steps) == [True]


def test_books_come_from_json_with_their_levels(met, tmp_path):
    books = [
        {
            "time": 0,
            "symbol": "BTC-USDT",
            "bid": 499,
            "ask": 501,
            "bids": [[499, 1], [498, 2]],
            "asks": [[501, 3]],
        },
    ]
    (tmp_path / "books.jsonl").write_text("".join(json.dumps(book) + "\n" for book in books))
    steps = 'at 0s paper.book from "books.jsonl"\nexpect it receives 1 book { bid = 499, ask = 501 }'
    assert met(steps) == [True]


def test_two_files_and_events_between_them_come_in_the_order_of_time(met, tmp_path):
    (tmp_path / "tape.csv").write_text(csv_of(ROWS))
    steps = """
at 0s paper.trade from "tape.csv"
at 100ms paper.trade { symbol = BTC-USDT, price = 7, quantity = 1 }
at 300ms paper.trade from "tape.csv"
expect whole receives 7 trade
expect whole receives 2 trade by 100ms
expect whole receives 4 trade by 300ms
expect it receives 4 trade
expect last receives 7 trade
"""
    assert met(steps) == [True] * 5


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("none.csv", None, "there is no such file"),
        ("tape.txt", "", "a test reads .csv"),
        ("tape.csv", "time,price\n1,2\n", "no column quantity of trade events; found time, price"),
        ("tape.csv", "time,price,quantity\n1,much,2\n", "column price"),
        ("tape.csv", "time,price,quantity\n1,,2\n", "column price has rows without a value"),
        ("tape.csv", "time,price,quantity,side\n1,2,3,up\n", "column side has 'up'"),
        ("tape.csv", "time,symbol,price,quantity\n1,DOGE-USDT,2,3\n", "has symbol DOGE-USDT"),
        ("tape.csv", "time,price,quantity\n1,2,3\n", "names no symbol"),
        ("tape.csv", "time,price,quantity\ninf,2,3\n", "column time has rows without a value"),
        ("tape.csv", "time,time,price,quantity\n1,1,2,3\n", "two of its columns have the same name"),
        ("tape.csv", "", "cannot be read"),
        ("tape.parquet", "no parquet", "cannot be read"),
        ("tape.jsonl", "{", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_fails_the_test_and_says_why(outcome_of, tmp_path, name, content, why):
    if content is not None:
        (tmp_path / name).write_text(content)
    (problem,) = outcome_of(f'at 0s paper.trade from "{name}"\nexpect it receives nothing').problems
    assert isinstance(problem, CouldNotRun)
    assert str(tmp_path / name) in problem.message
    assert why in problem.message


@pytest.mark.parametrize("bids", [5, "x", ["x"], [None], [[1]], [[1, 2, 3]], [["1", "x"]], [{"price": 1}]])
def test_levels_that_are_none_are_refused(tmp_path, bids):
    path = tmp_path / "books.jsonl"
    path.write_text(json.dumps({"time": 1, "bid": 2, "ask": 3, "bids": bids, "asks": [[3, 1]]}) + "\n")
    with pytest.raises(SourceFault, match="column bids has rows that are no lists of price and quantity"):
        read_recording(path, EVENT_BY_NAME["book"], MarketCodes(0, {"BTC-USDT": 0}), 5)
