"""Every file in `bad/` says beside each offending token which error (`#!`) or warning (`#?`) it gets.

What follows the code is the text that the diagnostic's place covers. There are no others, and every one
has its explanation.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from meltica_compiler.compile import CompileOptions, compile_file
from meltica_dsl.diagnostics.codes.table import CODES
from meltica_dsl.diagnostics.diagnostic import Severity

HERE = Path(__file__).parent
STRATEGIES = HERE.parents[1] / "strategies"
FILES = sorted((HERE / "bad").glob("*.mel"))
MARK = re.compile(r"#(?P<kind>[!?]) (?P<code>E\d{4}) (?P<text>.*\S)")
KINDS = {"!": Severity.ERROR, "?": Severity.WARNING}


def expected(path):
    return [
        (number, KINDS[mark["kind"]], mark["code"], mark["text"])
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if (mark := MARK.search(line))
    ]


def found(path):
    compiled = compile_file(path, CompileOptions(STRATEGIES, require_registry=False, environ={}))
    source = compiled.sources[0]
    assert (compiled.graph is None) == any(d.severity is Severity.ERROR for d in compiled.diagnostics)
    return [
        (
            source.location(diagnostic.span.start).line,
            diagnostic.severity,
            diagnostic.code,
            source.text[diagnostic.span.start : diagnostic.span.end],
        )
        for diagnostic in compiled.diagnostics
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_bad_file_gets_the_errors_that_it_names(path):
    assert found(path) == expected(path)
    assert expected(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_code_is_explained(path):
    assert {code for _, _, code, _ in expected(path)} <= set(CODES)
