from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meltica_compiler.records.layout import record_layout
from meltica_runtime.sinks.parquet_files import ParquetFiles
from meltica_runtime.sinks.sink_input import EdgeBatch

DAY_US = 86_400e6


@pytest.fixture
def taken(shop, make_events):
    """Records of an event, `days` after noon of 2023-11-15."""

    def take(seqs, streams=0, event="trade", days=0, depth=0):
        layout = record_layout(event, depth)
        rows = make_events(layout, list(seqs), streams)
        rows["time"] = shop.noon_us + np.asarray(days) * DAY_US
        return (EdgeBatch(layout, rows),)

    return take


def found(folder):
    """Sequence numbers in each finished file."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): pq.read_table(path)["seq"].to_pylist() for path in files}


def test_a_path_says_what_is_in_the_file(shop, taken, tmp_path):
    files = ParquetFiles("{provider}/{symbol}/{date}-{event}.parquet", 100, 1, shop.context(tmp_path))
    files.add(taken(range(6), [0, 1, 2, 0, 5, 1], days=[0, 0, 0, 1, 0, 0]))
    assert files.close().files == 5
    assert found(tmp_path) == {
        "binance/BTC-USDT/2023-11-15-trade.parquet": [0],
        "binance/BTC-USDT/2023-11-16-trade.parquet": [3],
        "binance/ETH-USDT/2023-11-15-trade.parquet": [2],
        "okx/BTC-USDT/2023-11-15-trade.parquet": [1, 5],
        "okx/SOL-EUR/2023-11-15-trade.parquet": [4],
    }


def test_several_events_never_meet_in_one_file(shop, taken, tmp_path):
    files = ParquetFiles("tape.parquet", 100, 2, shop.context(tmp_path))
    files.add(taken([1, 3]) + taken([2], event="ticker"))
    files.close()
    assert found(tmp_path) == {"tape-trade.parquet": [1, 3], "tape-ticker.parquet": [2]}


def test_books_of_several_depths_share_a_file(shop, taken, tmp_path):
    files = ParquetFiles("{event}.parquet", 100, 1, shop.context(tmp_path))
    files.add(taken([1, 2], event="book", depth=3) + taken([3], event="book", depth=1))
    files.close()
    table = pq.read_table(tmp_path / "book.parquet")
    assert [len(levels) for levels in table["bids"].to_pylist()] == [3, 3, 1]


def test_row_groups_are_full_before_they_are_written(shop, taken, tmp_path):
    files = ParquetFiles("t.parquet", 10, 1, shop.context(tmp_path))
    assert files.add(taken(range(7))).written == 0
    assert files.add(taken(range(7, 25))).written == 20
    assert files.flush().written == 25
    totals = files.add(taken(range(25, 30)))
    assert totals.written == 25
    assert totals.bytes > 0
    assert files.close().written == 30
    file = pq.ParquetFile(tmp_path / "t.parquet")
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [10, 10, 5, 5]
    assert totals.files == 0
    assert files.close().bytes == (tmp_path / "t.parquet").stat().st_size


def test_a_day_is_finished_when_the_next_has_begun_and_it_is_quiet(shop, taken, tmp_path):
    files = ParquetFiles("{date}.parquet", 10, 1, shop.context(tmp_path))
    files.add(taken([1]))
    assert files.flush().files == 0
    files.add(taken([2], days=1))
    files.add(taken([3]))
    assert files.flush().files == 0, "the old day was late, and may be again"
    assert files.flush().files == 1
    files.close()
    assert found(tmp_path) == {"2023-11-15.parquet": [1, 3], "2023-11-16.parquet": [2]}


def test_a_late_event_of_a_finished_day_gets_a_file_of_its_own(shop, taken, tmp_path):
    files = ParquetFiles("{date}.parquet", 10, 1, shop.context(tmp_path))
    files.add(taken([1]) + taken([2], days=1))
    files.flush()
    files.flush()
    files.add(taken([3]))
    files.close()
    assert found(tmp_path)["2023-11-15-1.parquet"] == [3]


BATCHES = st.lists(
    st.one_of(
        st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), max_size=20),
        st.just("flush"),
    ),
    max_size=10,
)


@given(
    batches=BATCHES, rows=st.integers(1, 9), template=st.sampled_from(["{date}-{symbol}", "{provider}", "x"])
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_event_is_in_one_file_once_and_in_order(shop, taken, tmp_path_factory, batches, rows, template):
    folder = tmp_path_factory.mktemp("tape")
    files = ParquetFiles(f"{template}.parquet", rows, 1, shop.context(folder))
    seq = 0
    for batch in batches:
        if batch == "flush":
            files.flush()
        elif batch:
            streams, days = zip(*batch, strict=True)
            files.add(taken(range(seq, seq + len(batch)), streams, days=days))
            seq += len(batch)
    totals = files.close()
    kept = found(folder)
    assert sorted(number for seqs in kept.values() for number in seqs) == list(range(seq))
    assert all(seqs == sorted(seqs) for seqs in kept.values())
    assert (totals.written, totals.dropped, totals.files) == (seq, 0, len(kept))
    assert totals.bytes == sum(path.stat().st_size for path in folder.iterdir())


# --- when the disk does not do as it is told -----------------------------------------------------


def test_a_full_disk_costs_what_comes_meanwhile_and_no_more(shop, taken, tmp_path, disk_of):
    files = ParquetFiles("t.parquet", 10, 1, shop.context(tmp_path))
    assert files.add(taken(range(10))).written == 10
    disk_of(0)
    totals = files.add(taken(range(10, 45)))
    assert (totals.written, totals.dropped) == (10, 20), "one row group waits, five records for theirs"
    assert "t.parquet.part: File too large" in totals.fault
    disk_of(None)
    totals = files.flush()
    assert totals.fault is None
    assert (totals.written, totals.dropped) == (25, 20)
    files.close()
    assert found(tmp_path) == {"t.parquet": [*range(20), *range(40, 45)]}


def test_a_disk_that_stays_full_is_reported_and_counted(shop, taken, tmp_path, disk_of):
    files = ParquetFiles("{symbol}.parquet", 10, 1, shop.context(tmp_path))
    files.add(taken(range(10), 0))
    disk_of(0)
    files.add(taken(range(10, 20), 2))
    totals = files.close()
    assert (totals.written, totals.dropped, totals.files) == (0, 20, 0)
    assert totals.fault is not None


def test_a_folder_that_cannot_be_written_is_tried_again_after_a_flush(shop, taken, tmp_path):
    obstacle = tmp_path / "tape"
    obstacle.write_text("not a folder")
    files = ParquetFiles("tape/{event}.parquet", 10, 1, shop.context(tmp_path))
    totals = files.add(taken(range(5)))
    assert (totals.written, totals.dropped) == (0, 5)
    assert totals.fault.startswith(f"cannot make {obstacle}")
    obstacle.unlink()
    assert files.add(taken(range(5, 8))).dropped == 8, "not tried for every batch"
    assert files.flush().fault is None
    totals = files.add(taken(range(8, 10)))
    assert totals.dropped == 8
    assert files.close().written == 2
    assert found(obstacle) == {"trade.parquet": [8, 9]}
