from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from meltica_dsl.parse import tables

GRAMMAR = tables.GRAMMAR_PATH.read_text("utf-8")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    tables.grammar_tables.cache_clear()
    yield tables.cache_file(GRAMMAR)
    tables.grammar_tables.cache_clear()


def test_tables_come_from_the_cache_the_second_time(cache):
    made = tables.grammar_tables()
    assert cache.exists()
    code = "import sys, meltica_dsl.parse.tables as t; t.grammar_tables(); sys.exit('lark' in sys.modules)"
    environ = {**os.environ, "XDG_CACHE_HOME": str(cache.parent.parent)}
    assert subprocess.run([sys.executable, "-c", code], env=environ, check=False).returncode == 0
    tables.grammar_tables.cache_clear()
    assert tables.grammar_tables() == made


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"0" * 64 + b"{}", None])
def test_a_damaged_cache_is_made_anew(cache, damage):
    tables.grammar_tables()
    whole = cache.read_bytes()
    cache.write_bytes(whole[:-1] if damage is None else damage)
    tables.grammar_tables.cache_clear()
    made = tables.grammar_tables()
    # Lark numbers the states anew each time, so the bytes are others and the file is as good.
    assert tables.decode(tables._read_cache(cache)) == made


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    tables.grammar_tables.cache_clear()
    assert tables.grammar_tables().states
    tables.grammar_tables.cache_clear()


def test_concurrent_writers_leave_a_whole_file_and_nothing_else(cache):
    raw = tables.analyse(GRAMMAR)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: tables._write_cache(cache, raw), range(32)))
    assert tables._read_cache(cache) == raw
    assert list(cache.parent.iterdir()) == [cache]


def test_another_grammar_has_another_cache():
    assert tables.cache_file(GRAMMAR) != tables.cache_file(GRAMMAR + " ")
