"""Events and payloads as a strategy reads them."""

from __future__ import annotations

import json
from decimal import Decimal

import anyio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meltica_compiler.records.layout import record_layout
from meltica_dsl.model.fields import HOT_EVENTS

HANDLERS = {event.name: event.handler for event in HOT_EVENTS}


def told(lab, event, rows, depth=0):
    """What `JSON.stringify(evt)` says of each row."""

    async def main():
        source = lab.module(f"{HANDLERS[event]}(ctx, evt, payload) {{ log(JSON.stringify(evt)); }}")
        edge = lab.edge(event=event, depth=depth, capacity=max(1, len(rows)))
        async with lab.opened(source, edge) as bench:
            bench.offer(rows)
            await bench.drain_all(limit=200)
            return bench.documents

    return anyio.run(main)


def row(event, depth=0, **values):
    rows = np.zeros(1, record_layout(event, depth).dtype)
    header = {"seq": 9, "time": 1_700_000_000_123_456, "ingest": 1_700_000_000_200_500, "venue_seq": 77}
    for name, value in {**header, "symbol": 1, "provider": 1, **values}.items():
        rows[name] = value
    return rows


def test_an_event_says_where_and_when_it_is_from(lab):
    [event] = told(lab, "trade", row("trade", price=60_000.5, quantity=0.25, trade_id=4_294_967_297, side=2))
    assert event == {
        "eventId": "Trade:okx:9",
        "routingVersion": 1,
        "provider": "okx",
        "symbol": "ETH-USDT",
        "type": "Trade",
        "seqProvider": 77,
        "ingestTs": 1_700_000_000_200.5,
        "emitTs": 1_700_000_000_200.5,
        "payload": {
            "timestamp": 1_700_000_000_123.456,
            "price": "60000.5",
            "quantity": "0.25",
            "tradeId": "4294967297",
            "side": "sell",
        },
    }


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_events_of_one_number_have_ids_of_their_own_whatever_the_batches(lab, limit):
    source = lab.module(
        "onTrade(ctx, evt) { kept.push(evt); }, onTicker(ctx, evt) { kept.push(evt); },\n"
        "onRiskControl(ctx, evt) { for (const one of kept.splice(0)) log(one.eventId); log(evt.eventId); },",
        "const kept = [];",
    )

    async def main():
        async with lab.opened(source, lab.edge("e0"), lab.edge("e1", event="ticker")) as bench:
            for ring, (event, seqs) in enumerate((("trade", [5, 5, 6, 8, 8, 8]), ("ticker", [5, 7, 8]))):
                rows = np.repeat(row(event), len(seqs))
                rows["seq"] = seqs
                bench.offer(rows, ring)
            cold = [lab.cold(9.5, number=number) for number in range(2)]
            for event in cold:
                event.event["eventId"] = f"RiskControl::{event.seq}"
            bench.cut(9.5)
            await bench.drain_all(*cold, limit=limit)
            return bench.logs

    trades = ["Trade:okx:5", "Trade:okx:5:1", "Trade:okx:6", "Trade:okx:8", "Trade:okx:8:1", "Trade:okx:8:2"]
    tickers = ["Ticker:okx:5:2", "Ticker:okx:7", "Ticker:okx:8:3"]
    cold = ["RiskControl::9.5", "RiskControl::9.5:1"]
    assert anyio.run(main) == [*trades[:2], tickers[0], trades[2], tickers[1], *trades[3:], tickers[2], *cold]


def test_a_book_has_as_many_levels_as_the_record_says(lab):
    levels = np.arange(1, 13).reshape(1, 6, 2) / 8
    rows = row("book", 6, bid=1.0, ask=2.0, bids=levels, asks=levels, bid_levels=2, ask_levels=0)
    [event] = told(lab, "book", rows, depth=6)
    assert event["type"] == "BookSnapshot"
    assert event["payload"]["bids"] == [
        {"price": "0.125", "quantity": "0.25"},
        {"price": "0.375", "quantity": "0.5"},
    ]
    assert event["payload"]["asks"] == []
    assert (event["payload"]["bidPrice"], event["payload"]["askPrice"]) == ("1", "2")


@pytest.mark.parametrize("event", [event for event in HOT_EVENTS if event.name != "book"])
def test_every_field_of_the_table_has_its_name_in_the_contract(lab, event):
    [told_event] = told(lab, event.name, row(event.name))
    on_event = {"seq", "ingest", "venue_seq", "symbol", "provider"}
    assert list(told_event["payload"]) == [f.api_name for f in event.fields if f.name not in on_event]
    assert told_event["type"] == event.metadata_name


def test_a_price_that_is_not_there_is_null(lab):
    [event] = told(lab, "ticker", row("ticker", bid=np.nan, ask=3.5))
    assert event["payload"]["bidPrice"] is None
    assert event["payload"]["askPrice"] == "3.5"


PLAIN = [
    (0.1, "0.1"),
    (1e-7, "0.0000001"),
    (1.25e-7, "0.000000125"),
    (1e21, "1000000000000000000000"),
    (1.5e22, "15000000000000000000000"),
    (123_456_789.123_456, "123456789.123456"),
    (5e-324, "0." + "0" * 323 + "5"),
    (0.0, "0"),
    (-2e-9, "-0.000000002"),
]


def test_decimals_have_no_exponent(lab):
    rows = np.repeat(row("trade"), len(PLAIN))
    rows["seq"] = np.arange(1, len(rows) + 1)
    rows["price"] = [number for number, _ in PLAIN]
    assert [e["payload"]["price"] for e in told(lab, "trade", rows)] == [text for _, text in PLAIN]


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(numbers=st.lists(NUMBERS, min_size=1, max_size=60))
@settings(max_examples=15, deadline=None)
def test_a_decimal_string_is_exactly_the_number_that_was_stored(lab, numbers):
    rows = np.repeat(row("trade"), len(numbers))
    rows["seq"] = np.arange(1, len(rows) + 1)
    rows["price"] = rows["quantity"] = numbers
    for event, number in zip(told(lab, "trade", rows), numbers, strict=True):
        for text in (event["payload"]["price"], event["payload"]["quantity"]):
            assert float(text) == number
            assert "e" not in text.lower()
            assert Decimal(text) == Decimal(repr(number))


@given(st.decimals(min_value="0.000000001", max_value="999999999999999", allow_nan=False))
@settings(max_examples=15, deadline=None)
def test_fifteen_digits_survive_the_way(lab, decimal):
    decimal = Decimal(f"{decimal:.14e}")
    [event] = told(lab, "trade", row("trade", price=float(decimal)))
    assert Decimal(event["payload"]["price"]) == decimal


def test_what_a_strategy_keeps_stays_what_it_was(lab, make_trades, make_events):
    """The ring goes round several times over both a small record and one that is copied as a whole."""

    async def main():
        handlers = """
          onTrade(ctx, evt, payload) { kept.push(evt); },
          onBookSnapshot(ctx, evt, payload) { kept.push(evt); },
          onRiskControl() { for (const evt of kept) log(JSON.stringify(evt)); },
        """
        edges = [lab.edge("e0", capacity=3), lab.edge("e1", "book", depth=4, capacity=3)]
        async with lab.opened(lab.module(handlers, "const kept = [];"), *edges) as bench:
            for first in range(1, 25, 6):
                bench.offer(make_trades(range(first, first + 3)), 0)
                bench.offer(make_events(bench.rings[1].layout, range(first + 3, first + 6)), 1)
                await bench.drain_all()
            await bench.drain_all(lab.cold(24))
            kept = bench.documents
            assert [event["seqProvider"] for event in kept] == list(range(1, 25))
            for event in kept:
                number = str(event["seqProvider"])
                payload = event["payload"]
                prices = [payload["price"]] if event["type"] == "Trade" else [payload["bidPrice"]]
                prices += [level["price"] for level in payload.get("asks", [])]
                assert set(prices) == {number}

    anyio.run(main)


def test_a_trade_hands_its_price_over_as_a_number(lab, make_trades):
    async def main():
        source = lab.module(
            "onTrade(ctx, evt, payload, price) { log(JSON.stringify([ctx, typeof price, price])); }"
        )
        async with lab.opened(source) as bench:
            bench.offer(make_trades([5]))
            await bench.drain_all()
            assert bench.logs == [json.dumps([{"strategy": "probe"}, "number", 5], separators=(",", ":"))]

    anyio.run(main)


def test_a_cold_event_comes_as_it_was_sent_with_its_reason(lab):
    async def main():
        source = lab.module(
            "onOrderRejected(ctx, evt, payload, reason) { log(evt.type, payload.price, reason, Date.now()); }"
        )
        async with lab.opened(source) as bench:
            bench.cut(9.0)
            await bench.drain_all(lab.cold(3, "onOrderRejected", "too small", price="0.000000000000000001"))
            assert bench.logs == ["RiskControl 0.000000000000000001 too small 1700000000000"]

    anyio.run(main)
