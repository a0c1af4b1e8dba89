from __future__ import annotations

import json
import logging

import numpy as np
import pytest

from meltica_compiler.records.layout import record_layout
from meltica_dsl.model.pipeline import FullPolicy


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.DEBUG, "meltica.sink.tape")
    return lambda: [record.getMessage() for record in caplog.records if record.name == "meltica.sink.tape"]


def test_each_event_is_a_line_of_its_fields(shop, make_trades, make_events, lines, tmp_path):
    trade, book = shop.edge(), shop.edge("book", depth=2)
    rows = make_trades([1], 5)
    rows["time"] = shop.noon_us + 250
    rows["side"] = 2
    snapshot = make_events(record_layout("book", 2), [2])
    snapshot["bid_levels"], snapshot["bid"] = 1, np.nan
    sink = shop.opened("log", [trade, book], tmp_path)
    statistics = shop.written(sink, [(trade, rows), (book, snapshot)])
    assert json.loads(lines()[0]) == {
        "event": "trade",
        "seq": 1,
        "time": "2023-11-15T12:00:00.000250+00:00",
        "symbol": "SOL-EUR",
        "provider": "okx",
        "price": 1.0,
        "quantity": 1.0,
        "trade_id": 1,
        "side": "sell",
    }
    told = json.loads(lines()[1])
    assert (told["event"], told["bid"], told["bids"]) == ("book", None, [[2.0, 2.0]])
    assert told["asks"] == [[2.0, 2.0], [2.0, 2.0]]
    assert (statistics.events, statistics.written, statistics.dropped) == (2, 2, 0)
    assert statistics.bytes == sum(len(line) for line in lines())


def test_lines_of_several_edges_come_in_the_one_order(shop, make_trades, make_events, lines, tmp_path):
    trade, ticker = shop.edge(), shop.edge("ticker")
    sink = shop.opened("log", [trade, ticker], tmp_path)
    trade.offer(make_trades([1, 4, 5]), None)
    ticker.offer(make_events(record_layout("ticker"), [2, 3, 6]), None)
    shop.written(sink, [])
    assert [json.loads(line)["seq"] for line in lines()] == [1, 2, 3, 4, 5, 6]


def test_what_is_beyond_the_limit_is_counted_in_one_line(shop, make_trades, lines, tmp_path):
    edge = shop.edge(capacity=5_000)
    sink = shop.opened("log", [edge], tmp_path, limit=3.0)
    statistics = shop.written(sink, [(edge, make_trades(range(1, 2_001)))])
    assert [json.loads(line)["seq"] for line in lines()[:3]] == [1, 2, 3]
    assert lines()[3:] == ["1,997 more events, beyond the limit of 3/s"]
    assert (statistics.events, statistics.written, statistics.dropped) == (2_000, 3, 1_997)


def test_the_limit_comes_back_with_time(shop, make_trades, lines, tmp_path):
    edge, clock = shop.edge(capacity=100), shop.clock()
    sink = shop.opened("log", [edge], tmp_path, clock, limit=0.5)
    edge.offer(make_trades([1, 2]), None)
    clock.now += 1_000
    statistics = shop.written(sink, [])
    assert (statistics.written, statistics.dropped) == (1, 1), "never more than one second's at once"


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_lines_have_the_level_that_was_asked_for(shop, make_trades, caplog, lines, tmp_path, level):
    edge = shop.edge()
    shop.written(shop.opened("log", [edge], tmp_path, level=level), [(edge, make_trades([1]))])
    assert {record.levelname for record in caplog.records if record.name == "meltica.sink.tape"} == {
        level.upper()
    }


def test_lines_name_the_sink_and_its_place(shop, make_trades, caplog, lines, tmp_path):
    edge = shop.edge()
    shop.written(shop.opened("log", [edge], tmp_path), [(edge, make_trades([1]))])
    assert len(lines()) == 1
    said = vars(next(record for record in caplog.records if record.name == "meltica.sink.tape"))
    assert said["node"] == "sink:tape"
    assert said["place"].startswith("test.mel:")


def test_edges_are_let_go_of(shop, tmp_path):
    edge = shop.edge(policy=FullPolicy.CONFLATE)
    shop.written(shop.opened("log", [edge], tmp_path), [])
    assert not edge.is_attached
