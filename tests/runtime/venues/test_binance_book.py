"""Binance's books: joined by its rules, whole or not shown, and as a capture has them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meltica_compiler.records.layout import record_layout
from meltica_runtime.clock import no_clock
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.ingress_ring import IngressRing
from meltica_runtime.dataplane.market_batch import MarketCodes
from meltica_runtime.venues.binance.book import MAX_WAITING_DIFFS, BookState, DepthBook
from meltica_runtime.venues.binance.frame_result import FrameResult
from meltica_runtime.venues.binance.frames import FrameDecoder
from meltica_runtime.venues.binance.messages import DepthSnapshot, DepthUpdate
from meltica_runtime.venues.order_book import OrderBook

CAPTURES = (
    Path(os.environ.get("MELTICA_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data")) / "captures"
)
CAPTURED = MarketCodes(1, {"NKN-USDT": 0, "BLZ-ETH": 1, "LRC-BTC": 2, "RUNE-EUR": 3})
DEPTH = 20


def diff(first: int, last: int, bids=(), asks=()) -> DepthUpdate:
    return DepthUpdate(E=last, s="X", U=first, u=last, b=list(bids), a=list(asks))


def snapshot(last: int, bids=((100.0, 1.0),), asks=((101.0, 1.0),)) -> DepthSnapshot:
    return DepthSnapshot(last, list(bids), list(asks))


def test_diffs_before_the_snapshot_are_applied_to_it_from_where_it_ends():
    book = DepthBook()
    assert not book.update(diff(1, 5, [(99.0, 9.0)]))
    assert not book.update(diff(6, 10, [(98.0, 7.0)]))
    assert book.apply_snapshot(snapshot(7))
    assert book.book.bids.best(5) == [(100.0, 1.0), (98.0, 7.0)]
    assert book.last_update_id == 10


@pytest.mark.parametrize(("first", "joins"), [(8, True), (7, True), (3, True), (9, False)])
def test_the_first_diff_reaches_back_to_the_snapshot(first, joins):
    book = DepthBook()
    book.update(diff(first, 12))
    assert book.apply_snapshot(snapshot(7)) is joins
    assert book.needs_snapshot is not joins


def test_a_gap_makes_a_book_stale_until_a_new_snapshot_joins():
    book = DepthBook()
    book.apply_snapshot(snapshot(7))
    assert book.update(diff(8, 9, [(100.0, 3.0)]))
    assert not book.update(diff(11, 12, [(100.0, 4.0)]))
    assert book.state is BookState.STALE
    assert not book.update(diff(13, 14, [(100.0, 5.0)]))
    assert book.book.bids.best(1) == [(100.0, 3.0)]
    assert not book.apply_snapshot(snapshot(9))
    assert book.apply_snapshot(snapshot(11, [(100.0, 8.0)]))
    assert book.book.bids.best(1) == [(100.0, 5.0)]
    assert book.statistics().gaps == 1


def test_what_a_book_knows_already_changes_nothing():
    book = DepthBook()
    book.apply_snapshot(snapshot(7))
    assert not book.update(diff(5, 7, [(100.0, 0.0)]))
    assert book.apply_snapshot(snapshot(3, [(50.0, 1.0)]))
    assert book.book.bids.best(1) == [(100.0, 1.0)]


def test_a_crossed_book_is_not_believed():
    book = DepthBook()
    book.apply_snapshot(snapshot(7))
    assert not book.update(diff(8, 8, [(102.0, 1.0)]))
    assert book.state is BookState.STALE


def test_waiting_for_a_snapshot_is_bounded():
    book = DepthBook()
    for i in range(MAX_WAITING_DIFFS + 10):
        book.update(diff(i, i))
    assert book.statistics().dropped == 10
    assert not book.apply_snapshot(snapshot(5))
    assert book.apply_snapshot(snapshot(10))
    assert book.last_update_id == MAX_WAITING_DIFFS + 9


_levels = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 3)), max_size=60)


@given(bids=_levels, asks=_levels, depth=st.integers(1, 50))
@settings(max_examples=100)
def test_a_book_shows_the_best_levels_that_are_left(bids, asks, depth):
    book = OrderBook()
    book.update([(float(p), float(q)) for p, q in bids], [(float(p), float(q)) for p, q in asks])
    record = np.full(1, 0, record_layout("book", depth).dtype)
    record["bids"], record["asks"] = 77.0, 77.0
    book.write_levels(record, depth)
    for name, levels, best_first in (("bid", bids, True), ("ask", asks, False)):
        left = sorted(((p, q) for p, q in dict(levels).items() if q), reverse=best_first)[:depth]
        filled = [list(level) for level in left] + [[0, 0]] * (depth - len(left))
        assert record[f"{name}s"][0].tolist() == filled
        assert record[f"{name}_levels"][0] == len(left)
        assert record[name][0] == (left[0][0] if left else 0)


def captured() -> list[tuple[float, str, str]]:
    """(time, "frame" or the symbol of a snapshot, text), in order of time."""
    if not CAPTURES.exists():
        pytest.skip(f"no {CAPTURES}; MELTICA_SHARED_DATA names the folder above it")
    items = []
    for line in (CAPTURES / "binance-spot-ws-2021.txt").read_text().splitlines():
        if match := re.match(r"(\d+\.\d+): (.*)", line):
            items.append((float(match[1]), "frame", match[2]))
    for line in (CAPTURES / "binance-spot-rest-2021.txt").read_text().splitlines():
        if match := re.match(r"https\S+depth\?symbol=(\w+)\S* -> (\d+\.\d+): (.*)", line):
            items.append((float(match[2]), match[1], match[3]))
    return sorted(items)


class Reference:
    """Assembles books from the same texts in the plainest way: no floats, no buffering on the fly."""

    def __init__(self, items: list[tuple[float, str, str]], symbol: str) -> None:
        self.snapshot = next(json.loads(text) for _, name, text in items if name == symbol)
        frames = [json.loads(text)["data"] for _, name, text in items if name == "frame"]
        self.diffs = [f for f in frames if f.get("e") == "depthUpdate" and f["s"] == symbol]

    def top_after(self, update_id: int) -> tuple[list[list[float]], list[list[float]]]:
        sides = []
        for rest, stream, sign in (("bids", "b", -1), ("asks", "a", 1)):
            levels = {float(p): float(q) for p, q in self.snapshot[rest]}
            for one in self.diffs:
                if self.snapshot["lastUpdateId"] < one["u"] <= update_id:
                    levels.update({float(p): float(q) for p, q in one[stream]})
            there = sorted((sign * p, q) for p, q in levels.items() if q)[:DEPTH]
            sides.append([[sign * p, q] for p, q in there])
        return sides[0], sides[1]


def test_the_captured_books_join_their_snapshots_and_equal_an_independent_assembly():
    items = captured()
    rings = {
        event: IngressRing(record_layout(event, DEPTH if event == "book" else 0), 1_024)
        for event in ("trade", "ticker", "book", "kline")
    }
    decoder = FrameDecoder(CAPTURED, rings, Ingest(no_clock))
    names = {name.replace("-", ""): name for name in CAPTURED.symbols}
    for time_s, kind, text in items:
        if kind == "frame":
            result = decoder.take(text.encode(), time_s * 1e6)
            assert result in (FrameResult.WRITTEN, FrameResult.HELD), text
        else:
            assert decoder.take_snapshot(names[kind], text.encode(), time_s * 1e6) is FrameResult.WRITTEN
    books = rings["book"].records[: rings["book"].written]
    assert len(books) > 150
    assert (books["bid"] < books["ask"]).all()
    for symbol, name in names.items():
        reference = Reference(items, symbol)
        own = books[books["symbol"] == CAPTURED.symbols[name]]
        assert (np.diff(own["venue_seq"]) > 0).all()
        for record in own:
            bids, asks = reference.top_after(int(record["venue_seq"]))
            assert record["bids"][: int(record["bid_levels"])].tolist() == bids
            assert record["asks"][: int(record["ask_levels"])].tolist() == asks
        joined = reference.snapshot["lastUpdateId"]
        after = [d["u"] for d in reference.diffs if d["u"] > joined]
        assert own["venue_seq"].tolist()[-len(after) :] == after
    statistics = decoder.statistics()
    assert all(book.gaps == 0 for book in statistics.books.values())
    assert decoder.symbols_without_book() == ()
    assert rings["ticker"].written == sum("@bookTicker" in text for _, _, text in items)
    assert rings["trade"].written == 2


def test_best_prices_of_the_captured_books_are_those_that_book_tickers_told():
    items = captured()
    rings = {
        "book": IngressRing(record_layout("book", 5), 1_024),
        "ticker": IngressRing(record_layout("ticker"), 1_024),
    }
    decoder = FrameDecoder(CAPTURED, rings, Ingest(no_clock))
    names = {name.replace("-", ""): name for name in CAPTURED.symbols}
    for time_s, kind, text in items:
        if kind == "frame":
            decoder.take(text.encode(), time_s * 1e6)
        else:
            decoder.take_snapshot(names[kind], text.encode(), time_s * 1e6)
    books = rings["book"].records[: rings["book"].written]
    tickers = rings["ticker"].records[: rings["ticker"].written]
    compared = 0
    for ticker in tickers:
        same = books[(books["venue_seq"] == ticker["venue_seq"]) & (books["symbol"] == ticker["symbol"])]
        for book in same:
            assert (book["bid"], book["ask"]) == (ticker["bid"], ticker["ask"])
            assert (book["bids"][0, 1], book["asks"][0, 1]) == (
                ticker["bid_quantity"],
                ticker["ask_quantity"],
            )
            compared += 1
    assert compared > 10
