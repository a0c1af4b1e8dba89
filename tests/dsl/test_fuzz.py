"""Whatever the bytes are: diagnostics in order, never a traceback, never more than two seconds."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.dsl.programs import programs

from meltica_dsl.diagnostics.codes.table import CODES
from meltica_dsl.diagnostics.diagnostic import Diagnostic, in_source_order
from meltica_dsl.diagnostics.render_json import render as render_json
from meltica_dsl.diagnostics.render_text import render as render_text
from meltica_dsl.formatting.formatter import format_source
from meltica_dsl.load import load
from meltica_dsl.parse.read import decode

HERE = Path(__file__).parent
MAX_SECONDS = 2
TRACED = 4
"""How many times as long everything may take while coverage traces each line of it."""
bounded = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def survive(content):
    text = decode("p.mel", content)
    if isinstance(text, Diagnostic):
        assert text.code in CODES
        return
    started = time.process_time()
    loaded = load("p.mel", text, {"HOME": "/root"})
    render_text(loaded.diagnostics, loaded.sources, color=True, width=60)
    render_json(loaded.diagnostics, loaded.sources)
    assert time.process_time() - started < MAX_SECONDS * (1 if sys.gettrace() is None else TRACED)
    assert {diagnostic.code for diagnostic in loaded.diagnostics} <= set(CODES)
    assert loaded.diagnostics == in_source_order(loaded.diagnostics)
    assert all(0 <= d.span.start <= d.span.end <= len(text) for d in loaded.diagnostics)
    formatted = format_source("p.mel", text)
    assert (formatted.text is None) == bool(formatted.diagnostics)


@bounded
@given(programs())
def test_programs_that_parse_and_mean_nothing(text):
    survive(text.encode())


@bounded
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "ignore")))
def test_any_bytes(content):
    survive(content)


@pytest.mark.fuzz
@pytest.mark.parametrize(
    "content",
    [
        b"let a = " + b"(" * 100_000,
        b"let a = " + b"[" * 100_000 + b"]" * 100_000,
        b"let a = " + b"not " * 100_000 + b"true",
        b"let a = " + b"- " * 100_000 + b"5",
        b"let a = 1" + b" + 1" * 100_000,
        b"let a = " + b"9" * 1_000_000,
        b"let a = 9" + b"*999999999999999999999" * 90,
        b"let a = " + b"A" * 200_000,
        b"let a = " + b"1a" * 100_000,
        b'let a = "' + b"x" * 1_000_000,
        b'let a = "' + b"\\" * 100_000 + b'"',
        b"#" * 1_000_000,
        b"\n" * 200_000 + b"}",
        b"}" * 50_000,
        b"} \n" * 50_000,
        b"let \n" * 50_000,
        b"let a = [" + b"1, " * 10_000 + b"]",
        b"x { " * 20_000,
        "let a = 日".encode() * 20_000,
        b"".join(b"let a%d = a%d\n" % (n, n + 1) for n in range(5_000)),
        b"".join(b"let a%d = a%d + a%d\n" % (n, n + 1, n + 1) for n in range(200)) + b"let a200 = 1.5\n",
        b"".join(b"let a%d = a%d + a%d\n" % (n, n + 1, n + 1) for n in range(99)) + b'let a99 = "x"\n',
        b'pipeline p\nroute r via m = a.trade | where matches(symbol, "' + b"*a" * 5_000 + b'")',
    ],
    ids=range(23),
)
def test_absurd_files(content):
    survive(content)


def test_a_thousand_declarations_take_linear_time():
    one = (HERE / "good" / "spot_maker.mel").read_text("utf-8").replace("pipeline spot_maker", "")
    small, large = "pipeline p\n" + one * 10, "pipeline p\n" + one * 80
    started = time.process_time()
    load("p.mel", small, {})
    middle = time.process_time()
    load("p.mel", large, {})
    # Eight times the text; the rest is room for a machine that does other things besides.
    assert time.process_time() - middle < 3 * 8 * max(middle - started, 0.01)
