from __future__ import annotations

import errno
import os

import pytest

from meltica_runtime.sinks.part_file import PartFile


def test_a_file_has_its_name_only_when_it_is_whole(tmp_path):
    file = PartFile(tmp_path / "deep" / "tape.parquet")
    file.write(b"abc")
    assert os.listdir(tmp_path / "deep") == ["tape.parquet.part"]
    assert file.finish()
    assert os.listdir(tmp_path / "deep") == ["tape.parquet"]
    assert (tmp_path / "deep" / "tape.parquet").read_bytes() == b"abc"


def test_no_file_is_ever_overwritten(tmp_path):
    path = tmp_path / "tape.parquet"
    path.write_bytes(b"of yesterday")
    (tmp_path / "tape-1.parquet.part").write_bytes(b"of a crash")
    first, second = PartFile(path), PartFile(path)
    for number, file in enumerate((first, second)):
        file.write(bytes([number]))
        assert file.finish()
    assert (first.path.name, second.path.name) == ("tape-2.parquet", "tape-3.parquet")
    assert path.read_bytes() == b"of yesterday"
    assert not (tmp_path / "tape.parquet.part").exists()


def test_bytes_wait_for_the_disk_and_lose_nothing(tmp_path, disk_of):
    file = PartFile(tmp_path / "tape.parquet")
    disk_of(10)
    file.write(b"0123456")
    assert file.fault is None
    file.write(b"789abc")
    file.write(b"def")
    assert file.fault.errno == errno.EFBIG
    assert (file.tell(), file.pending_bytes) == (16, 6)
    file.retry()
    assert file.pending_bytes == 6
    disk_of(100)
    file.retry()
    assert file.fault is None
    assert file.finish()
    assert file.path.read_bytes() == b"0123456789abcdef"


def test_a_file_that_cannot_be_whole_keeps_its_temporary_name(tmp_path, disk_of):
    file = PartFile(tmp_path / "tape.parquet")
    disk_of(2)
    file.write(b"abc")
    assert not file.finish()
    assert file.fault.errno == errno.EFBIG
    assert os.listdir(tmp_path) == ["tape.parquet.part"]


def test_a_name_that_was_taken_meanwhile_is_a_fault(tmp_path):
    file = PartFile(tmp_path / "tape.parquet")
    file.write(b"abc")
    (tmp_path / "tape.parquet").mkdir()
    assert not file.finish()
    assert file.fault.errno in (errno.EISDIR, errno.ENOTEMPTY, errno.EEXIST)


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        PartFile(tmp_path / "file" / "tape.parquet")
