"""Recordings as market sources: every field as it was written, whatever the pieces, and clear faults."""

from __future__ import annotations

import csv
import math
import os
from decimal import Decimal
from itertools import accumulate
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meltica_runtime.dataplane.market_batch import MarketCodes
from meltica_runtime.orders.order import Filled, OrderRequest, OrderType, Side, TimeInForce
from meltica_runtime.venues.market_source import SourceFault
from meltica_runtime.venues.paper.rules import PaperSettings
from meltica_runtime.venues.paper.venue import PaperVenue
from meltica_runtime.venues.replay import files
from meltica_runtime.venues.replay.formats import identifier
from meltica_runtime.venues.replay.source import replay_source

DATA = Path(os.environ.get("MELTICA_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))
ONE = MarketCodes(provider=4, symbols={"BTC-USDT": 9})
TWO = MarketCodes(provider=4, symbols={"BTC-USDT": 9, "ETH-USDT": 2})


def recorded(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"no {path}; MELTICA_SHARED_DATA names the folder with recordings")
    return path


def everything(path: Path, file_format: str, codes=ONE, depth=10):
    source = replay_source(path, file_format, codes, depth)
    batch = source.next_batch(1_000_000, math.inf)
    assert source.exhausted
    (rows,) = batch.rows.values()
    assert batch.positions[next(iter(batch.rows))].tolist() == list(range(batch.count))
    assert batch.end_us == rows["time"][-1]
    return rows


def test_every_field_of_the_real_trades_is_exact():
    path = recorded("btcusdt-trades.parquet")
    table = pq.read_table(path).to_pylist()
    rows = everything(path, "binance_trades")
    assert len(rows) == len(table) == 2_001
    times = [round(row["timestamp"].timestamp() * 1_000) * 1_000 for row in table]
    # One file may tell two trades in the wrong order; time never goes back.
    assert rows["time"].tolist() == list(accumulate(times, max))
    assert rows["price"].tolist() == [row["price"] for row in table]
    assert rows["quantity"].tolist() == [row["quantity"] for row in table]
    assert rows["trade_id"].tolist() == [row["trade_id"] for row in table]
    assert rows["side"].tolist() == [2 if row["buyer_maker"] == "True" else 1 for row in table]
    assert rows["venue_seq"].tolist() == list(range(2_001))
    assert set(rows["symbol"].tolist()) == {9}
    assert set(rows["provider"].tolist()) == {4}


def test_every_field_of_the_real_quotes_is_exact():
    path = recorded("btcusdt-quotes.parquet")
    table = pq.read_table(path).to_pylist()
    rows = everything(path, "binance_quotes", TWO)
    assert rows["bid"].tolist() == [row["bid"] for row in table]
    assert rows["ask"].tolist() == [row["ask"] for row in table]
    assert rows["bid_quantity"].tolist() == [row["bid_size"] for row in table]
    assert rows["ask_quantity"].tolist() == [row["ask_size"] for row in table]
    assert set(rows["symbol"].tolist()) == {9}


def test_tardis_trades_and_quotes_are_exact():
    path = recorded("tardis-bitmex_trades_XBTUSD.csv")
    lines = list(csv.DictReader(path.read_text().splitlines()))
    rows = everything(path, "tardis_trades")
    assert rows["price"].tolist() == [float(line["price"]) for line in lines]
    assert rows["quantity"].tolist() == [float(line["amount"]) for line in lines]
    assert rows["time"].tolist() == [float(line["timestamp"]) for line in lines]
    assert rows["side"].tolist() == [["none", "buy", "sell"].index(line["side"]) for line in lines]
    assert len(set(rows["trade_id"].tolist())) == len(lines)
    path = recorded("tardis-huobi-dm-swap_quotes_BTC-USD.csv")
    lines = list(csv.DictReader(path.read_text().splitlines()))
    rows = everything(path, "tardis_quotes")
    assert rows["ask"].tolist() == [float(line["ask_price"]) for line in lines]
    assert rows["bid_quantity"].tolist() == [float(line["bid_amount"]) for line in lines]


@pytest.mark.parametrize("depth", [1, 10, 50])
def test_tardis_snapshots_become_books_of_the_depth_asked_for(depth):
    path = recorded("tardis-binance-futures_book_snapshot_25_BTCUSDT.csv")
    lines = list(csv.DictReader(path.read_text().splitlines()))
    rows = everything(path, "tardis_book", depth=depth)
    assert rows["bid_levels"].tolist() == [min(depth, 25)] * len(lines)
    for row, line in zip(rows, lines, strict=True):
        for level in range(min(depth, 25)):
            assert row["asks"][level, 0] == float(line[f"asks[{level}].price"])
            assert row["bids"][level, 1] == float(line[f"bids[{level}].amount"])
        assert (row["bid"], row["ask"]) == (row["bids"][0, 0], row["asks"][0, 0])
        assert (row["asks"][25:] == 0).all()


def test_tardis_level_changes_are_assembled_into_books():
    path = recorded("tardis-deribit_incremental_book_L2_BTC-PERPETUAL.csv")
    lines = list(csv.DictReader(path.read_text().splitlines()))
    rows = everything(path, "tardis_book", depth=20)
    messages = list(dict.fromkeys((line["timestamp"], line["local_timestamp"]) for line in lines))
    assert len(rows) == len(messages)
    naive = {"bid": {}, "ask": {}}
    for row, message in zip(rows, messages, strict=True):
        for line in lines:
            if (line["timestamp"], line["local_timestamp"]) == message:
                naive[line["side"]][float(line["price"])] = float(line["amount"])
        for name, levels, sign in (("bid", "bids", -1), ("ask", "asks", 1)):
            there = sorted(((p, a) for p, a in naive[name].items() if a), key=lambda x, s=sign: s * x[0])[:20]
            assert row[levels][: len(there)].tolist() == [list(level) for level in there]
            assert row[f"{name}_levels"] == len(there)


INCREMENTAL = "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n"


def test_a_new_snapshot_starts_the_book_anew(tmp_path):
    path = tmp_path / "book.csv"
    path.write_text(
        INCREMENTAL
        + "d,BTCUSDT,1,1,true,bid,100,1\nd,BTCUSDT,1,1,true,ask,101,1\n"
        + "d,BTCUSDT,2,2,false,bid,99,5\n"
        + "d,BTCUSDT,3,3,true,bid,90,2\nd,BTCUSDT,3,3,true,ask,91,2\n"
    )
    rows = everything(path, "tardis_book", depth=3)
    assert rows["bids"][:, :, 0].tolist() == [[100, 0, 0], [100, 99, 0], [90, 0, 0]]
    assert rows["bid_levels"].tolist() == [1, 2, 1]


TRADES = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"


def trades_file(path: Path, times: list[int]) -> Path:
    names = ["ethusdt", "BTCUSDT"]
    lines = [f"x,{names[t % 2]},{t},{t},{i},sell,{100 + i},2\n" for i, t in enumerate(times)]
    path.write_text(TRADES + "".join(lines))
    return path


@given(cuts=st.lists(st.integers(0, 400), max_size=6))
@settings(max_examples=20, deadline=None)
def test_batches_of_any_size_give_the_same_events(tmp_path_factory, cuts):
    path = tmp_path_factory.mktemp("replay") / "trades.csv"
    trades_file(path, list(range(0, 2_000, 2)))
    source = replay_source(path, "tardis_trades", TWO, 0)
    parts = [source.next_batch(limit, math.inf) for limit in [*cuts, 10_000]]
    prices = [price for batch in parts for price in batch.rows.get("trade", {"price": []})["price"]]
    assert prices == [100 + i for i in range(1_000)]


def test_a_large_file_is_read_in_pieces(tmp_path, monkeypatch):
    path = tmp_path / "trades.parquet"
    count = 3 * files.PIECE_ROWS + 7
    columns = {
        "timestamp": pa.array(range(count), pa.timestamp("ms", "UTC")),
        "trade_id": pa.array(range(count)),
        "price": pa.array([1.5] * count),
        "quantity": pa.array([2.0] * count),
        "buyer_maker": pa.array(["True"] * count),
    }
    pq.write_table(pa.table(columns), path)
    pieces = list(files.read_pieces(path, dict.fromkeys(columns, pa.int64())))
    assert max(map(len, pieces)) <= files.PIECE_ROWS
    rows = everything(path, "binance_trades")
    assert rows["trade_id"].tolist() == list(range(count))
    assert rows["venue_seq"][-1] == count - 1


def test_time_never_goes_back(tmp_path):
    rows = everything(trades_file(tmp_path / "t.csv", [5, 9, 7, 11]), "tardis_trades")
    assert rows["time"].tolist() == [5, 9, 9, 11]


def test_an_identifier_is_its_number_or_a_stable_number_of_its_text():
    assert identifier("553287559") == 553287559
    assert identifier("ccc3c1fa-212c-e8b0") == identifier("ccc3c1fa-212c-e8b0")
    assert identifier("a") != identifier("b")
    assert identifier("9" * 40) < 2**53


@pytest.mark.parametrize(
    ("name", "content", "file_format", "codes", "message"),
    [
        ("t.csv", None, "tardis_trades", ONE, "there is no such file"),
        ("t.csv", "a,b\n1,2\n", "tardis_trades", ONE, "no column symbol, timestamp.*expected.*found a, b"),
        ("t.csv", "", "tardis_trades", ONE, "cannot be read"),
        ("t.csv", TRADES + "x,B,1,1,1,buy,ten,2\n", "tardis_trades", ONE, "cannot be read.*ten"),
        ("t.csv", TRADES + "x,B,,1,1,buy,1,2\n", "tardis_trades", ONE, "rows without a time"),
        ("t.csv", TRADES + "x,SOLUSDT,1,1,1,buy,1,2\n", "tardis_trades", TWO, "has symbol SOLUSDT.*ETH-USDT"),
        ("t.parquet", "no parquet at all", "binance_trades", ONE, "cannot be read"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_refused_by_name(tmp_path, name, content, file_format, codes, message):
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    source = replay_source(path, file_format, codes, 10)
    with pytest.raises(SourceFault, match=message) as fault:
        source.next_batch(10, math.inf)
    assert str(path) in str(fault.value)


def test_a_file_without_symbols_needs_a_provider_of_one():
    source = replay_source(recorded("btcusdt-trades.parquet"), "binance_trades", TWO, 0)
    with pytest.raises(SourceFault, match="names no symbol"):
        source.next_batch(10, math.inf)


def test_orders_are_filled_against_the_real_trades():
    source = replay_source(recorded("btcusdt-trades.parquet"), "binance_trades", ONE, 0)
    venue = PaperVenue("replay", PaperSettings(lot_size=Decimal("0.000001")), ONE)
    batch = source.next_batch(10_000, math.inf)
    venue.feed(batch)
    rows = batch.rows["trade"]
    now_us = float(rows["time"][100])
    low = Decimal(f"{rows['price'][200:400].min():.2f}")
    venue.submit(
        OrderRequest(
            "a", "m", "replay", "BTC-USDT", Side.BUY, OrderType.LIMIT, Decimal("0.5"), low + 1,
            TimeInForce.GTC, now_us,
        ),
        now_us,
    )  # fmt: skip
    fills = [r for r in venue.advance(batch.end_us) if isinstance(r, Filled)]
    assert sum(f.quantity for f in fills) == Decimal("0.5")
    assert all(f.price <= low + 1 for f in fills)
