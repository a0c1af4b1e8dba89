"""Every code has its page, and the page tells the truth."""

from __future__ import annotations

import pytest

from meltica_dsl.diagnostics.codes.table import CODES
from meltica_dsl.diagnostics.diagnostic import Severity

SHOWN = [code for code in CODES.values() if code.example is not None]
MENDED = [code for code in SHOWN if code.example.is_mended]


@pytest.mark.parametrize("code", CODES.values(), ids=lambda code: code.code)
def test_the_wrong_example_gives_its_error_and_no_other(error_pages, code):
    diagnostics, _ = error_pages.of_wrong(code)
    assert {diagnostic.code for diagnostic in diagnostics} == {code.code}


@pytest.mark.parametrize("code", MENDED, ids=lambda code: code.code)
def test_the_right_example_gives_no_error(error_pages, code):
    diagnostics, _ = error_pages.of_right(code)
    assert [d.message for d in diagnostics if d.severity is Severity.ERROR or d.code == code.code] == []


def test_the_pages_are_what_would_be_written_now(error_pages):
    there = {path: path.read_text("utf-8") for path in error_pages.ERRORS.iterdir()}
    assert there == error_pages.error_pages(), "`make docs` writes them anew"


def test_the_index_leads_to_every_code(error_pages):
    index = (error_pages.ERRORS / error_pages.INDEX).read_text("utf-8")
    assert all(f"[{code}]({code}.md)" in index for code in CODES)


def test_only_what_no_file_can_show_lacks_an_example(error_pages):
    assert set(CODES) - {code.code for code in SHOWN} == set(error_pages.SCENES)
