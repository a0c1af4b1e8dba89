"""Frames of Binance's spot streams: every field in its place, and whatever is wrong is counted."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meltica_compiler.records.layout import record_layout
from meltica_runtime.clock import no_clock
from meltica_runtime.dataplane.ingest import Ingest
from meltica_runtime.dataplane.ingress_ring import IngressRing
from meltica_runtime.dataplane.market_batch import MarketCodes
from meltica_runtime.venues.binance.frame_result import FrameResult
from meltica_runtime.venues.binance.frames import FrameDecoder
from meltica_runtime.venues.binance.packing import record_struct

CODES = MarketCodes(provider=3, symbols={"BTC-USDT": 7, "ETH-BTC": 2})
TRADE = {
    "e": "trade", "E": 1633998512068, "s": "BTCUSDT", "t": 12345, "p": "39432.48000000", "q": "0.00026300",
    "T": 1633998512067, "m": True, "M": True,
}  # fmt: skip
AGGREGATE = {
    "e": "aggTrade", "E": 1633998512068, "s": "ETHBTC", "a": 26129, "p": "0.01633102", "q": "4.70443515",
    "f": 27781, "l": 27781, "T": 1498793709153, "m": False, "M": True,
}  # fmt: skip
TICKER = {
    "u": 400900217, "s": "ETHBTC", "b": "25.35190000", "B": "31.21000000", "a": "25.36520000",
    "A": "40.66000000",
}  # fmt: skip
KLINE = {
    "e": "kline", "E": 1638747660000, "s": "BTCUSDT",
    "k": {
        "t": 1638747600000, "T": 1638747659999, "s": "BTCUSDT", "i": "1m", "f": 100, "L": 200,
        "o": "0.00100000", "c": "0.00200000", "h": "0.00250000", "l": "0.00015000",
        "v": "1000.00000000", "n": 100, "x": True,
        "q": "1.0000", "V": "500", "Q": "0.500", "B": "123456",
    },
}  # fmt: skip
DEPTH = {
    "e": "depthUpdate", "E": 1633998512068, "s": "BTCUSDT", "U": 157, "u": 160,
    "b": [["0.00240000", "10.00000000"]], "a": [["0.00260000", "100.00000000"]],
}  # fmt: skip
STREAMS = {
    "trade": TRADE,
    "aggTrade": AGGREGATE,
    "bookTicker": TICKER,
    "kline_1m": KLINE,
    "depth@100ms": DEPTH,
}
SNAPSHOT = {"lastUpdateId": 150, "bids": [["0.0024", "1"], ["0.0023", "5"]], "asks": [["0.0025", "2"]]}


class Desk:
    def __init__(self, *, capacity: int = 8, depth: int = 3, events=("trade", "ticker", "book", "kline")):
        self.rings = {
            event: IngressRing(record_layout(event, depth if event == "book" else 0), capacity)
            for event in events
        }
        self.ingest = Ingest(no_clock)
        self.decoder = FrameDecoder(CODES, self.rings, self.ingest)

    def last(self, event: str):
        ring = self.rings[event]
        return ring.records[(ring.written - 1) % ring.capacity]

    def written(self) -> int:
        return sum(ring.written for ring in self.rings.values())


def combined(stream: str, message: dict) -> bytes:
    name = f"{message['s'].lower()}@{stream}"
    return json.dumps({"stream": name, "data": message}, separators=(",", ":")).encode()


def raw(message: dict) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


@pytest.fixture(params=["combined", "raw"])
def framed(request):
    return combined if request.param == "combined" else (lambda _stream, message: raw(message))


def test_a_trade_becomes_a_record(framed):
    desk = Desk()
    assert desk.decoder.take(framed("trade", TRADE), 5.0) is FrameResult.WRITTEN
    record = desk.last("trade")
    assert record.tolist() == (1, 1633998512067000, 5, 12345, 7, 3, 2, 39432.48, 0.000263, 12345)


def test_an_aggregate_trade_becomes_a_trade(framed):
    desk = Desk()
    assert desk.decoder.take(framed("aggTrade", AGGREGATE), 5.0) is FrameResult.WRITTEN
    record = desk.last("trade")
    assert record.tolist() == (1, 1498793709153000, 5, 26129, 2, 3, 1, 0.01633102, 4.70443515, 26129)


def test_a_book_ticker_becomes_a_ticker_with_the_last_trade(framed):
    desk = Desk()
    assert desk.decoder.take(framed("bookTicker", TICKER), 5.0) is FrameResult.WRITTEN
    assert desk.last("ticker").tolist() == (1, 5, 5, 400900217, 2, 3, 0, 25.3519, 25.3652, 31.21, 40.66, 0)
    desk.decoder.take(framed("aggTrade", AGGREGATE), 6.0)
    desk.decoder.take(framed("bookTicker", TICKER), 7.0)
    assert desk.last("ticker")["last"] == 0.01633102


def test_a_closed_candle_becomes_a_kline_and_an_open_one_waits(framed):
    desk = Desk()
    assert desk.decoder.take(framed("kline_1m", KLINE), 5.0) is FrameResult.WRITTEN
    record = desk.last("kline")
    assert record["open_time"] == 1638747600000_000
    assert record["close_time"] == record["time"] == 1638747660000_000
    assert [record[name] for name in ("open", "high", "low", "close", "volume")] == [
        0.001, 0.0025, 0.00015, 0.002, 1000,
    ]  # fmt: skip
    still_open = {**KLINE, "k": {**KLINE["k"], "x": False}}
    assert desk.decoder.take(framed("kline_1m", still_open), 5.0) is FrameResult.HELD


def test_a_depth_diff_waits_for_the_snapshot_and_becomes_a_book(framed):
    desk = Desk()
    assert desk.decoder.take(framed("depth@100ms", DEPTH), 5.0) is FrameResult.HELD
    assert (
        desk.decoder.take_snapshot("BTC-USDT", raw({**SNAPSHOT, "lastUpdateId": 100}), 5.5)
        is FrameResult.HELD
    )
    assert (
        desk.decoder.take_snapshot("BTC-USDT", raw({**SNAPSHOT, "lastUpdateId": 158}), 6.0)
        is FrameResult.WRITTEN
    )
    record = desk.last("book")
    assert record["bids"].tolist() == [[0.0024, 10], [0.0023, 5], [0, 0]]
    assert record["asks"].tolist() == [[0.0025, 2], [0.0026, 100], [0, 0]]
    assert (record["bid"], record["ask"], record["bid_levels"], record["ask_levels"]) == (
        0.0024,
        0.0025,
        2,
        2,
    )
    assert (record["venue_seq"], record["symbol"], record["provider"]) == (160, 7, 3)
    following = {**DEPTH, "U": 161, "u": 165, "b": [["0.0024", "0"]], "a": []}
    assert desk.decoder.take(framed("depth@100ms", following), 7.0) is FrameResult.WRITTEN
    assert desk.last("book")["bid"] == 0.0023
    assert desk.last("book")["time"] == 1633998512068_000


def test_sequence_numbers_run_over_all_events():
    desk = Desk()
    for stream, message in STREAMS.items():
        desk.decoder.take(combined(stream, message), 1.0)
    assert [int(desk.last(event)["seq"]) for event in ("trade", "ticker", "kline")] == [2, 3, 4]
    assert desk.ingest.last_seq == 4


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("123456789012.345", FrameResult.WRITTEN),
        ("1234567890123.45", FrameResult.WRITTEN),
        ("39432.480000000000000000", FrameResult.WRITTEN),
        ("0.000000000000123456", FrameResult.WRITTEN),
        ("1234567.890123456", FrameResult.TOO_LONG),
        ("39432.4800000000000001", FrameResult.TOO_LONG),
        ("0.12345678901234567", FrameResult.TOO_LONG),
        ("9999999999999999", FrameResult.GARBLED),
        ("1234567890123456789", FrameResult.GARBLED),
        ("0.00000000", FrameResult.GARBLED),
        ("-1.5", FrameResult.GARBLED),
        ("nan", FrameResult.GARBLED),
        ("inf", FrameResult.GARBLED),
        ("1_000", FrameResult.GARBLED),
        (" 1", FrameResult.GARBLED),
        ("", FrameResult.GARBLED),
        ("abc", FrameResult.GARBLED),
    ],
)
def test_a_price_is_taken_exactly_or_not_at_all(framed, text, result):
    desk = Desk()
    assert desk.decoder.take(framed("trade", {**TRADE, "p": text}), 1.0) is result
    assert desk.decoder.statistics().frames[result] == 1
    if result is FrameResult.WRITTEN:
        assert desk.last("trade")["price"] == float(text)
    else:
        assert desk.written() == 0


@given(
    price=st.decimals("0.00000001", "9999999", places=8), quantity=st.decimals("0.00000001", 9_999, places=8)
)
@settings(max_examples=200)
def test_every_decimal_of_fifteen_digits_survives(price, quantity):
    desk = Desk()
    frame = combined("trade", {**TRADE, "p": f"{price:.8f}", "q": f"{quantity:.8f}"})
    assert desk.decoder.take(frame, 1.0) is FrameResult.WRITTEN
    assert f"{desk.last('trade')['price']:.8f}" == f"{price:.8f}"
    assert f"{desk.last('trade')['quantity']:.8f}" == f"{quantity:.8f}"


def test_a_diff_with_a_number_too_long_makes_its_book_stale():
    desk = Desk()
    desk.decoder.take_snapshot("BTC-USDT", raw({**SNAPSHOT, "lastUpdateId": 156}), 1.0)
    assert desk.decoder.symbols_without_book() == ("ETHBTC",)
    broken = {**DEPTH, "b": [["0.0012345678901234567", "1"]]}
    assert desk.decoder.take(combined("depth", broken), 1.0) is FrameResult.TOO_LONG
    assert desk.decoder.symbols_without_book() == ("BTCUSDT", "ETHBTC")


@pytest.mark.parametrize(
    ("frame", "result"),
    [
        (combined("trade", {**TRADE, "s": "DOGEUSDT"}), FrameResult.UNKNOWN_SYMBOL),
        (combined("depth", {**DEPTH, "s": "DOGEUSDT"}), FrameResult.UNKNOWN_SYMBOL),
        (raw({**TICKER, "s": "DOGEUSDT"}), FrameResult.UNKNOWN_SYMBOL),
        (combined("ticker", {"e": "24hrTicker", "s": "BTCUSDT"}), FrameResult.UNKNOWN_KIND),
        (raw({"e": "24hrTicker", "s": "BTCUSDT"}), FrameResult.UNKNOWN_KIND),
        (raw({"result": None, "id": 1}), FrameResult.GARBLED),
        (b"", FrameResult.GARBLED),
        (b"@", FrameResult.GARBLED),
        (b"[]", FrameResult.GARBLED),
        (b'{"e":"', FrameResult.GARBLED),
        (b"\xff\xfe{", FrameResult.GARBLED),
    ],
)
def test_what_is_not_understood_is_counted_by_reason(frame, result):
    desk = Desk()
    assert desk.decoder.take(frame, 1.0) is result
    assert desk.decoder.statistics().frames[result] == 1
    assert desk.written() == desk.ingest.last_seq == 0


def test_a_frame_without_room_changes_nothing_and_can_be_offered_again():
    desk = Desk(capacity=1)
    desk.decoder.take_snapshot("BTC-USDT", raw({**SNAPSHOT, "lastUpdateId": 156}), 1.0)
    diff = combined("depth", DEPTH)
    assert desk.decoder.take(diff, 1.0) is FrameResult.FULL
    desk.rings["book"].released = 1
    assert desk.decoder.take(diff, 1.0) is FrameResult.WRITTEN
    for stream in ("trade", "bookTicker", "kline_1m"):
        frame = combined(stream, STREAMS[stream])
        assert desk.decoder.take(frame, 1.0) is FrameResult.WRITTEN
        assert desk.decoder.take(frame, 1.0) is FrameResult.FULL


def test_events_that_no_route_reads_are_left_alone():
    desk = Desk(events=("trade",))
    for stream in ("bookTicker", "kline_1m", "depth@100ms"):
        assert desk.decoder.take(combined(stream, STREAMS[stream]), 1.0) is FrameResult.NOT_ROUTED


_frames = st.sampled_from([combined(s, m) for s, m in STREAMS.items()] + [raw(m) for m in STREAMS.values()])


@given(
    frame=_frames,
    cut=st.integers(0, 400),
    edits=st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=3)), max_size=4),
)
@settings(max_examples=600)
def test_a_garbled_frame_never_raises_and_writes_at_most_one_record(frame, cut, edits):
    desk = Desk()
    desk.decoder.take_snapshot("BTC-USDT", raw(SNAPSHOT), 1.0)
    before = desk.written()
    for place, piece in edits:
        frame = frame[:place] + piece + frame[place + len(piece) :]
    result = desk.decoder.take(frame[:cut] if cut < 300 else frame, 1.0)
    assert desk.written() - before == (result is FrameResult.WRITTEN)
    assert desk.ingest.last_seq == desk.written()


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_noise_is_refused(noise):
    desk = Desk()
    assert desk.decoder.take(noise, 1.0) in (FrameResult.GARBLED, FrameResult.UNKNOWN_KIND)
    assert desk.decoder.take_snapshot("BTC-USDT", noise, 1.0) is FrameResult.GARBLED


@pytest.mark.parametrize("event", ["trade", "ticker", "kline"])
def test_packed_records_have_the_layout_that_numpy_reads(event):
    layout = record_layout(event)
    values = tuple(range(1, len(layout.slots) + 1))
    packed = record_struct(layout).pack(*values)
    assert np.frombuffer(packed, layout.dtype)[0].tolist() == values


@given(frames=st.lists(st.one_of(_frames, st.binary(max_size=30)), max_size=40), share=st.integers(1, 40))
@settings(max_examples=150)
def test_frames_read_together_are_taken_as_they_are_one_by_one(frames, share):
    _taken_alike(frames, share, capacity=16)


def varied(stream: str, **changes: object) -> bytes:
    return combined(stream, {**STREAMS[stream], **changes})


_digits = st.integers(10**8, 10**9 - 1)
_decimals = st.builds("{}.{:08d}".format, st.integers(10, 99), st.integers(0, 10**8 - 1))
_usual = varied("trade", t=123456789, T=987654321, p="12.34567890", q="12.34567890")
ODD = [
    varied("trade", p="0.00000000"),
    _usual.replace(b'"p":"12.34567890"', b'"p":"00.00000000"'),
    varied("trade", p="1e5"),
    varied("trade", p="123456789.123456789"),
    varied("trade", s="DOGEUSDT"),
    _usual.replace(b"BTCUSDT", b"BTCUSDU"),
    _usual.replace(b'"t":1', b'"t":0'),
    _usual.replace(b'"p":"1', b'"p":" '),
    _usual.replace(b'"p":"12.', b'"p":"1_.'),
    _usual.replace(b'"t":1', b'"t":\n'),
    _usual.replace(b"trade", b"trode"),
    _usual[:-1],
    _usual[:-1] + b"]",
    _usual.replace(b'"p":', b'"p":"1.5","p":'),
    _usual.replace(b'"p":"12.', b'"p":"02.'),
    _usual.replace(b"@trade", b"@bookTicker"),
    _usual.replace(b"@trade", b"@nothing"),
    _usual.replace(b'"m":true', b'"m":1'),
    _usual.replace(b'"m":true', b'"m":0'),
    _usual.replace(b'"M":true', b'"\\u0070":"5.5"'),
    _usual.replace(b'"M":true', b'"p" :"5.5"'),
    varied("aggTrade"),
    varied("bookTicker"),
    varied("kline_1m"),
]  # fmt: skip
_oddities = st.sampled_from(ODD)
_runs = st.one_of(
    st.lists(
        st.builds(
            lambda s, t, p, q, time, m: varied("trade", s=s, t=t, p=p, q=q, T=time, m=m),
            st.sampled_from(["BTCUSDT", "BTCUSDT", "BTCUSDT", "ETHBTC"]),
            _digits, _decimals, _decimals, _digits, st.booleans(),
        ),
        min_size=60, max_size=120,
    ),
    st.lists(
        st.builds(
            lambda u, b, a, B, A: varied("bookTicker", u=u, b=b, a=a, B=B, A=A),
            _digits, _decimals, _decimals, _decimals, _decimals,
        ),
        min_size=60, max_size=120,
    ),
    st.lists(
        st.builds(lambda a, p, m: varied("aggTrade", a=a, p=p, m=m), _digits, _decimals, st.booleans()),
        min_size=60, max_size=120,
    ),
)  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_frame_among_many_alike_is_judged_as_it_is_alone(odd):
    frames = [_usual.replace(b"12.34", b"1%d.34" % (i % 10)) for i in range(100)]
    frames[70:70] = [odd]
    _taken_alike(frames, 200)


@pytest.mark.parametrize("odd", ODD)
def test_a_run_of_odd_frames_is_judged_as_they_are_alone(odd):
    frames = [odd.replace(b"345", b"34%d" % (i % 10)) for i in range(100)]
    _taken_alike(frames, 60)


@given(
    runs=st.lists(_runs, min_size=1, max_size=3),
    odd=st.lists(st.tuples(_oddities, st.integers(0, 300)), max_size=2),
)
@settings(max_examples=60, deadline=None)
def test_whole_runs_are_taken_as_their_frames_are_one_by_one(runs, odd):
    frames = [frame for run in runs for frame in run]
    for frame, place in odd:
        frames.insert(place % (len(frames) + 1), frame)
    _taken_alike(frames, 150)


def _taken_alike(frames, share, *, capacity=512):
    """Asserts that frames leave the same behind whether they are taken together or one by one."""
    single, together = Desk(capacity=capacity), Desk(capacity=capacity)
    for desk in (single, together):
        desk.decoder.take_snapshot("BTC-USDT", raw(SNAPSHOT), 1.0)
    for frame in frames:
        single.decoder.take(frame, 2.0)
    for start in range(0, len(frames), share):
        together.decoder.take_all(frames[start : start + share], 2.0)
    assert together.decoder.statistics() == single.decoder.statistics()
    assert together.ingest.last_seq == single.ingest.last_seq
    for event, ring in single.rings.items():
        assert together.rings[event].memory.tobytes() == ring.memory.tobytes()
