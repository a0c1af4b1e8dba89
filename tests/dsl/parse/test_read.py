from __future__ import annotations

import pytest

from meltica_dsl.diagnostics.diagnostic import Diagnostic
from meltica_dsl.load import load
from meltica_dsl.parse.parser import MAX_CHARACTERS
from meltica_dsl.parse.read import decode, read_source


def test_a_file_is_read_as_utf8(tmp_path):
    path = tmp_path / "p.mel"
    path.write_bytes("pipeline p # 日本\r\n".encode())
    assert read_source(path) == "pipeline p # 日本\r\n"


def test_a_byte_order_mark_is_left_out():
    assert decode("p.mel", b"\xef\xbb\xbfpipeline p") == "pipeline p"


def test_a_missing_file_and_a_folder_are_diagnostics(tmp_path):
    for path, why in ((tmp_path / "none.mel", "no such file"), (tmp_path, "a folder")):
        found = read_source(path)
        assert isinstance(found, Diagnostic)
        assert found.code == "E0901"
        assert why in found.message


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\x7fELF\0\0", "binary"),
        (b"let a = 1\nlet b = \xff", "line 2"),
        ("let a = 1".encode("utf-16"), "UTF-16"),
    ],
)
def test_what_is_no_text_says_where(content, why):
    found = decode("p.mel", content)
    assert isinstance(found, Diagnostic)
    assert found.code == "E0902"
    assert why in found.message


def test_a_file_beyond_the_limit_is_refused():
    text = "#" * (MAX_CHARACTERS + 1)
    found = decode("p.mel", text.encode())
    assert isinstance(found, Diagnostic)
    assert found.code == "E0905"
    assert [d.code for d in load("p.mel", text, {}).diagnostics] == ["E0905"]
