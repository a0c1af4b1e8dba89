"""The fake market: a function of its seed, on the grid, and at one with itself."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meltica_runtime.dataplane.market_batch import MarketBatch, MarketCodes, in_order
from meltica_runtime.venues.fake.market import FakeMarket
from meltica_runtime.venues.fake.settings import FakeMarketSettings
from meltica_runtime.venues.increments import exact_decimal

CODES = MarketCodes(provider=2, symbols={"BTC-USDT": 4, "ETH-USDT": 1, "SOL-USDT": 0})
ALL = {"trade": 0, "ticker": 0, "book": 5, "kline": 0}


def market(depths=ALL, codes=CODES, **changes) -> FakeMarket:
    return FakeMarket(FakeMarketSettings(**{"seed": 7, "rate": 20_000.0, **changes}), codes, depths)


def stream(batches: list[MarketBatch]) -> list[bytes]:
    """Every record, as its event's name and bytes, in order."""
    return [name.encode() + batch.rows[name][i].tobytes() for batch in batches for name, i in in_order(batch)]


def records(count: int, **arguments) -> MarketBatch:
    return market(**arguments).next_batch(count, math.inf)


@given(cuts=st.lists(st.integers(0, 3_000), min_size=1, max_size=8), seed=st.integers(0, 2**70))
@settings(max_examples=15, deadline=None)
def test_the_stream_does_not_depend_on_how_it_is_cut(cuts, seed):
    whole = stream([market(seed=seed).next_batch(sum(cuts), math.inf)])
    source = market(seed=seed)
    assert stream([source.next_batch(limit, math.inf) for limit in cuts]) == whole


@given(untils=st.lists(st.floats(0, 300_000), min_size=1, max_size=6))
@settings(max_examples=15, deadline=None)
def test_cutting_by_time_loses_and_repeats_nothing(untils):
    source = market()
    batches = [source.next_batch(100_000, until) for until in sorted(untils)]
    last = max(untils)
    assert stream(batches) == stream([market().next_batch(100_000, last)])
    assert [b.end_us for b in batches] == sorted(untils)
    assert all((rows["time"] < b.end_us).all() for b in batches for rows in b.rows.values())


def test_end_of_a_full_batch_is_the_time_of_the_next_event():
    source = market()
    end_us = source.next_batch(1_000, math.inf).end_us
    following = source.next_batch(1, math.inf)
    ((name, i),) = in_order(following)
    assert following.rows[name]["time"][i] == end_us


@pytest.mark.parametrize("asked", [("trade",), ("book",), ("ticker", "kline"), ("kline",)])
def test_events_that_are_not_asked_for_change_nothing_about_the_others(asked):
    full = records(60_000)
    some = market({event: ALL[event] for event in asked})
    end_us = full.end_us
    part = some.next_batch(60_000, end_us)
    for event in asked:
        assert part.rows[event].tobytes() == full.rows[event][: len(part.rows[event])].tobytes()
        assert (full.rows[event]["time"][len(part.rows[event]) :] >= end_us).all()


def test_a_deeper_book_has_the_same_upper_levels():
    shallow = records(500, depths={"book": 5}).rows["book"]
    deep = records(500, depths={"book": 50}).rows["book"]
    assert (deep["bids"][:, :5] == shallow["bids"]).all()
    assert (deep["asks"][:, :5] == shallow["asks"]).all()


def test_another_seed_makes_another_market():
    assert stream([records(100, seed=1)]) != stream([records(100, seed=2)])


def test_times_ascend_from_the_start_at_the_given_rate():
    batch = records(20_000, depths={"trade": 0, "ticker": 0, "book": 1}, start_us=1.6e15)
    times = np.empty(batch.count)
    for event, rows in batch.rows.items():
        times[batch.positions[event]] = rows["time"]
    assert (np.diff(times) >= 0).all()
    assert times[0] >= 1.6e15
    assert times[-1] - times[0] == pytest.approx(1e6, rel=0.001)


def test_books_are_ordered_and_never_crossed():
    books = records(30_000, depths={"book": 10}).rows["book"]
    assert (books["bid"] < books["ask"]).all()
    assert (np.diff(books["bids"][:, :, 0], axis=1) < 0).all()
    assert (np.diff(books["asks"][:, :, 0], axis=1) > 0).all()
    assert (books["bids"][:, :, 1] > 0).all()
    assert (books["bids"][:, 0, 0] == books["bid"]).all()
    assert (books["asks"][:, 0, 0] == books["ask"]).all()


def test_a_trade_is_at_the_touch_shown_last_and_within_its_quantity():
    batch = records(20_000)
    touch: dict[int, tuple[float, float, float, float]] = {}
    checked = 0
    for event, i in in_order(batch):
        row = batch.rows[event][i]
        symbol = int(row["symbol"])
        if event == "ticker":
            touch[symbol] = (row["bid"], row["bid_quantity"], row["ask"], row["ask_quantity"])
        elif event == "book":
            touch[symbol] = (*row["bids"][0], *row["asks"][0])
        elif event == "trade" and symbol in touch:
            bid, bid_quantity, ask, ask_quantity = touch[symbol]
            at = (bid, bid_quantity) if row["side"] == 2 else (ask, ask_quantity)
            assert row["price"] == at[0]
            assert 0 < row["quantity"] <= at[1]
            checked += 1
    assert checked > 5_000


def test_trade_ids_count_up_by_one_for_each_symbol():
    trades = records(10_000, depths={"trade": 0}).rows["trade"]
    for code in CODES.symbols.values():
        ids = trades["trade_id"][trades["symbol"] == code]
        assert (ids == np.arange(1, len(ids) + 1)).all()


@pytest.mark.parametrize(("tick", "lot"), [("0.01", "0.00001"), ("0.5", "0.001"), ("0.05", "3"), ("5", "1")])
def test_prices_and_quantities_are_exactly_on_the_grid(tick, lot):
    trades = records(2_000, depths={"trade": 0}, tick_size=Decimal(tick), lot_size=Decimal(lot)).rows["trade"]
    for price, quantity in zip(trades["price"].tolist(), trades["quantity"].tolist(), strict=True):
        assert exact_decimal(price) % Decimal(tick) == 0
        assert exact_decimal(quantity) % Decimal(lot) == 0
        assert float(exact_decimal(price)) == price
        assert Decimal(repr(price)) == exact_decimal(price)


def test_klines_summarise_the_trades_of_their_interval():
    batch = records(80_000, depths={"trade": 0, "kline": 0}, kline_us=250_000.0)
    trades, klines = batch.rows["trade"], batch.rows["kline"]
    assert len(klines) >= 9
    for kline in klines:
        within = trades[
            (trades["symbol"] == kline["symbol"])
            & (trades["time"] >= kline["open_time"])
            & (trades["time"] < kline["close_time"])
        ]
        prices = within["price"]
        assert (kline["open"], kline["close"]) == (prices[0], prices[-1])
        assert (kline["high"], kline["low"]) == (prices.max(), prices.min())
        assert float(kline["volume"]) == pytest.approx(within["quantity"].sum())
        assert kline["time"] == kline["close_time"] == kline["open_time"] + 250_000


def test_a_quiet_interval_repeats_the_last_price():
    klines = records(40, depths={"kline": 0}, rate=0.2).rows["kline"]
    quiet = klines[klines["volume"] == 0]
    assert len(quiet) > 20
    assert (quiet["open"] == quiet["close"]).all()
    assert (quiet["high"] == quiet["low"]).all()


def test_ticker_tells_the_last_trade_and_the_volume_so_far():
    batch = records(5_000)
    last: dict[int, float] = {}
    volume: dict[int, Decimal] = {}
    for event, i in in_order(batch):
        row = batch.rows[event][i]
        symbol = int(row["symbol"])
        if event == "trade":
            last[symbol] = row["price"]
            volume[symbol] = volume.get(symbol, Decimal(0)) + exact_decimal(row["quantity"])
        elif event == "ticker" and symbol in last:
            assert row["last"] == last[symbol]
            assert exact_decimal(row["volume"]) == volume[symbol]


def test_volume_forgets_what_is_older_than_a_day():
    tickers = records(60_000, depths={"ticker": 0}, rate=0.5, codes=MarketCodes(0, {"A-B": 0})).rows["ticker"]
    days = tickers["time"] / 86_400e6
    assert days[-1] > 2
    second_day = tickers["volume"][(days > 1.5)]
    assert second_day.max() < 1.5 * second_day.min()


def test_records_carry_the_codes_of_the_graph():
    trades = records(1_000, depths={"trade": 0}).rows["trade"]
    assert set(trades["symbol"].tolist()) == {4, 1, 0}
    assert (trades["provider"] == 2).all()


@pytest.mark.parametrize("start", ["0.05", "3", "0.011"])
def test_a_price_of_few_ticks_still_makes_whole_books(start):
    books = records(3_000, depths={"book": 10}, start_price=Decimal(start), volatility=5.0).rows["book"]
    assert (books["bid"] >= 0.01).all()
    assert (books["bid"] < books["ask"]).all()
    beyond = np.arange(10) >= books["bid_levels"][:, None]
    assert (books["bids"][beyond] == 0).all()
    assert (books["bids"][~beyond][:, 0] > 0).all()


@pytest.mark.parametrize(("name", "value"), [("rate", 0.0), ("start_price", Decimal(0)), ("kline_us", -1.0)])
def test_impossible_settings_are_refused_by_name(name, value):
    with pytest.raises(ValueError, match=name):
        FakeMarketSettings(**{name: value})


KINDS = st.sets(st.sampled_from(["trade", "ticker", "book", "kline"]), min_size=1)
DEPTHS = st.tuples(KINDS, st.integers(1, 20)).map(
    lambda asked: {event: asked[1] if event == "book" else 0 for event in sorted(asked[0])}
)


@given(
    asked=st.lists(DEPTHS, min_size=2, max_size=5),
    cuts=st.lists(st.tuples(st.integers(0, 4_000), st.floats(0, 3e5)), min_size=5, max_size=5),
)
@settings(max_examples=30, deadline=None)
def test_what_is_asked_for_later_leaves_no_gap_in_what_was_asked_for_before(asked, cuts):
    source = market(asked[0], kline_us=10_000.0)
    batches, until = [], 0.0
    for depths, (limit, span) in zip(asked, cuts, strict=False):
        source.subscribe(depths)
        until += span
        before_us = batches[-1].end_us if batches else -math.inf
        batches.append(source.next_batch(limit, until))
        assert set(batches[-1].rows) <= set(depths)
        assert all((rows["time"] >= before_us).all() for rows in batches[-1].rows.values())
    whole = market({**ALL, "book": 20}, kline_us=10_000.0).next_batch(200_000, until)
    for event in ("trade", "ticker", "book"):
        rows = [row for batch in batches for row in batch.rows.get(event, ())]
        numbers = [row["venue_seq"] for row in rows]
        assert numbers == sorted(set(numbers)), "all in order, and nothing twice"
        expected = {row["venue_seq"]: row for row in whole.rows.get(event, ())}
        for row in rows:
            assert shown(row) == shown(expected[row["venue_seq"]], len(row["bids"]) if event == "book" else 0)
        if all(event in depths for depths in asked):
            due = [row["venue_seq"] for row in whole.rows.get(event, ()) if row["time"] < batches[-1].end_us]
            assert numbers[: len(due)] == due


def shown(row, levels: int | None = None) -> list[object]:
    """What a record says, but for what counts from when it was first asked for."""
    names = set(row.dtype.names) - {"trade_id", "last", "volume", "bid_levels", "ask_levels"}
    return [row[n][:levels].tolist() if n in ("bids", "asks") else row[n] for n in sorted(names)]
