"""A file that an adapter is to read has to be there before anything starts, if the pipeline is to run."""

from __future__ import annotations

from pathlib import Path

import pytest

from meltica_compiler.compile import Compiled, CompileOptions, compile_text

TEXT = """
pipeline day
provider tape { adapter = replay, symbols = [BTC-USDT], path = "%s", format = tardis_trades }
pool ram { events = 8, on_full = block }
route trades via ram = tape.trade -> log
sink log = log {}
"""


def compiled(folder: Path, path: str, *, runs: bool = True) -> Compiled:
    options = CompileOptions(folder, require_registry=False, environ={}, data_dir=folder if runs else None)
    return compile_text("day.mel", TEXT % path, options)


def test_a_file_that_is_there_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "trades.csv").write_text("")
    for path in ("trades.csv", str(tmp_path / "trades.csv")):
        assert compiled(tmp_path, path).diagnostics == ()


def test_a_misspelt_file_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "trades.csv").write_text("")
    (fault,) = compiled(tmp_path, "trade.csv").diagnostics
    assert fault.code == "E0405"
    assert TEXT.find('"') == fault.span.start
    assert fault.help == (f"did you mean `trades.csv`? it lies in {tmp_path}",)
    assert fault.notes == (f"looked for {tmp_path / 'trade.csv'}",)


@pytest.mark.parametrize(("path", "message"), [(".", "`.` is a folder"), ("no/x.csv", "there is no file")])
def test_neither_a_folder_nor_nothing_can_be_read(tmp_path: Path, path: str, message: str) -> None:
    (fault,) = compiled(tmp_path, path).diagnostics
    assert fault.message.startswith(message)


def test_a_pipeline_that_is_only_looked_at_needs_no_file(tmp_path: Path) -> None:
    assert compiled(tmp_path, "nowhere.csv", runs=False).graph is not None
