"""Who uses a folder's server is known whatever becomes of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from meltica_runtime.store.embedded.locks import UserLock, start_stop_lock
from meltica_runtime.store.embedded.processes import Postmaster, find_postmaster, works_in
from meltica_runtime.store.faults import EmbeddedServerFault


def test_the_first_user_is_alone_and_the_second_is_not(tmp_path: Path) -> None:
    first, second = UserLock(tmp_path), UserLock(tmp_path)
    assert first.try_exclusive()
    first.share()
    assert not second.try_exclusive()
    first.close()
    assert second.try_exclusive()
    second.close()


def test_two_share_and_the_last_is_alone(tmp_path: Path) -> None:
    first, second = UserLock(tmp_path), UserLock(tmp_path)
    first.share()
    second.share()
    assert not second.try_exclusive()
    first.close()
    assert second.try_exclusive()
    second.close()


def test_the_gate_lets_one_in_and_says_what_it_waits_for(tmp_path: Path) -> None:
    with (
        start_stop_lock(tmp_path, 1.0),
        pytest.raises(EmbeddedServerFault, match="starting or stopping"),
        start_stop_lock(tmp_path, 0.01),
    ):
        pass
    with start_stop_lock(tmp_path, 0.01):
        pass


@pytest.mark.parametrize("text", ["", "\n", "not a number\n", "999999999\n/data\n"])
def test_a_pid_file_of_no_living_server_names_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "postmaster.pid").write_text(text)
    assert find_postmaster(tmp_path) is None


def test_a_server_that_has_not_written_its_status_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path}\n")
    assert works_in(os.getpid(), tmp_path)
    assert find_postmaster(tmp_path) == Postmaster(os.getpid(), "")
