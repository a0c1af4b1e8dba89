from __future__ import annotations

import logging
import threading

import anyio
import numpy as np
import pyarrow.parquet as pq

from meltica_compiler.records.layout import record_layout
from meltica_dsl.model.pipeline import FullPolicy


def at_noon(shop, rows):
    rows["time"] = shop.noon_us
    return rows


def test_everything_offered_before_a_stop_is_in_the_files(shop, make_trades, make_events, tmp_path):
    trade, book = shop.edge(capacity=50), shop.edge("book", capacity=50, depth=3)
    sink = shop.opened("parquet", [trade, book], tmp_path)
    offers = []
    for first in range(0, 400, 40):
        offers.append((trade, at_noon(shop, make_trades(range(first, first + 40)))))
        offers.append((book, at_noon(shop, make_events(record_layout("book", 3), range(first, first + 10)))))
    statistics = shop.written(sink, offers)
    day = tmp_path / "tape" / "2023-11-15"
    assert pq.read_table(day / "trade.parquet")["seq"].to_pylist() == list(range(400))
    assert pq.read_table(day / "book.parquet").num_rows == 100
    assert (statistics.events, statistics.written, statistics.dropped) == (500, 500, 0)
    assert (statistics.files, statistics.fault) == (2, None)
    assert statistics.bytes == sum(path.stat().st_size for path in day.iterdir())
    assert trade.is_empty
    assert book.is_empty
    assert not trade.is_attached


def test_a_sink_that_never_wrote_does_not_say_that_it_can_again(shop, make_trades, tmp_path, caplog):
    (tmp_path / "tape").write_text("not a folder")
    edge, clock = shop.edge(), shop.clock()
    sink = shop.opened("parquet", [edge], tmp_path, clock, flush=1.0)
    edge.offer(at_noon(shop, make_trades([1, 2])), None)
    clock.now += 1_000
    statistics = shop.written(sink, [])
    assert (statistics.written, statistics.dropped) == (0, 2)
    assert statistics.fault.startswith("cannot make ")
    assert [record.getMessage().split(";")[1] for record in caplog.records] == [
        " events are dropped and counted until it can"
    ]


def test_the_loop_goes_on_while_a_file_is_written(shop, make_trades, tmp_path, monkeypatch):
    """The thread is held in the middle of its work; meanwhile the edge fills up under its policy."""
    entered, go_on = threading.Event(), threading.Event()
    edge = shop.edge(capacity=8, policy=FullPolicy.DROP_NEWEST)
    sink = shop.opened("parquet", [edge], tmp_path)
    add = sink._files.add

    def held(taken):
        entered.set()
        assert go_on.wait(20)
        return add(taken)

    monkeypatch.setattr(sink._files, "add", held)

    async def main():
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(sink.run)
                edge.offer(at_noon(shop, make_trades([1, 2])), None)
                sink.wake(2.0)
                while not entered.is_set():
                    await anyio.lowlevel.checkpoint()
                edge.offer(at_noon(shop, make_trades(range(3, 21))), None)
                assert edge.statistics().dropped == 10
                sink.stop()
                go_on.set()

    anyio.run(main)
    assert pq.read_table(tmp_path / "tape/2023-11-15/trade.parquet")["seq"].to_pylist() == list(range(1, 11))


def test_a_row_group_does_not_wait_longer_than_flush(shop, make_trades, tmp_path):
    edge, clock = shop.edge(), shop.clock()
    sink = shop.opened("parquet", [edge], tmp_path, clock, flush=0.01)

    async def main():
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(sink.run)
                edge.offer(at_noon(shop, make_trades([1, 2])), None)
                while sink.statistics().events < 2:
                    await anyio.sleep(0.001)
                assert sink.statistics().written == 0
                clock.now += 0.02
                while sink.statistics().written < 2:
                    await anyio.sleep(0.001)
                sink.stop()

    anyio.run(main)


def test_a_cancelled_sink_leaves_whole_files(shop, make_trades, tmp_path):
    edge = shop.edge()
    sink = shop.opened("parquet", [edge], tmp_path, flush=0.01)

    async def main():
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(sink.run)
                edge.offer(at_noon(shop, make_trades([1, 2])), None)
                while sink.statistics().events < 2:
                    await anyio.sleep(0.001)
                tasks.cancel_scope.cancel()

    anyio.run(main)
    assert pq.read_table(tmp_path / "tape/2023-11-15/trade.parquet").num_rows == 2
    assert sink.statistics().files == 1


def test_what_cannot_be_written_is_said_once_and_the_gateway_goes_on(shop, make_trades, caplog, tmp_path):
    (tmp_path / "tape").write_text("not a folder")
    edge = shop.edge(capacity=8)
    sink = shop.opened("parquet", [edge], tmp_path)
    caplog.set_level(logging.WARNING, "meltica.sink.tape")
    offers = [(edge, at_noon(shop, make_trades(range(first, first + 4)))) for first in range(0, 40, 4)]
    statistics = shop.written(sink, offers)
    assert (statistics.events, statistics.written, statistics.dropped) == (40, 0, 40)
    messages = [record.getMessage() for record in caplog.records]
    assert messages[0].startswith("cannot make")
    assert len(messages) <= 2


def test_a_path_may_be_absolute(shop, make_trades, tmp_path):
    edge = shop.edge()
    sink = shop.opened("parquet", [edge], tmp_path / "project", path=f"{tmp_path}/else/{{event}}.parquet")
    shop.written(sink, [(edge, make_trades([1]))])
    assert np.all(pq.read_table(tmp_path / "else" / "trade.parquet")["price"].to_numpy() == 1.0)
