from pathlib import Path

import pytest

from meltica_compiler.modules.cache import ModuleCache, default_cache_directory

SHA = "ab" * 32


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"XDG_CACHE_HOME": "/x", "HOME": "/h"}, Path("/x/meltica/modules")),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, Path("/h/.cache/meltica/modules")),
        ({"HOME": "/h"}, Path("/h/.cache/meltica/modules")),
        ({}, None),
    ],
)
def test_the_directory_is_where_xdg_puts_it(environ, expected):
    assert default_cache_directory(environ) == expected


def test_what_is_written_reads_back_and_leaves_nothing_else(tmp_path):
    cache = ModuleCache(tmp_path / "new", 1)
    cache.write(SHA, "ünï")
    assert cache.read(SHA) == "ünï"
    assert len(list((tmp_path / "new").iterdir())) == 1


def test_another_version_or_module_finds_nothing(tmp_path):
    ModuleCache(tmp_path, 1).write(SHA, "x")
    assert ModuleCache(tmp_path, 2).read(SHA) is None
    assert ModuleCache(tmp_path, 1).read("cd" * 32) is None


def test_an_entry_that_belongs_to_another_module_is_not_believed(tmp_path):
    cache = ModuleCache(tmp_path, 1)
    cache.write(SHA, "x")
    [entry] = tmp_path.iterdir()
    entry.rename(tmp_path / entry.name.replace(SHA, "cd" * 32))
    assert cache.read("cd" * 32) is None


@pytest.mark.parametrize(
    "rubble", [b"", b"{", b"\xff", b"3", b'{"version": 1}', b"[" * 100_000, b"x" * (2 << 20)]
)
def test_rubble_is_nothing(tmp_path, rubble):
    cache = ModuleCache(tmp_path, 1)
    cache.write(SHA, "x")
    [entry] = tmp_path.iterdir()
    entry.write_bytes(rubble)
    assert cache.read(SHA) is None


def test_a_place_that_cannot_be_written_is_no_cache(tmp_path):
    (tmp_path / "file").write_text("")
    cache = ModuleCache(tmp_path / "file" / "modules", 1)
    cache.write(SHA, "x")
    assert cache.read(SHA) is None


def test_without_a_directory_nothing_is_kept():
    cache = ModuleCache(None, 1)
    cache.write(SHA, "x")
    assert cache.read(SHA) is None
