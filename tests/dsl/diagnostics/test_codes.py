from __future__ import annotations

import re
from pathlib import Path

import meltica_dsl
from meltica_dsl.diagnostics.codes.table import CODES

SOURCES = Path(meltica_dsl.__file__).parent


def test_every_code_has_a_title_and_an_explanation():
    for code in CODES.values():
        assert re.fullmatch(r"E\d{4}", code.code)
        assert code.title
        assert code.title[0] != code.title[0].upper() or not code.title[0].isalpha()
        assert len(code.explanation) > len(code.title)
        assert all(len(line) <= 100 for line in code.explanation.split("\n"))


def test_every_code_that_the_language_reports_is_explained():
    used = {
        code
        for path in SOURCES.rglob("*.py")
        if "codes" not in path.parts
        for code in re.findall(r'"(E\d{4})"', path.read_text("utf-8"))
    }
    assert used <= set(CODES)
